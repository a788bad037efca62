// Serial: a certificate's serial number as fleetmint makes it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/random.h"

namespace fleetmint {

// Serial: 16 bytes, big endian, top bits 01: positive, 126 random bits, within the 20 octets of
// RFC 5280 4.1.2.2.
using Serial = std::array<std::uint8_t, 16>;

// DrawSerial draws one from `random`.
inline Serial DrawSerial(RandomSource& random) {
  Serial serial;
  random.Fill(serial);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3FU) | 0x40U);
  return serial;
}

// SerialHex gives 32 lower-case hexadecimal digits.
inline std::string SerialHex(const Serial& serial) { return ToHex(serial); }

}  // namespace fleetmint
