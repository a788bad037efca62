// Kernel portable, the reference: one lane, digits of 61 bits in 64-bit words, C++ alone.
//
// Montgomery multiplication by product scanning (Koc, Acar, Kaliski, "Analyzing and comparing
// Montgomery multiplication algorithms", 1996), R = 2^(61 D). The three bits that a digit leaves
// free let a whole column of products gather in 128 bits, an addition and an addition with carry
// each: no third word, and no carry that a compiler would have to keep in a flag from one product
// to the next. The algorithms are in lane_algorithms.h.
//
// Constant time: the product of two 64-bit words takes the same time for all operands on x86-64 and
// on the aarch64 cores of servers; loops and addresses depend on the number of digits alone; table
// entries are chosen by masks over a full scan.
#include <cstring>

#include "engine/prime/kernel.h"
#include "engine/prime/lane_algorithms.h"
#include "engine/prime/limbs.h"
#include "engine/prime/sieve.h"
#include "engine/prime/unroll.h"

namespace fleetmint::prime {
namespace portable {

using u64 = std::uint64_t;
using u128 = unsigned __int128;

constexpr unsigned kDigitBits = 61;
constexpr u64 kDigitMask = (u64{1} << kDigitBits) - 1;

// Modulus<D>: n, and n2 = (k0 n + 1) / 2^61 with k0 = -n^-1 mod 2^61. As k0 n = -1 (mod 2^61), a
// number A with lowest digit a is congruent to (A + a k0 n) / 2^61 = (A - a) / 2^61 + a n2: a step
// of Montgomery's reduction whose multiplier is the digit itself, without a multiplication by k0
// before it. n2 < n. Its price: the result is below A / 2^61 + 2^61 n2, so the last step of a
// reduction is made with n, which brings it to A' / 2^61 + n.
template <std::size_t D>
struct Modulus {
  u64 n[D], n2[D], k0;
};

// sum + up[0] down[top] + up[1] down[top - 1] + ..., `count` products; count is a constant wherever
// this is inlined, and the loop is unrolled: the mispredicted exits of loops, two a column, cost a
// quarter of the time at 26 digits.
FLEETMINT_INLINE u128 AddProducts(u128 sum, const u64* up, const u64* down, std::size_t top,
                                  std::size_t count) {
#pragma GCC unroll 34
  for (std::size_t i = 0; i < count; ++i) sum += u128{up[i]} * down[top - i];
  return sum;
}

// Calls body(k) for k in [First, Last), unrolled.
template <std::size_t First, std::size_t Last, class Body>
FLEETMINT_INLINE void ForColumns(Body&& body) {
  Unroll<Last - First>([&](auto i) FLEETMINT_UNROLLED { body(First + i); });
}

// out = (T / R mod n) 2^shift of the number T whose column k is product(k), k < 2 D - 1.
//
// Bounds, with R = 2^(61 D) >= 2^13 N, N = 2^(64 L) > n: for loose a and b, below 4.01 n, T = a b
// is below 16.1 n^2 <= 2^-8.9 R n. D - 1 steps with n2 give A < T / 2^(61 (D - 1)) + 2^61 n2 (1 +
// 2^-60); the last step gives (A + m n) / 2^61 < T / R + n2 (1 + 2^-60) + n < (2 + 2^-8) n. The
// shift doubles that at most: below 4.01 n. 4.01 N < 2^(61 D), so the last carry is 0.
//
// A column is at most D products of the number (doubled ones count twice) and D of the reduction,
// each at most (2^61 - 1)^2 < 2^122, and a carry below 2^67 + 2^61: below (2 D + 1) 2^122, which
// 128 bits hold for D <= 31. For D = 34 the column of the number, below 35 * 2^122 < 2^128, gives
// its carry away before the reduction, below 35 * 2^122 too, is added.
template <std::size_t D, class Product>
FLEETMINT_INLINE void ReduceColumns(u64* out, const Modulus<D>& m, u64 shift, Product product) {
  u64 multiplier[D];  // of each step
  u128 sum = 0, carried = 0;
  const auto add_product = [&](std::size_t k) FLEETMINT_UNROLLED {
    sum += product(k);
    if constexpr (D > 31) {
      carried = sum >> kDigitBits;
      sum &= kDigitMask;
    }
  };
  const auto take_digit = [&]() FLEETMINT_UNROLLED {
    const u64 digit = static_cast<u64>(sum) & kDigitMask;
    sum = (sum >> kDigitBits) + carried;
    return digit;
  };
  ForColumns<0, D - 1>([&](std::size_t k) FLEETMINT_UNROLLED {
    add_product(k);
    sum = AddProducts(sum, multiplier, m.n2, k - 1, k);
    multiplier[k] = take_digit();
  });
  add_product(D - 1);
  sum = AddProducts(sum, multiplier, m.n2, D - 2, D - 1);
  const u64 last = static_cast<u64>(sum) * m.k0 & kDigitMask;
  sum += u128{last} * m.n[0];
  take_digit();
  u64 shifted_out = 0;
  const auto put_digit = [&](std::size_t j, u64 digit) FLEETMINT_UNROLLED {
    const u64 shifted = digit << shift | shifted_out;
    out[j] = shifted & kDigitMask;
    shifted_out = shifted >> kDigitBits;
  };
  ForColumns<D, 2 * D - 1>([&](std::size_t k) FLEETMINT_UNROLLED {
    add_product(k);
    sum = AddProducts(sum, multiplier + (k - D), m.n2, D - 1, 2 * D - 1 - k);
    sum += u128{last} * m.n[k - (D - 1)];
    put_digit(k - D, take_digit());
  });
  put_digit(D - 1, static_cast<u64>(sum));
}

// out = (x^2 / R) 2^shift, loose; x loose; shift 0 or 1. `out` may be x: its digit k - D is written
// after column k, and later columns do not read it.
template <std::size_t D>
__attribute__((noinline)) void Square(u64* out, const u64* x, const Modulus<D>& m, u64 shift) {
  u64 twice[D];
  for (std::size_t i = 0; i < D; ++i) twice[i] = 2 * x[i];
  ReduceColumns<D>(out, m, shift, [&](std::size_t k) FLEETMINT_UNROLLED {
    const std::size_t first = k < D ? 0 : k - (D - 1), count = (k + 1) / 2 - first;
    u128 sum = 0;
    if (k % 2 == 0) sum = u128{x[k / 2]} * x[k / 2];
    return AddProducts(sum, twice + first, x, k - first, count);
  });
}

// out = x y / R, loose; x and y loose. `out` may be either.
template <std::size_t D>
__attribute__((noinline)) void Multiply(u64* out, const u64* x, const u64* y, const Modulus<D>& m) {
  ReduceColumns<D>(out, m, 0, [&](std::size_t k) FLEETMINT_UNROLLED {
    const std::size_t first = k < D ? 0 : k - (D - 1);
    return AddProducts(0, x + first, y, k - first, k + 1 - 2 * first);
  });
}

// The arithmetic of lane_algorithms.h for 64 L bits. Loose: below 4.01 n.
template <std::size_t L>
struct Arithmetic {
  static constexpr std::size_t kLanes = 1;
  static constexpr std::size_t kLimbs = L;
  static constexpr std::size_t kDigits = L == 16 ? 17 : L == 24 ? 26 : 34;
  static constexpr std::size_t kMontgomeryBits = kDigitBits * kDigits;
  static constexpr std::size_t kStack = 512 * L;
  static constexpr unsigned kSquaringsToR2 = 4;

  struct Number {
    u64 digit[kDigits];
  };
  using Modulus = portable::Modulus<kDigits>;

  static void SetLane(Number& to, std::size_t, const u64* from) { SetDigits(to.digit, from); }

  static void GetLane(const Number& from, std::size_t, u64* to) {
    for (std::size_t k = 0; k < L; ++k) to[k] = 0;
    for (std::size_t j = 0; j < kDigits; ++j) {
      const std::size_t limb = j * kDigitBits / 64, shift = j * kDigitBits % 64;
      if (limb < L) to[limb] |= from.digit[j] << shift;
      if (shift + kDigitBits > 64 && limb + 1 < L) to[limb + 1] |= from.digit[j] >> (64 - shift);
    }
  }

  static void SetModulus(Modulus& m, const u64* const* candidates) {
    SetDigits(m.n, candidates[0]);
    m.k0 = NegatedInverse(candidates[0][0]) & kDigitMask;
    // k0 n + 1, digit by digit; its lowest digit is 0.
    u128 sum = (u128{m.k0} * m.n[0] + 1) >> kDigitBits;
    for (std::size_t j = 1; j < kDigits; ++j) {
      sum += u128{m.k0} * m.n[j];
      m.n2[j - 1] = static_cast<u64>(sum) & kDigitMask;
      sum >>= kDigitBits;
    }
    m.n2[kDigits - 1] = static_cast<u64>(sum);
  }

  // 2^(64 L) - n < n, because the top bit of n is set, is 2^(64 L) mod n; doubled up to R.
  static void SetOne(Number& x, const Modulus& m) {
    Number power = {};
    power.digit[64 * L / kDigitBits] = u64{1} << (64 * L % kDigitBits);
    Subtract(x, power.digit, m.n);
    for (std::size_t i = 64 * L; i < kMontgomeryBits; ++i) Double(x, m);
  }

  static void SetMinusOne(Number& x, const Number& one, const Modulus& m) {
    Subtract(x, m.n, one.digit);
  }

  static void Double(Number& x, const Modulus& m) {
    u64 carry = 0;
    for (u64& digit : x.digit) {
      const u64 doubled = digit << 1U | carry;
      digit = doubled & kDigitMask;
      carry = doubled >> kDigitBits;
    }
    SubtractIfNotLess(x, m);
  }

  // Multiply and Square give less than 3 n.
  static void Reduce(Number& x, const Modulus& m) {
    SubtractIfNotLess(x, m);
    SubtractIfNotLess(x, m);
  }

  static void Multiply(Number& out, const Number& a, const Number& b, const Modulus& m) {
    portable::Multiply<kDigits>(out.digit, a.digit, b.digit, m);
  }
  static void Square(Number& out, const Number& a, const Modulus& m) {
    portable::Square<kDigits>(out.digit, a.digit, m, 0);
  }
  static void SquareShift(Number& out, const Number& a, const Modulus& m, std::size_t i) {
    const u64 bit = m.n[i / kDigitBits] >> (i % kDigitBits) & 1U;
    portable::Square<kDigits>(out.digit, a.digit, m, bit);
  }

  static void Select(Number& out, const Number* table, const u64* index) {
    out = {};
    for (u64 i = 0; i < 16; ++i) {
      const u64 here = Opaque(u64{0} - IsZero(i ^ index[0]));
      for (std::size_t j = 0; j < kDigits; ++j) out.digit[j] |= table[i].digit[j] & here;
    }
  }

  static unsigned Equal(const Number& a, const Number& b) {
    u64 difference = 0;
    for (std::size_t j = 0; j < kDigits; ++j) difference |= a.digit[j] ^ b.digit[j];
    return static_cast<unsigned>(IsZero(difference));
  }

 private:
  // 1 or 0.
  static u64 IsZero(u64 x) { return ((x | (u64{0} - x)) >> 63U) ^ 1U; }

  static void SetDigits(u64* to, const u64* from) {
    for (std::size_t j = 0; j < kDigits; ++j) {
      const std::size_t position = j * kDigitBits;
      to[j] = position < 64 * L ? WindowOf(from, L, position, kDigitBits) : 0;
    }
  }

  // x = a - b; returns 1 if that is negative, else 0. Digits are below 2^61, so bit 63 of a
  // difference is its sign.
  static u64 Subtract(Number& x, const u64* a, const u64* b) {
    u64 borrow = 0;
    for (std::size_t j = 0; j < kDigits; ++j) {
      const u64 difference = a[j] - b[j] - borrow;
      x.digit[j] = difference & kDigitMask;
      borrow = difference >> 63U;
    }
    return borrow;
  }

  // x = x - n where x >= n. Both are computed, a mask chooses.
  static void SubtractIfNotLess(Number& x, const Modulus& m) {
    Number difference;
    const u64 keep = Opaque(u64{0} - Subtract(difference, x.digit, m.n));
    for (std::size_t j = 0; j < kDigits; ++j) {
      x.digit[j] = (x.digit[j] & keep) | (difference.digit[j] & ~keep);
    }
  }
};

using Functions = KernelFunctions<Arithmetic>;

}  // namespace portable

const Kernel& PortableKernel() {
  static constexpr Kernel kernel{"portable",
                                 "",
                                 portable::Arithmetic<16>::kLanes,
                                 portable::Functions::Power,
                                 portable::Functions::Screen,
                                 portable::Functions::MillerRabin,
                                 FirstHits64,
                                 HasDivisor64};
  return kernel;
}

}  // namespace fleetmint::prime
