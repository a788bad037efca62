// The public exponent of every RSA key, and what it asks of a prime p: that p is not 1 modulo it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fleetmint {

// kRsaPublicExponent is Fermat's number F4 = 2^16 + 1, a prime.
inline constexpr std::uint32_t kRsaPublicExponent = 65537;

// ModPublicExponent gives x mod 65537, of a number of `limbs` 64-bit limbs, lowest first; constant
// time. As 2^16 = -1 (mod 65537), 16-bit digits are summed with alternating signs: for up to 2^30
// limbs within an int64. The remainder of a constant is a multiplication.
inline std::uint32_t ModPublicExponent(const std::uint64_t* x, std::size_t limbs) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < limbs; ++i) {
    sum += static_cast<std::int64_t>(x[i] & 0xFFFFU) -
           static_cast<std::int64_t>(x[i] >> 16U & 0xFFFFU) +
           static_cast<std::int64_t>(x[i] >> 32U & 0xFFFFU) -
           static_cast<std::int64_t>(x[i] >> 48U);
  }
  // |sum| <= 2 * 65535 * limbs: a multiple of 65537 makes it positive.
  const std::uint64_t positive =
      static_cast<std::uint64_t>(sum) + std::uint64_t{2} * kRsaPublicExponent * limbs;
  return static_cast<std::uint32_t>(positive % kRsaPublicExponent);
}

}  // namespace fleetmint
