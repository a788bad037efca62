// TBSCertificate: our own DER, so that every byte of a certificate is intended (RFC 5280 4.1).
//
// The encoder sets what the spec says and decides nothing itself: extension order, criticality and
// string types are fixed here and documented at the line that writes them. Pure functions; any
// thread.
#pragma once

#include <array>
#include <cstdint>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/base/serial.h"
#include "engine/x509/certificate_spec.h"

namespace fleetmint {

// SignatureAlgorithm names the algorithms fleetmint signs with.
enum class SignatureAlgorithm : std::uint8_t { kRsaSha256, kEcdsaSha256, kEcdsaSha384 };

// EncodeAlgorithmIdentifier gives its DER: NULL parameters for RSA (RFC 4055 5), none for ECDSA
// (RFC 5758 3.2).
Bytes EncodeAlgorithmIdentifier(SignatureAlgorithm algorithm);

// SubjectKeyIdentifier is RFC 5280 4.2.1.2 method 1: SHA-1 of the BIT STRING content of an SPKI.
// Throws Error(kInput) if `spki` is not a SubjectPublicKeyInfo.
Sha1Digest SubjectKeyIdentifier(ByteView spki);

// EncodeSubjectAltNames gives the DER of a SAN extension's value (4.2.1.6): GeneralNames.
Bytes EncodeSubjectAltNames(const SubjectAltNames& san);

// TbsInput is everything a certificate needs beside its spec. Views must outlive the call.
struct TbsInput {
  Serial serial{};
  SignatureAlgorithm signature_algorithm = SignatureAlgorithm::kRsaSha256;
  ByteView issuer_name;            // DER of the issuer's subject, copied byte for byte
  ByteView issuer_key_identifier;  // the issuer certificate's SKI; empty: no AKI (self-signed root)
  Time not_before;
  Time not_after;
  ByteView spki;  // DER SubjectPublicKeyInfo
};

// EncodeTbsCertificate gives the DER that is signed. Precondition: ValidateSpec(spec) is empty.
Bytes EncodeTbsCertificate(const CertificateSpec& spec, const TbsInput& input);

// AssembleSigned wraps a TBS structure and its signature: SEQUENCE { tbs, algorithm, BIT STRING }.
Bytes AssembleSigned(ByteView tbs, SignatureAlgorithm algorithm, ByteView signature);

}  // namespace fleetmint
