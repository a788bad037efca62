#include "engine/base/base32.h"

#include <cstdint>

namespace fleetmint {

SecretBytes Base32(ByteView bytes, std::size_t digits) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  SecretBytes out;
  std::uint32_t pending = 0;
  unsigned bits = 0;
  const auto append = [&](std::uint32_t value) {
    if (out.size() < digits) out.push_back(static_cast<std::uint8_t>(kAlphabet[value & 0x1FU]));
  };
  for (const std::uint8_t byte : bytes) {
    pending = (pending << 8U | byte) & 0xFFFU;
    for (bits += 8; bits >= 5; bits -= 5) append(pending >> (bits - 5));
  }
  if (bits > 0) append(pending << (5 - bits));
  return out;
}

}  // namespace fleetmint
