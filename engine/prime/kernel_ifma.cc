// Kernel ifma: 8 lanes, one number in each 64-bit lane of D vectors, 52-bit digits, AVX-512 IFMA.
//
// Montgomery multiplication in the form of Gueron and Krasnov ("Software implementation of modular
// exponentiation, using advanced vector instructions architectures", 2012), R = 2^(52 D), with a
// premultiplied modulus (ifma_vector.h). What carries the time is in ifma_short.h (1024 bits) and
// ifma_wide.h (1536, 2048); the algorithms are in lane_algorithms.h.
//
// Constant time: straight-line code and loops over public numbers of digits; table entries chosen
// by masks over a full scan; no gathers; vpmadd52 takes the same time for all operands.
// CPU-specific code stands in a target region (target.h), so that no other code can pick up
// AVX-512.
#include <cstring>
#include <type_traits>

#include "engine/prime/kernel.h"
#include "engine/prime/limbs.h"
#include "engine/prime/sieve.h"
#include "engine/prime/target.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define FLEETMINT_IFMA_SETS "avx512f,avx512ifma"
FLEETMINT_BEGIN_TARGET(FLEETMINT_IFMA_SETS)
#if !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12's own headers: _mm512_undefined_epi32
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "engine/prime/ifma_short.h"
#include "engine/prime/ifma_sieve.h"
#include "engine/prime/ifma_wide.h"
#include "engine/prime/lane_algorithms.h"

namespace fleetmint::prime {
namespace ifma {

// The arithmetic of lane_algorithms.h for 64 L bits. Loose: below 4.01 n.
template <std::size_t L>
struct Arithmetic {
  static constexpr std::size_t kLanes = ifma::kLanes;
  static constexpr std::size_t kLimbs = L;
  static constexpr std::size_t kDigits = L == 16 ? 20 : L == 24 ? 30 : 40;
  static constexpr std::size_t kMontgomeryBits = kDigitBits * kDigits;
  static constexpr std::size_t kStack = 1024 * L;
  // As many halvings of 1040, 1560 and 2080 bits as leave a whole number.
  static constexpr unsigned kSquaringsToR2 = L == 16 ? 4 : L == 24 ? 3 : 5;

  struct Number {
    Vector digit[kDigits];
  };
  using Modulus = ifma::Modulus<kDigits>;

  static void SetLane(Number& to, std::size_t lane, const u64* from) {
    for (std::size_t j = 0; j < kDigits; ++j) {
      const std::size_t position = j * kDigitBits;
      At(to.digit[j], lane) = position < 64 * L ? WindowOf(from, L, position, kDigitBits) : 0;
    }
  }

  static void GetLane(const Number& from, std::size_t lane, u64* to) {
    for (std::size_t k = 0; k < L; ++k) to[k] = 0;
    for (std::size_t j = 0; j < kDigits; ++j) {
      const std::size_t limb = j * kDigitBits / 64, shift = j * kDigitBits % 64;
      const u64 digit = At(from.digit[j], lane);
      if (limb < L) to[limb] |= digit << shift;
      if (shift + kDigitBits > 64 && limb + 1 < L) to[limb + 1] |= digit >> (64 - shift);
    }
  }

  static void SetModulus(Modulus& m, const u64* const* candidates) {
    Number n;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      SetLane(n, lane, candidates[lane]);
      At(m.k0, lane) = NegatedInverse(candidates[lane][0]) & kDigitMask;
    }
    // k0 n + 1, digit by digit; its lowest digit is 0 with a carry of 1.
    Vector carry = _mm512_set1_epi64(1);
    for (std::size_t j = 0; j < kDigits; ++j) m.n[j] = n.digit[j];
    for (std::size_t j = 1; j < kDigits; ++j) {
      const Vector sum = AddHigh(AddLow(carry, m.k0, m.n[j]), m.k0, m.n[j - 1]);
      m.n2[j - 1] = _mm512_and_si512(sum, DigitMask());
      carry = Carry(sum);
    }
    m.n2[kDigits - 1] = AddHigh(carry, m.k0, m.n[kDigits - 1]);
  }

  // 2^(64 L) - n < n, because the top bit of n is set, is 2^(64 L) mod n; doubled up to R.
  static void SetOne(Number& x, const Modulus& m) {
    Vector borrow = Zero();
    for (std::size_t j = 0; j < kDigits; ++j) {
      const u64 power = j == 64 * L / kDigitBits ? u64{1} << (64 * L % kDigitBits) : 0;
      const Vector digit = _mm512_add_epi64(
          _mm512_sub_epi64(_mm512_set1_epi64(static_cast<long long>(power)), m.n[j]), borrow);
      borrow = _mm512_srai_epi64(digit, kDigitBits);
      x.digit[j] = _mm512_and_si512(digit, DigitMask());
    }
    for (std::size_t i = 64 * L; i < kMontgomeryBits; ++i) Double(x, m);
  }

  static void SetMinusOne(Number& x, const Number& one, const Modulus& m) {
    Vector borrow = Zero();
    for (std::size_t j = 0; j < kDigits; ++j) {
      const Vector digit = _mm512_add_epi64(_mm512_sub_epi64(m.n[j], one.digit[j]), borrow);
      borrow = _mm512_srai_epi64(digit, kDigitBits);
      x.digit[j] = _mm512_and_si512(digit, DigitMask());
    }
  }

  static void Double(Number& x, const Modulus& m) {
    Vector carry = Zero();
    for (std::size_t j = 0; j < kDigits; ++j) {
      const Vector doubled = _mm512_or_si512(_mm512_slli_epi64(x.digit[j], 1), carry);
      carry = Carry(doubled);
      x.digit[j] = _mm512_and_si512(doubled, DigitMask());
    }
    SubtractIfNotLess(x, m);
  }

  // Multiply and Square give less than 3 n.
  static void Reduce(Number& x, const Modulus& m) {
    SubtractIfNotLess(x, m);
    SubtractIfNotLess(x, m);
  }

  static void Multiply(Number& out, const Number& a, const Number& b, const Modulus& m) {
    if constexpr (L == 16) {
      MultiplyShort(out.digit, a.digit, b.digit, m);
    } else {
      MultiplyWide<kDigits>(out.digit, a.digit, b.digit, m);
    }
  }
  static void Square(Number& out, const Number& a, const Modulus& m) {
    SquareTimes(out, a, m, Zero());
  }
  static void SquareShift(Number& out, const Number& a, const Modulus& m, std::size_t i) {
    const Vector bit =
        _mm512_srl_epi64(m.n[i / kDigitBits], _mm_cvtsi32_si128(static_cast<int>(i % kDigitBits)));
    SquareTimes(out, a, m, _mm512_and_si512(bit, _mm512_set1_epi64(1)));
  }

  static void Select(Number& out, const Number* table, const u64* index) {
    const Vector wanted = _mm512_load_si512(index);
    for (std::size_t j = 0; j < kDigits; j += 10) {  // ten at a time: they stay in registers
      Vector entry[10];
      Unroll<10>([&](auto k) FLEETMINT_UNROLLED { entry[k] = Zero(); });
      for (long long i = 0; i < 16; ++i) {
        const __mmask8 here = _mm512_cmpeq_epi64_mask(wanted, _mm512_set1_epi64(i));
        const Vector* const from = &table[i].digit[j];
        Unroll<10>([&](auto k) FLEETMINT_UNROLLED {
          entry[k] = _mm512_mask_mov_epi64(entry[k], here, from[k]);
        });
      }
      Unroll<10>([&](auto k) FLEETMINT_UNROLLED { out.digit[j + k] = entry[k]; });
    }
  }

  static unsigned Equal(const Number& a, const Number& b) {
    Vector difference = Zero();
    for (std::size_t j = 0; j < kDigits; ++j) {
      difference = _mm512_or_si512(difference, _mm512_xor_si512(a.digit[j], b.digit[j]));
    }
    return _mm512_cmpeq_epi64_mask(difference, Zero());
  }

 private:
  static Word& At(Vector& vector, std::size_t lane) {
    return reinterpret_cast<Word*>(&vector)[lane];
  }
  static u64 At(const Vector& vector, std::size_t lane) {
    return reinterpret_cast<const Word*>(&vector)[lane];
  }

  static void SquareTimes(Number& out, const Number& a, const Modulus& m, Vector shift) {
    if constexpr (L == 16) {
      SquareShort(out.digit, a.digit, m, shift);
    } else {
      SquareWide<kDigits>(out.digit, a.digit, m, shift);
    }
  }

  // x = x - n where x >= n.
  static void SubtractIfNotLess(Number& x, const Modulus& m) {
    Vector difference[kDigits], borrow = Zero();
    for (std::size_t j = 0; j < kDigits; ++j) {
      const Vector d = _mm512_add_epi64(_mm512_sub_epi64(x.digit[j], m.n[j]), borrow);
      borrow = _mm512_srai_epi64(d, kDigitBits);
      difference[j] = _mm512_and_si512(d, DigitMask());
    }
    const __mmask8 not_less = _mm512_cmpeq_epi64_mask(borrow, Zero());
    for (std::size_t j = 0; j < kDigits; ++j) {
      x.digit[j] = _mm512_mask_mov_epi64(x.digit[j], not_less, difference[j]);
    }
  }
};

using Functions = KernelFunctions<Arithmetic>;

// The starts of windows are secrets too. What the sieve uses beside its lanes is little.
template <std::size_t D>
constexpr std::size_t kSieveStack = sizeof(SieveLanes<D>) + 8192;

// run(std::integral_constant of the number of digits)
template <class Run>
void ForDigits(std::size_t limbs, Run run) {
  if (limbs == 16) run(std::integral_constant<std::size_t, 20>());
  if (limbs == 24) run(std::integral_constant<std::size_t, 30>());
  if (limbs == 32) run(std::integral_constant<std::size_t, 40>());
}

void FirstHitsOfSize(std::size_t limbs, std::span<const u64* const> starts,
                     std::uint8_t* const* maps) {
  const SieveTable& table = SieveTableFor(limbs, SieveDigits::k52);
  ForDigits(limbs, [&](auto digits) {
    RunWiped(kSieveStack<digits>, [&] { FirstHits<digits>(table, starts, maps); });
  });
}

unsigned HasDivisorOfSize(std::size_t limbs, std::size_t stage,
                          std::span<const u64* const> numbers) {
  const SieveTable& table = SieveTableFor(limbs, SieveDigits::k52);
  unsigned found = 0;
  ForDigits(limbs, [&](auto digits) {
    RunWiped(kSieveStack<digits>, [&] { found = HasDivisor<digits>(table, stage, numbers); });
  });
  return found;
}

}  // namespace ifma

// Declared by kernel.cc, which asks the processor first.
extern const Kernel kIfmaCode;
const Kernel kIfmaCode{"ifma",
                       FLEETMINT_IFMA_SETS,
                       ifma::kLanes,
                       ifma::Functions::Power,
                       ifma::Functions::Screen,
                       ifma::Functions::MillerRabin,
                       ifma::FirstHitsOfSize,
                       ifma::HasDivisorOfSize};

}  // namespace fleetmint::prime

#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif
FLEETMINT_END_TARGET
#endif
