// The vectors of kernel ifma: names for the instructions.
// Internal to the ifma kernel, which includes it inside its target region.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/prime/unroll.h"

namespace fleetmint::prime::ifma {

using u64 = std::uint64_t;
using Vector = __m512i;
// A lane of a vector in memory. Vectors may alias other types by their own definition, but GCC 12
// forgets that of members of templates, and then loads them before the words in them are stored.
typedef u64 Word __attribute__((may_alias));

inline constexpr std::size_t kLanes = 8;
inline constexpr unsigned kDigitBits = 52;
inline constexpr u64 kDigitMask = (u64{1} << kDigitBits) - 1;

// a + the low, or high, 52 bits of the product of the low 52 bits of x and y, in each lane.
FLEETMINT_INLINE Vector AddLow(Vector a, Vector x, Vector y) {
  return _mm512_madd52lo_epu64(a, x, y);
}
FLEETMINT_INLINE Vector AddHigh(Vector a, Vector x, Vector y) {
  return _mm512_madd52hi_epu64(a, x, y);
}
FLEETMINT_INLINE Vector Zero() { return _mm512_setzero_si512(); }
FLEETMINT_INLINE Vector DigitMask() {
  return _mm512_set1_epi64(static_cast<long long>(kDigitMask));
}
FLEETMINT_INLINE Vector Carry(Vector a) { return _mm512_srli_epi64(a, kDigitBits); }

// Modulus<D>: n, and n2 = (k0 n + 1) / 2^52 with k0 = -n^-1 mod 2^52. As k0 n = -1 (mod 2^52), a
// number A with lowest digit a is congruent to (A + a k0 n) / 2^52 = (A - a) / 2^52 + a n2: a step
// of Montgomery's reduction whose multiplier is the digit itself, without a multiplication by k0
// before it. n2 < n. Its price: with digits a < 2^52 the result is below A / 2^52 + 2^52 n2, so the
// last step of a reduction is made with n, which brings it to A' / 2^52 + n.
template <std::size_t D>
struct alignas(64) Modulus {
  Vector n[D], n2[D], k0;
};

}  // namespace fleetmint::prime::ifma
