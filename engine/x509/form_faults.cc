#include "engine/x509/form_faults.h"

#include <algorithm>
#include <array>

#include "engine/base/ber.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/x509/oids.h"

namespace fleetmint {
namespace {

constexpr unsigned kDeepest = 32;
constexpr std::uint8_t kFirstString = 0x12, kUniversalString = 0x1C;

// Those that OpenSSL reads when it loads a certificate: what is not of their form spoils it.
constexpr std::array<const char*, 8> kRead{
    oid::kBasicConstraints,      oid::kKeyUsage,
    oid::kExtendedKeyUsage,      oid::kSubjectKeyIdentifier,
    oid::kSubjectAltName,        oid::kNameConstraints,
    oid::kCrlDistributionPoints, oid::kAuthorityKeyIdentifier};

// X.690 8.3.2: the first nine bits of an integer are not all alike.
bool IsMinimal(ByteView integer) {
  if (integer.empty()) return false;
  if (integer.size() == 1) return true;
  const bool negative = (integer[1] & 0x80U) != 0;
  return integer[0] != (negative ? 0xFF : 0x00);
}

bool IsWhole(ByteView encoded, unsigned depth = 0) {
  if (depth > kDeepest) return false;
  try {
    BerReader reader(encoded);
    while (!reader.AtEnd()) {
      const BerElement element = reader.Next();
      const bool inner = (element.tag & ber::kConstructed) != 0;
      if (inner && !IsWhole(element.content, depth + 1)) return false;
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

// UTF-16 without pairs: BMPString has none (X.680 41.15).
bool IsBmp(ByteView content) {
  for (std::size_t i = 0; i + 1 < content.size(); i += 2) {
    if ((content[i] & 0xF8U) == 0xD8U) return false;
  }
  return content.size() % 2 == 0;
}

bool IsString(const BerElement& value) {
  if (value.tag == ber::kUtf8String) return IsValidUtf8(AsText(value.content));
  if (value.tag == ber::kBmpString) return IsBmp(value.content);
  if (value.tag == kUniversalString) return value.content.size() % 4 == 0;
  return value.tag >= kFirstString && value.tag < ber::kBmpString;
}

bool HasStringsAlone(ByteView name) {
  BerReader relative_names = BerReader(name).Enter(ber::kSequence, "a name");
  while (!relative_names.AtEnd()) {
    BerReader set = relative_names.Enter(ber::kSet, "a relative name");
    while (!set.AtEnd()) {
      BerReader attribute = set.Enter(ber::kSequence, "an attribute");
      attribute.Oid();
      if (!IsString(attribute.Next())) return false;
    }
  }
  return true;
}

}  // namespace

std::vector<std::string> FormFaults(const Certificate& certificate) {
  std::vector<std::string> faults;
  if (!IsMinimal(certificate.View().raw_serial())) {
    faults.emplace_back("has a serial number that is not in DER");
  }
  if (!HasStringsAlone(certificate.subject()) || !HasStringsAlone(certificate.issuer())) {
    faults.emplace_back("has a name with a string that is damaged, or is none");
  }
  for (const char* const oid : kRead) {
    const Bytes* const value = certificate.Extension(oid);
    if (value == nullptr) continue;
    if (value->empty() || !IsWhole(*value)) {
      faults.push_back("has a damaged extension " + std::string(oid));
    }
  }
  const bool names_key = certificate.Extension(oid::kSubjectKeyIdentifier) != nullptr;
  if (names_key && certificate.subject_key_identifier().empty()) {
    faults.emplace_back("has an empty subject key identifier");
  }
  return faults;
}

}  // namespace fleetmint
