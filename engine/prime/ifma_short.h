// Kernel ifma, 20 digits (1024 bits): multiplication and squaring without a loop, in registers.
// Internal to the ifma kernel, which includes it inside its target region.
//
// R = 2^1040 = 2^16 2^1024. Bounds, with n < 2^1024: a product T = a b of loose numbers a, b < 4n
// is below 16 n^2 <= 2^-12 R n. Nineteen steps with n2 give A < T / 2^(52 * 19) + 2^52 n2 (1 +
// 2^-51); the last step gives (A + m n) / 2^52 < T / R + n2 (1 + 2^-51) + n < (2 + 2^-11) n.
// SquareShift doubles that once at most: below (4 + 2^-10) n; so "loose" is below 4.01 n, for which
// the sum above still is below (2 + 2^-11) n.
//
// A column gathers at most 20 low and 20 high halves of each of a b (those of a square doubled) and
// of the reduction, and a carry: below 81 * 2^52 < 2^59.
//
// Operations: a square takes 2 * 190 + 40 = 420 multiply-adds, a product 800, the reduction
// 19 * 40 + 41 = 801. That is all that binds the processor: 1,221 for a square of 8 lanes.
#pragma once

#include "engine/prime/ifma_vector.h"

namespace fleetmint::prime::ifma {

inline constexpr std::size_t kShort = 20;
// Columns made at a time: 10 accumulators beside the 20 digits of x fit the 32 registers.
inline constexpr std::size_t kBlock = 10;

// Columns [First, First + kBlock) of x^2, not normalized.
template <std::size_t First>
FLEETMINT_INLINE void SquareColumns(const Vector* x, Vector* columns) {
  Vector sum[kBlock];
  Unroll<kBlock>([&](auto c) FLEETMINT_UNROLLED { sum[c] = Zero(); });
  Unroll<kShort>([&](auto row) FLEETMINT_UNROLLED {
    constexpr std::size_t i = row;
    Unroll<kBlock>([&](auto c) FLEETMINT_UNROLLED {
      constexpr std::size_t column = First + c, j = column - i;
      if constexpr (column > 2 * i && j < kShort) sum[c] = AddLow(sum[c], x[i], x[j]);
    });
    Unroll<kBlock>([&](auto c) FLEETMINT_UNROLLED {
      constexpr std::size_t column = First + c, j = column - 1 - i;
      if constexpr (column > 2 * i + 1 && j < kShort) sum[c] = AddHigh(sum[c], x[i], x[j]);
    });
  });
  Unroll<kBlock>([&](auto c) FLEETMINT_UNROLLED {
    constexpr std::size_t column = First + c, i = column / 2;
    const Vector twice = _mm512_add_epi64(sum[c], sum[c]);
    columns[column] = column % 2 == 0 ? AddLow(twice, x[i], x[i]) : AddHigh(twice, x[i], x[i]);
  });
}

// Columns [First, First + kBlock) of x y.
template <std::size_t First>
FLEETMINT_INLINE void ProductColumns(const Vector* x, const Vector* y, Vector* columns) {
  Vector sum[kBlock];
  Unroll<kBlock>([&](auto c) FLEETMINT_UNROLLED { sum[c] = Zero(); });
  Unroll<kShort>([&](auto row) FLEETMINT_UNROLLED {
    constexpr std::size_t i = row;
    Unroll<kBlock>([&](auto c) FLEETMINT_UNROLLED {
      constexpr std::size_t column = First + c, j = column - i;
      if constexpr (column >= i && j < kShort) sum[c] = AddLow(sum[c], x[i], y[j]);
    });
    Unroll<kBlock>([&](auto c) FLEETMINT_UNROLLED {
      constexpr std::size_t column = First + c, j = column - 1 - i;
      if constexpr (column > i && j < kShort) sum[c] = AddHigh(sum[c], x[i], y[j]);
    });
  });
  Unroll<kBlock>([&](auto c) FLEETMINT_UNROLLED { columns[First + c] = sum[c]; });
}

// out = (columns / R mod n) 2^shift of each lane, normalized. The 20 columns that are being reduced
// stay in registers, column i in a[i mod 21]; each step takes in one more of `columns`.
FLEETMINT_INLINE void ReduceColumns(Vector* out, const Vector* columns, const Modulus<kShort>& m,
                                    Vector shift) {
  constexpr std::size_t kRing = kShort + 1;
  Vector a[kRing];
  Unroll<kShort>([&](auto c) FLEETMINT_UNROLLED { a[c] = columns[c]; });
  Vector top = Zero();  // the high half that the step before added to the column to come
  Unroll<kShort - 1>([&](auto step) FLEETMINT_UNROLLED {
    constexpr std::size_t i = step;
    const Vector digit = a[i % kRing];
    a[(i + kShort) % kRing] = _mm512_add_epi64(columns[i + kShort], top);
    top = Zero();
    a[(i + 1) % kRing] = _mm512_add_epi64(a[(i + 1) % kRing], Carry(digit));
    Unroll<kShort>([&](auto j) FLEETMINT_UNROLLED {
      constexpr std::size_t low = (i + 1 + j) % kRing, high = (i + 2 + j) % kRing;
      const Vector n2 = m.n2[j];
      a[low] = AddLow(a[low], digit, n2);
      if constexpr (j + 1 < kShort) {
        a[high] = AddHigh(a[high], digit, n2);
      } else {
        top = AddHigh(top, digit, n2);
      }
    });
  });
  // The last step, with n.
  constexpr std::size_t i = kShort - 1;
  a[(i + kShort) % kRing] = _mm512_add_epi64(columns[i + kShort], top);
  const Vector multiplier = AddLow(Zero(), a[i % kRing], m.k0);
  Unroll<kShort>([&](auto j) FLEETMINT_UNROLLED {
    constexpr std::size_t low = (i + j) % kRing, high = (i + 1 + j) % kRing;
    const Vector n = m.n[j];
    a[low] = AddLow(a[low], multiplier, n);
    a[high] = AddHigh(a[high], multiplier, n);
  });
  Vector carry = _mm512_sllv_epi64(Carry(a[i % kRing]), shift);
  const Vector mask = DigitMask();
  Unroll<kShort>([&](auto j) FLEETMINT_UNROLLED {
    const Vector sum = _mm512_add_epi64(_mm512_sllv_epi64(a[(i + 1 + j) % kRing], shift), carry);
    carry = Carry(sum);
    out[j] = _mm512_and_si512(sum, mask);
  });
}

// out = (x^2 / R) 2^shift, loose; x loose; shift 0 or 1 in each lane. `out` may be x.
__attribute__((noinline)) inline void SquareShort(Vector* out, const Vector* x,
                                                  const Modulus<kShort>& m, Vector shift) {
  Vector digits[kShort], columns[2 * kShort];
  Unroll<kShort>([&](auto i) FLEETMINT_UNROLLED { digits[i] = x[i]; });
  Unroll<2 * kShort / kBlock>(
      [&](auto block) FLEETMINT_UNROLLED { SquareColumns<block * kBlock>(digits, columns); });
  ReduceColumns(out, columns, m, shift);
}

// out = x y / R, loose; x and y loose. `out` may be either.
__attribute__((noinline)) inline void MultiplyShort(Vector* out, const Vector* x, const Vector* y,
                                                    const Modulus<kShort>& m) {
  Vector digits[kShort], columns[2 * kShort];
  Unroll<kShort>([&](auto i) FLEETMINT_UNROLLED { digits[i] = x[i]; });
  Unroll<2 * kShort / kBlock>(
      [&](auto block) FLEETMINT_UNROLLED { ProductColumns<block * kBlock>(digits, y, columns); });
  ReduceColumns(out, columns, m, Zero());
}

}  // namespace fleetmint::prime::ifma
