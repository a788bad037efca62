// CertificateSpec: what a certificate shall say, before anybody knows its key, serial and dates.
//
// Endpoint and CA certificates are described by the same value. `ValidateSpec` is the gate: a spec
// that passed it can be encoded, and what is encoded passes the lint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/x509/name.h"
#include "engine/x509/san.h"

namespace fleetmint {

// KeyUsage bits, RFC 5280 4.2.1.3; bit i of the ASN.1 BIT STRING is 1 << i here.
namespace key_usage {
inline constexpr std::uint16_t kDigitalSignature = 1U << 0U;
inline constexpr std::uint16_t kNonRepudiation = 1U << 1U;
inline constexpr std::uint16_t kKeyEncipherment = 1U << 2U;
inline constexpr std::uint16_t kDataEncipherment = 1U << 3U;
inline constexpr std::uint16_t kKeyAgreement = 1U << 4U;
inline constexpr std::uint16_t kKeyCertSign = 1U << 5U;
inline constexpr std::uint16_t kCrlSign = 1U << 6U;
}  // namespace key_usage

// Validity: notBefore = now - backdate; notAfter = now + duration - jitter * f, with an f in [0, 1)
// that the issuer takes from the order of reservation (authority/issuer.cc). Of the jitter no more
// counts than a tenth of the duration. Where there is an `end`, notAfter is that, and duration and
// jitter do not count.
struct Validity {
  Seconds duration{0};
  Seconds backdate{0};
  Seconds jitter{0};
  std::optional<Time> end = {};
};

// ValidityAt gives what `validity` is at `now`: an end becomes the duration that is left (nothing
// where it is past), without jitter.
Validity ValidityAt(const Validity& validity, Time now);

struct CertificateSpec {
  Name subject;
  SubjectAltNames san;
  std::uint16_t key_usage = 0;
  std::vector<std::string> extended_key_usage;  // dotted OIDs
  bool is_ca = false;
  std::optional<std::uint32_t> path_length;  // CA only
  std::vector<std::string> permitted_dns;    // CA only: critical name constraints
  Validity validity;
  std::vector<std::string> crl_urls;  // one CRL distribution point with these places of one CRL
  std::string ca_issuers_url;         // authority information access, or empty
  std::string ocsp_url;               // the same
  std::string sid;                    // AD security identifier "S-1-5-..." (KB5014754), or empty
};

// ExtendedKeyUsageOid gives the dotted OID of "client_auth", "server_auth", ... or of a dotted OID
// itself; nothing if the name is unknown. `ExtendedKeyUsageName` is its inverse (the OID itself
// where there is no name).
std::optional<std::string> ExtendedKeyUsageOid(const std::string& name);
std::string ExtendedKeyUsageName(const std::string& oid);
std::vector<std::string> ExtendedKeyUsageNames();  // all that have a name

// KeyUsageBit gives the bit of "digital_signature", ...; nothing if the name is unknown.
std::optional<std::uint16_t> KeyUsageBit(const std::string& name);
std::vector<std::string> KeyUsageNames(std::uint16_t bits);

// ValidateSpec gives every rule that the spec breaks (RFC 5280, and what Windows asks beyond it),
// as text with a hint (no position: the caller knows it). Empty means valid: that it can be
// encoded, not that an issuer may sign it (name constraints, path lengths, dates).
std::vector<Fault> ValidateSpec(const CertificateSpec& spec);

// ValidateTexts gives those about names, URLs and the SID alone: what differs between endpoints
// that share all else, which ValidateSpec has found valid for one of them.
std::vector<Fault> ValidateTexts(const CertificateSpec& spec);

}  // namespace fleetmint
