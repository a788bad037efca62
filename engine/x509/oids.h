// Object identifiers of certificates and CRLs. The tables of attribute types and of key purposes
// are in name.cc and certificate_spec.cc, beside the names that users know them by.
#pragma once

namespace fleetmint::oid {

// Extensions: RFC 5280 4.2.1.
inline constexpr const char* kSubjectKeyIdentifier = "2.5.29.14";
inline constexpr const char* kKeyUsage = "2.5.29.15";
inline constexpr const char* kSubjectAltName = "2.5.29.17";
inline constexpr const char* kBasicConstraints = "2.5.29.19";
inline constexpr const char* kNameConstraints = "2.5.29.30";
inline constexpr const char* kCrlDistributionPoints = "2.5.29.31";
inline constexpr const char* kCertificatePolicies = "2.5.29.32";
inline constexpr const char* kPolicyMappings = "2.5.29.33";
inline constexpr const char* kAuthorityKeyIdentifier = "2.5.29.35";
inline constexpr const char* kPolicyConstraints = "2.5.29.36";
inline constexpr const char* kExtendedKeyUsage = "2.5.29.37";
inline constexpr const char* kInhibitAnyPolicy = "2.5.29.54";

// 4.2.2.1, and its access methods.
inline constexpr const char* kAuthorityInformationAccess = "1.3.6.1.5.5.7.1.1";
inline constexpr const char* kOcsp = "1.3.6.1.5.5.7.48.1";
inline constexpr const char* kCaIssuers = "1.3.6.1.5.5.7.48.2";

// Of CRLs and their entries: 5.2.3, 5.3.1.
inline constexpr const char* kCrlNumber = "2.5.29.20";
inline constexpr const char* kReasonCode = "2.5.29.21";

// Microsoft's security identifier of an account (KB5014754), and the name within.
inline constexpr const char* kNtdsCaSecurity = "1.3.6.1.4.1.311.25.2";
inline constexpr const char* kNtdsObjectSid = "1.3.6.1.4.1.311.25.2.1";

// Microsoft's user principal name: an otherName of a UTF8String.
inline constexpr const char* kUserPrincipalName = "1.3.6.1.4.1.311.20.2.3";

// Signature algorithms: RFC 8017 appendix A.2.4, RFC 5758 3.2.
inline constexpr const char* kSha256WithRsa = "1.2.840.113549.1.1.11";
inline constexpr const char* kEcdsaWithSha256 = "1.2.840.10045.4.3.2";
inline constexpr const char* kEcdsaWithSha384 = "1.2.840.10045.4.3.3";

}  // namespace fleetmint::oid
