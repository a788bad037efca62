// What the lint reads of a TBSCertificate (RFC 5280 4.1), with our BER reader alone: a parser of a
// library refuses more with each of its versions, and then the lint could not say which rule was
// broken.
//
// Stricter than Certificate: DER alone (X.690 10, 11.1), nothing behind the last field of anything,
// no unique identifiers, and of names and extensions the forms that fleetmint writes. Pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/x509/san.h"

namespace fleetmint {

// lint_oid are the extensions that the lint knows (RFC 5280 4.2, KB5014754). Written anew: the
// encoder has those of oids.h, and a wrong digit there is for the lint to find.
namespace lint_oid {
inline constexpr const char* kSubjectKeyIdentifier = "2.5.29.14";
inline constexpr const char* kKeyUsage = "2.5.29.15";
inline constexpr const char* kSubjectAltName = "2.5.29.17";
inline constexpr const char* kBasicConstraints = "2.5.29.19";
inline constexpr const char* kNameConstraints = "2.5.29.30";
inline constexpr const char* kCrlDistributionPoints = "2.5.29.31";
inline constexpr const char* kAuthorityKeyIdentifier = "2.5.29.35";
inline constexpr const char* kExtendedKeyUsage = "2.5.29.37";
inline constexpr const char* kAuthorityInformation = "1.3.6.1.5.5.7.1.1";
inline constexpr const char* kSecurityIdentifier = "1.3.6.1.4.1.311.25.2";
}  // namespace lint_oid

// TbsFields holds what the fields say, unjudged; views into the TBSCertificate that was read.
struct TbsFields {
  struct Extension {
    std::string oid;
    bool critical = false;
    ByteView value;
  };

  const Extension* Find(const std::string& oid) const;  // the first one; null where there is none
  bool IsCritical(const std::string& oid) const;        // false where there is none

  std::uint64_t version = 1;
  ByteView serial;               // content of the INTEGER
  ByteView signature_algorithm;  // this and the next three: DER
  ByteView issuer;
  ByteView subject;
  ByteView spki;
  Time not_before;
  Time not_after;

  std::vector<Extension> extensions;  // in their order
  // What the extensions hold; empty where they are absent. Of one that stands twice: the last.
  bool is_ca = false;
  std::optional<std::uint64_t> path_length;
  std::uint16_t key_usage = 0;  // bits of key_usage::
  std::vector<std::string> extended_key_usage;
  SubjectAltNames san;
  ByteView subject_key_identifier;
  ByteView authority_key_identifier;
  std::vector<std::string> permitted_dns;
  std::vector<std::string> crl_urls;
  std::vector<std::string> ca_issuers_urls;
  std::vector<std::string> ocsp_urls;
  std::string sid;
};

// ReadTbs throws Error(kInput) on what is not one whole TBSCertificate of these forms. `encoded`
// must outlive the fields.
TbsFields ReadTbs(ByteView encoded);

}  // namespace fleetmint
