// Object identifiers of PKCS#12 files (RFC 7292, PKCS#9, Microsoft). Internal to output/.
#pragma once

namespace fleetmint::pfx_oid {

inline constexpr const char* kData = "1.2.840.113549.1.7.1";
inline constexpr const char* kEncryptedData = "1.2.840.113549.1.7.6";
inline constexpr const char* kKeyBag = "1.2.840.113549.1.12.10.1.1";
inline constexpr const char* kShroudedKeyBag = "1.2.840.113549.1.12.10.1.2";
inline constexpr const char* kCertBag = "1.2.840.113549.1.12.10.1.3";
inline constexpr const char* kX509Certificate = "1.2.840.113549.1.9.22.1";
inline constexpr const char* kPbe3Des =
    "1.2.840.113549.1.12.1.3";  // pbeWithSHAAnd3-KeyTripleDES-CBC
inline constexpr const char* kFriendlyName = "1.2.840.113549.1.9.20";
inline constexpr const char* kLocalKeyId = "1.2.840.113549.1.9.21";
inline constexpr const char* kCsp = "1.3.6.1.4.1.311.17.1";
inline constexpr const char* kMachineKeys = "1.3.6.1.4.1.311.17.2";
inline constexpr const char* kDescription = "1.3.6.1.4.1.311.17.3.13";  // extended property 13
inline constexpr const char* kSha1 = "1.3.14.3.2.26";
inline constexpr const char* kSha256 = "2.16.840.1.101.3.4.2.1";

}  // namespace fleetmint::pfx_oid
