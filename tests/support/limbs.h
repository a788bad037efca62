// Numbers in 64-bit limbs, lowest first, as Botan's integers and back.
#pragma once

#include <botan/bigint.h>

#include <cstdint>
#include <span>

#include "engine/base/bytes.h"

namespace fleetmint {

inline Botan::BigInt ToBigInt(std::span<const std::uint64_t> limbs) {
  Botan::BigInt value;
  for (std::size_t i = limbs.size(); i-- > 0;) value = (value << 64) + Botan::BigInt(limbs[i]);
  return value;
}

// FromBigInt gives the lowest `limbs` limbs.
template <typename Limbs = SecretLimbs>
Limbs FromBigInt(const Botan::BigInt& value, std::size_t limbs) {
  Limbs out(limbs);
  for (std::size_t i = 0; i < limbs; ++i) {
    out[i] = value.get_substring(64 * i, 32) | std::uint64_t{value.get_substring(64 * i + 32, 32)}
                                                   << 32U;
  }
  return out;
}

}  // namespace fleetmint
