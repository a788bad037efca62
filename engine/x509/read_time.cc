#include "engine/x509/read_time.h"

#include "engine/base/error.h"

namespace fleetmint {
namespace {

[[noreturn]] void ThrowBadDate() {
  throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged, "a bad date");
}

}  // namespace

Time ReadTime(BerReader& reader) {
  const BerElement element = reader.Next();
  std::string digits(AsText(element.content));
  if (element.tag == ber::kUtcTime) digits.insert(0, digits < "50" ? "20" : "19");
  const bool known = element.tag == ber::kUtcTime || element.tag == ber::kGeneralizedTime;
  if (!known || digits.size() != 15) ThrowBadDate();
  const auto part = [&](std::size_t at) { return digits.substr(at, 2); };
  try {
    return ParseRfc3339(part(0) + part(2) + "-" + part(4) + "-" + part(6) + "T" + part(8) + ":" +
                        part(10) + ":" + part(12) + digits.back());
  } catch (const Error&) {
    ThrowBadDate();
  }
}

}  // namespace fleetmint
