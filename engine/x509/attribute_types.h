// The attribute types of names that have a short name (RFC 5280 4.1.2.4 and appendix A; RFC 4519
// for the names). Internal to x509/. Pure functions; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fleetmint {

enum class StringType : std::uint8_t { kUtf8, kPrintable, kIa5 };

struct AttributeType {
  std::string_view name;
  std::string_view oid;
  StringType type;
  std::size_t most;  // characters: the ub-* bounds of RFC 5280 appendix A.1
};

inline constexpr std::array<AttributeType, 15> kAttributeTypes{{
    {"CN", "2.5.4.3", StringType::kUtf8, 64},
    {"SN", "2.5.4.4", StringType::kUtf8, 40},
    {"SERIALNUMBER", "2.5.4.5", StringType::kPrintable, 64},
    {"C", "2.5.4.6", StringType::kPrintable, 2},
    {"L", "2.5.4.7", StringType::kUtf8, 128},
    {"ST", "2.5.4.8", StringType::kUtf8, 128},
    {"STREET", "2.5.4.9", StringType::kUtf8, 128},
    {"O", "2.5.4.10", StringType::kUtf8, 64},
    {"OU", "2.5.4.11", StringType::kUtf8, 64},
    {"T", "2.5.4.12", StringType::kUtf8, 64},
    {"POSTALCODE", "2.5.4.17", StringType::kUtf8, 40},
    {"GN", "2.5.4.42", StringType::kUtf8, 40},
    {"DC", "0.9.2342.19200300.100.1.25", StringType::kIa5, 63},
    {"UID", "0.9.2342.19200300.100.1.1", StringType::kUtf8, 256},
    {"E", "1.2.840.113549.1.9.1", StringType::kIa5, 255},
}};

// FindAttributeByName reads either case, and the names that Windows (S), OpenSSL (emailAddress) and
// RFC 4519 (organizationName) have; nullptr for an unknown one. FindAttributeByOid takes dotted
// decimal.
const AttributeType* FindAttributeByName(std::string_view name);
const AttributeType* FindAttributeByOid(std::string_view oid);

}  // namespace fleetmint
