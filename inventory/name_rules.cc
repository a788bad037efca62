#include "inventory/name_rules.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/x509/san.h"

namespace fleetmint {
namespace {

bool IsIpv6(const std::string& name) {
  const auto address = ParseIp(name);
  return address && address->size() == 16;
}

}  // namespace

bool IsFleetName(const std::string& name) {
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::optional<Fault> FileNameFault(const std::string& kind, const std::string& name) {
  const auto reason = UnsafeFileNameReason(name);
  if (!reason) return std::nullopt;
  const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return (c & 0x80) == 0; });
  Fault fault;
  fault.message = kind + " name '" + name + "' cannot be a file name everywhere: " + *reason;
  if (IsIpv6(name)) {
    fault.hint = "give it a name, and the address under ip: {name: NAME, ip: ['" + name + "']}";
  } else {
    fault.hint = ascii ? "letters, digits, '-', '_' and '.' are safe"
                       : "write an international name as DNS does (xn--..., e.g. by idn2)";
  }
  return fault;
}

}  // namespace fleetmint
