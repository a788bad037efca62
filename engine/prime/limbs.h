// Small helpers on little-endian arrays of 64-bit limbs, shared by the kernels. Constant time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fleetmint::prime {

// Opaque gives x, and hides from the compiler what x may be. A mask that is all ones or 0 goes
// through it: clang makes branches of the choice that it carries.
inline std::uint64_t Opaque(std::uint64_t x) {
  __asm__("" : "+r"(x));
  return x;
}

// NegatedInverse gives -n^-1 mod 2^64 of an odd n by Newton's iteration: x = n is right modulo 2^3,
// and each step doubles the number of right bits (3, 6, 12, 24, 48, 96).
constexpr std::uint64_t NegatedInverse(std::uint64_t n) {
  std::uint64_t x = n;
  for (int i = 0; i < 5; ++i) x *= 2 - n * x;
  return ~x + 1;
}

// WindowOf gives the `width` bits of `x` that start at bit `position`; bits above `limbs` limbs are
// 0. `position` and `width` are public.
inline std::uint64_t WindowOf(const std::uint64_t* x, std::size_t limbs, std::size_t position,
                              unsigned width) {
  const std::size_t limb = position / 64, shift = position % 64;
  std::uint64_t bits = x[limb] >> shift;
  if (shift + width > 64 && limb + 1 < limbs) bits |= x[limb + 1] << (64 - shift);
  return bits & ((std::uint64_t{1} << width) - 1);
}

}  // namespace fleetmint::prime
