// Kernel avx2: 4 lanes, one number in each 64-bit lane of D vectors, 51-bit digits, multiplied as
// doubles by AVX2 and FMA (avx2_columns.h, which carries the time); the algorithms are in
// lane_algorithms.h. Montgomery's R is 2^(51 D), with a premultiplied modulus.
//
// Constant time: straight-line code and loops over public numbers of digits; table entries chosen
// by masks over a full scan; no gathers; a fused multiply-add of normal numbers and zeros takes the
// same time for all operands, and no number here is subnormal. Rounding must be to nearest, as
// programs find it.
// CPU-specific code stands in a target region (target.h), so that no other code can pick up AVX2.
#include <cstring>

#include "engine/prime/kernel.h"
#include "engine/prime/limbs.h"
#include "engine/prime/sieve.h"
#include "engine/prime/target.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define FLEETMINT_AVX2_SETS "avx2,fma"
FLEETMINT_BEGIN_TARGET(FLEETMINT_AVX2_SETS)

#include "engine/prime/avx2_columns.h"
#include "engine/prime/lane_algorithms.h"

namespace fleetmint::prime {
namespace avx2 {

using u128 = unsigned __int128;

// The arithmetic of lane_algorithms.h for 64 L bits. Loose: below 4.02 n.
template <std::size_t L>
struct Arithmetic {
  static constexpr std::size_t kLanes = avx2::kLanes;
  static constexpr std::size_t kLimbs = L;
  static constexpr std::size_t kDigits = L == 16 ? 21 : L == 24 ? 31 : 41;
  static constexpr std::size_t kMontgomeryBits = kDigitBits * kDigits;
  static constexpr std::size_t kStack = 1024 * L;
  static constexpr unsigned kSquaringsToR2 = 4;

  struct Number {
    Vector digit[kDigits];
  };
  using Modulus = avx2::Modulus<kDigits>;

  static void SetLane(Number& to, std::size_t lane, const u64* from) {
    for (std::size_t j = 0; j < kDigits; ++j) {
      const std::size_t position = j * kDigitBits;
      to.digit[j][lane] = position < 64 * L ? WindowOf(from, L, position, kDigitBits) : 0;
    }
  }

  static void GetLane(const Number& from, std::size_t lane, u64* to) {
    for (std::size_t k = 0; k < L; ++k) to[k] = 0;
    for (std::size_t j = 0; j < kDigits; ++j) {
      const std::size_t limb = j * kDigitBits / 64, shift = j * kDigitBits % 64;
      const u64 digit = from.digit[j][lane];
      if (limb < L) to[limb] |= digit << shift;
      if (shift + kDigitBits > 64 && limb + 1 < L) to[limb + 1] |= digit >> (64 - shift);
    }
  }

  static void SetModulus(Modulus& m, const u64* const* candidates) {
    Number n, n2;
    Vector k0;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      SetLane(n, lane, candidates[lane]);
      k0[lane] = NegatedInverse(candidates[lane][0]) & kDigitMask;
      // k0 n + 1, digit by digit; its lowest digit is 0.
      u128 sum = (u128{k0[lane]} * n.digit[0][lane] + 1) >> kDigitBits;
      for (std::size_t j = 1; j < kDigits; ++j) {
        sum += u128{k0[lane]} * n.digit[j][lane];
        n2.digit[j - 1][lane] = static_cast<u64>(sum) & kDigitMask;
        sum >>= kDigitBits;
      }
      n2.digit[kDigits - 1][lane] = static_cast<u64>(sum);
    }
    for (std::size_t j = 0; j < kDigits; ++j) {
      m.n[j] = n.digit[j];
      m.n_real[j] = ToReal(n.digit[j]);
      m.n2[j] = ToReal(n2.digit[j]);
    }
    m.k0 = ToReal(k0);
  }

  // 2^(64 L) - n < n, because the top bit of n is set, is 2^(64 L) mod n; doubled up to R.
  static void SetOne(Number& x, const Modulus& m) {
    Number power = {};
    power.digit[64 * L / kDigitBits] += u64{1} << (64 * L % kDigitBits);
    Subtract(x, power.digit, m.n);
    for (std::size_t i = 64 * L; i < kMontgomeryBits; ++i) Double(x, m);
  }

  static void SetMinusOne(Number& x, const Number& one, const Modulus& m) {
    Subtract(x, m.n, one.digit);
  }

  static void Double(Number& x, const Modulus& m) {
    Vector carry = {};
    for (std::size_t j = 0; j < kDigits; ++j) {
      const Vector doubled = (x.digit[j] << 1U) | carry;
      x.digit[j] = doubled & kDigitMask;
      carry = doubled >> kDigitBits;
    }
    SubtractIfNotLess(x, m);
  }

  // Multiply and Square give less than 2.01 n.
  static void Reduce(Number& x, const Modulus& m) {
    SubtractIfNotLess(x, m);
    SubtractIfNotLess(x, m);
  }

  static void Multiply(Number& out, const Number& a, const Number& b, const Modulus& m) {
    avx2::Multiply<kDigits>(out.digit, a.digit, b.digit, m);
  }
  static void Square(Number& out, const Number& a, const Modulus& m) {
    avx2::Square<kDigits>(out.digit, a.digit, m, Vector{});
  }
  static void SquareShift(Number& out, const Number& a, const Modulus& m, std::size_t i) {
    const Vector bit = (m.n[i / kDigitBits] >> (i % kDigitBits)) & 1;
    avx2::Square<kDigits>(out.digit, a.digit, m, bit);
  }

  static void Select(Number& out, const Number* table, const u64* index) {
    Vector wanted;
    std::memcpy(&wanted, index, sizeof wanted);
    constexpr std::size_t kRest = kDigits % kSelected;
    for (std::size_t j = 0; j < kDigits - kRest; j += kSelected) {
      SelectDigits<kSelected>(out, table, wanted, j);
    }
    if constexpr (kRest != 0) SelectDigits<kRest>(out, table, wanted, kDigits - kRest);
  }

  static unsigned Equal(const Number& a, const Number& b) {
    Vector difference = {};
    for (std::size_t j = 0; j < kDigits; ++j) difference |= a.digit[j] ^ b.digit[j];
    const auto equal = reinterpret_cast<__m256d>(difference == 0);
    return static_cast<unsigned>(_mm256_movemask_pd(equal));
  }

 private:
  static constexpr std::size_t kSelected = 8;  // digits at a time: they stay in registers

  template <std::size_t Count>
  FLEETMINT_INLINE static void SelectDigits(Number& out, const Number* table, Vector wanted,
                                            std::size_t first) {
    Vector entry[Count];
    Unroll<Count>([&](auto k) FLEETMINT_UNROLLED { entry[k] = Vector{}; });
    for (u64 i = 0; i < 16; ++i) {
      const Vector here = reinterpret_cast<Vector>(wanted == i);
      const Vector* const from = &table[i].digit[first];
      Unroll<Count>([&](auto k) FLEETMINT_UNROLLED { entry[k] |= from[k] & here; });
    }
    Unroll<Count>([&](auto k) FLEETMINT_UNROLLED { out.digit[first + k] = entry[k]; });
  }

  // x = a - b; returns 1 in each lane where that is negative, else 0. Digits are below 2^52, so bit
  // 63 of a difference is its sign.
  static Vector Subtract(Number& x, const Vector* a, const Vector* b) {
    Vector borrow = {};
    for (std::size_t j = 0; j < kDigits; ++j) {
      const Vector difference = a[j] - b[j] - borrow;
      x.digit[j] = difference & kDigitMask;
      borrow = difference >> 63U;
    }
    return borrow;
  }

  // x = x - n where x >= n. Both are computed, a mask chooses.
  static void SubtractIfNotLess(Number& x, const Modulus& m) {
    Number difference;
    const Vector keep = -Subtract(difference, x.digit, m.n);
    for (std::size_t j = 0; j < kDigits; ++j) {
      x.digit[j] = (x.digit[j] & keep) | (difference.digit[j] & ~keep);
    }
  }
};

using Functions = KernelFunctions<Arithmetic>;

}  // namespace avx2

// Declared by kernel.cc, which asks the processor first.
extern const Kernel kAvx2Code;
const Kernel kAvx2Code{"avx2",
                       FLEETMINT_AVX2_SETS,
                       avx2::kLanes,
                       avx2::Functions::Power,
                       avx2::Functions::Screen,
                       avx2::Functions::MillerRabin,
                       FirstHits64,
                       HasDivisor64};

}  // namespace fleetmint::prime

FLEETMINT_END_TARGET
#endif
