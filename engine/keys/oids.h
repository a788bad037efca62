// Object identifiers of keys and of their encryption. Those of certificates: engine/x509/oids.h; of
// PKCS#12 files: output/pfx_oids.h.
#pragma once

namespace fleetmint::oid {

// Keys: RFC 8017 appendix A.1, RFC 5480 2.1.1.
inline constexpr const char* kRsaEncryption = "1.2.840.113549.1.1.1";
inline constexpr const char* kEcPublicKey = "1.2.840.10045.2.1";
inline constexpr const char* kP256 = "1.2.840.10045.3.1.7";
inline constexpr const char* kP384 = "1.3.132.0.34";

// Password-based encryption: RFC 8018 appendix A and B, RFC 8018 B.2.2 and NIST's arc for AES.
inline constexpr const char* kPbes2 = "1.2.840.113549.1.5.13";
inline constexpr const char* kPbkdf2 = "1.2.840.113549.1.5.12";
inline constexpr const char* kHmacSha1 = "1.2.840.113549.2.7";
inline constexpr const char* kHmacSha224 = "1.2.840.113549.2.8";
inline constexpr const char* kHmacSha256 = "1.2.840.113549.2.9";
inline constexpr const char* kHmacSha384 = "1.2.840.113549.2.10";
inline constexpr const char* kHmacSha512 = "1.2.840.113549.2.11";
inline constexpr const char* kAes128Cbc = "2.16.840.1.101.3.4.1.2";
inline constexpr const char* kAes192Cbc = "2.16.840.1.101.3.4.1.22";
inline constexpr const char* kAes256Cbc = "2.16.840.1.101.3.4.1.42";
inline constexpr const char* k3DesCbc = "1.2.840.113549.3.7";

}  // namespace fleetmint::oid
