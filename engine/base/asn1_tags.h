// ASN.1 tags: the identifier octets that the DER writer writes and the BER reader meets
// (X.690 8.1.2).
#pragma once

#include <cstdint>

namespace fleetmint::ber {

// Of the universal types; sequences and sets are constructed.
inline constexpr std::uint8_t kBoolean = 0x01, kInteger = 0x02, kBitString = 0x03,
                              kOctetString = 0x04, kNull = 0x05, kOid = 0x06, kEnumerated = 0x0A,
                              kUtf8String = 0x0C, kPrintableString = 0x13, kIa5String = 0x16,
                              kUtcTime = 0x17, kGeneralizedTime = 0x18, kBmpString = 0x1E,
                              kSequence = 0x30, kSet = 0x31;
inline constexpr std::uint8_t kConstructed = 0x20;  // bit 6

// Context gives the identifier octet of [number] constructed, ContextPrimitive of a primitive one.
constexpr std::uint8_t Context(unsigned number) {
  return static_cast<std::uint8_t>(0xA0U | number);
}
constexpr std::uint8_t ContextPrimitive(unsigned number) {
  return static_cast<std::uint8_t>(0x80U | number);
}

}  // namespace fleetmint::ber
