// TBSCertList: version 2 CRLs in our own DER (RFC 5280 5.1). Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/x509/tbs_certificate.h"

namespace fleetmint {

// CRL reason codes, RFC 5280 5.3.1.
enum class CrlReason : std::uint8_t {
  kUnspecified = 0,  // encoded by leaving the extension out
  kKeyCompromise = 1,
  kCaCompromise = 2,
  kAffiliationChanged = 3,
  kSuperseded = 4,
  kCessationOfOperation = 5,
  kPrivilegeWithdrawn = 9,
  kAaCompromise = 10,
};

struct RevokedCertificate {
  Serial serial{};
  Time revoked_at;
  CrlReason reason = CrlReason::kUnspecified;
};

struct CertListInput {
  SignatureAlgorithm signature_algorithm = SignatureAlgorithm::kRsaSha256;
  ByteView issuer_name;            // DER of the issuer's subject
  ByteView issuer_key_identifier;  // authority key identifier
  std::uint64_t crl_number = 0;
  Time this_update;
  Time next_update;
  std::span<const RevokedCertificate> revoked;
};

// EncodeTbsCertList gives the DER that is signed; wrap it with AssembleSigned.
Bytes EncodeTbsCertList(const CertListInput& input);

}  // namespace fleetmint
