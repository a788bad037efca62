// The multiplications of kernel avx2: squares by columns in registers, products and reductions by
// rows, four at a time, over columns in memory.
// Internal to the avx2 kernel, which includes it inside its target region.
//
// Digits of 28 bits in 64-bit lanes; vpmuludq multiplies the low 32 bits of two lanes. Bounds, with
// R = 2^(28 D) >= 2^12 N, N = 2^(64 L) > n: "loose" is below 2.2 n. T = a b of loose numbers,
// doubled by SquareShift at most, is below 9.7 n^2 < 2^-8.7 R n. D - 1 steps with n2 (see Modulus)
// give A < T / 2^(28 (D - 1)) + 2^28 n2 (1 + 2^-27); the last step gives (A + m n) / 2^28 < T / R +
// n2 (1 + 2^-27) + n < (2 + 2^-8) n, loose again. 2.2 N < 2^(28 D): the last digit needs no carry.
//
// A column gathers at most D products of the number, each below 2^56 but that those of a square
// count twice where they stand for two, and SquareShift doubles them all, D products of the
// reduction, and a carry below 2^36: below (3 D + 1) 2^56 <= 223 * 2^56 < 2^64. The factors stay
// below 2^30: digits doubled twice.
//
// Operations: D (D + 1) / 2 products for a square, D (D - 1) + D + 1 for a reduction: 2,073 for a
// square of 1024 bits, each with an addition. Zen 5 starts 2 vpmuludq a cycle, and was seen to
// start 1.7 pairs of vpmuludq and vpaddq: floors of 1,037 and 1,220 cycles; with GCC 12 it takes
// 1,490.
#pragma once

#include <immintrin.h>

#include "engine/prime/unroll.h"

namespace fleetmint::prime::avx2 {

using u64 = std::uint64_t;
typedef u64 Vector __attribute__((vector_size(32)));  // 4 lanes

inline constexpr std::size_t kLanes = 4;
inline constexpr unsigned kDigitBits = 28;
inline constexpr u64 kDigitMask = (u64{1} << kDigitBits) - 1;
// Rows taken at a time: 4 multipliers and 4 digits stay in the 16 registers; 3 to 6 cost about the
// same.
inline constexpr std::size_t kRows = 4;
// Columns of a square made at a time; 8 to 12 cost about the same.
inline constexpr std::size_t kBlock = 10;

// The product of the low 32 bits of x and y in each lane.
FLEETMINT_INLINE Vector Product(Vector x, Vector y) {
  return reinterpret_cast<Vector>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(x), reinterpret_cast<__m256i>(y)));
}
// sum += the product, now: GCC would put off the additions of a chain and keep the products in
// memory.
FLEETMINT_INLINE void AddProduct(Vector& sum, Vector x, Vector y) {
  sum += Product(x, y);
  __asm__("" : "+x"(sum));
}
FLEETMINT_INLINE Vector Shifted(Vector x, Vector by) {
  return reinterpret_cast<Vector>(
      _mm256_sllv_epi64(reinterpret_cast<__m256i>(x), reinterpret_cast<__m256i>(by)));
}

// Modulus<D>: n, and n2 = (k0 n + 1) / 2^28 with k0 = -n^-1 mod 2^28. As k0 n = -1 (mod 2^28), a
// number A with lowest digit a is congruent to (A + a k0 n) / 2^28 = (A - a) / 2^28 + a n2: a step
// of Montgomery's reduction whose multiplier is the digit itself, without a multiplication by k0
// before it. n2 < n. Its price: the result is below A / 2^28 + 2^28 n2, so the last step of a
// reduction is made with n, which brings it to A' / 2^28 + n.
//
// What an operation works on stands at fixed distances here: a load waits for a store before it whose
// address has the same last 12 bits, and a third of the speed was seen to depend on where the stack
// happened to be. A row of the reduction stores columns[i + 1 + c] and loads n2[c + 1 ...] soon after:
// for all rows i < D the distance of columns[i + 1] from n2 shall be, modulo 4096, neither in the
// first 640 bytes nor in the last 640. A block of a square stores its columns and loads what follows
// them: twice, and the number itself, which LaneAlgorithms::Workspace has right behind the modulus.
template <std::size_t D>
struct Modulus {
  static constexpr std::size_t kPage = 4096 / sizeof(Vector), kNear = 640 / sizeof(Vector);
  static constexpr std::size_t kApart =
      2 * D + 1 + kNear <= kPage ? 0 : kPage + kNear + 1 - (D + 1);
  static_assert((D + 1 + kApart) % kPage >= kNear && (D + 1 + kApart) % kPage + D + kNear <= kPage);

  Vector n[D], n2[D], k0;
  Vector apart[kApart + 1];
  mutable Vector columns[2 * D], twice[D];
};

// columns[g + j] += rows[g] * digits[j] for g < G and j < Length, from columns[First] on. Each
// digit is loaded once and stays in `window` for G columns.
template <std::size_t G, std::size_t Length, std::size_t First>
FLEETMINT_INLINE void GatherRows(Vector* columns, const Vector* rows, const Vector* digits) {
  Vector row[G], window[G];
  Unroll<G>([&](auto g) FLEETMINT_UNROLLED { row[g] = rows[g]; });
  Unroll<First>([&](auto c) FLEETMINT_UNROLLED {
    if constexpr (c + G > First && c < Length) window[c % G] = digits[c];
  });
  Unroll<Length + G - 1 - First>([&](auto i) FLEETMINT_UNROLLED {
    constexpr std::size_t c = First + i;
    if constexpr (c < Length) window[c % G] = digits[c];
    Vector sum = columns[c];
    Unroll<G>([&](auto g) FLEETMINT_UNROLLED {
      if constexpr (c >= g && c - g < Length) AddProduct(sum, row[g], window[(c - g) % G]);
    });
    columns[c] = sum;
  });
}

// G steps of the reduction from column 0 of `columns` on. The triangle first: each of its columns
// is whole when its digit becomes the next step's multiplier.
template <std::size_t G, std::size_t D>
FLEETMINT_INLINE void ReduceRows(Vector* columns, const Modulus<D>& m) {
  Vector rows[G], carry = {};
  Unroll<G>([&](auto step) FLEETMINT_UNROLLED {
    constexpr std::size_t k = step;
    Vector sum = columns[k] + carry;
    Unroll<k>([&](auto g) FLEETMINT_UNROLLED { AddProduct(sum, rows[g], m.n2[k - 1 - g]); });
    rows[k] = sum & kDigitMask;
    carry = sum >> kDigitBits;
  });
  columns[G] += carry;
  GatherRows<G, D, G - 1>(columns + 1, rows, m.n2);
}

// out = columns / R mod n, loose, of 2 D - 1 columns.
template <std::size_t D>
FLEETMINT_INLINE void ReduceColumns(Vector* out, Vector* columns, const Modulus<D>& m) {
  constexpr std::size_t kSteps = D - 1, kRest = kSteps % kRows;
  for (std::size_t i = 0; i < kSteps - kRest; i += kRows) ReduceRows<kRows>(columns + i, m);
  if constexpr (kRest != 0) ReduceRows<kRest>(columns + kSteps - kRest, m);
  // The last step, with n, and the carries.
  const Vector multiplier = Product(columns[D - 1], m.k0) & kDigitMask;
  Vector carry = (columns[D - 1] + Product(multiplier, m.n[0])) >> kDigitBits;
  Unroll<D - 1>([&](auto j) FLEETMINT_UNROLLED {
    const Vector sum = columns[D + j] + Product(multiplier, m.n[j + 1]) + carry;
    out[j] = sum & kDigitMask;
    carry = sum >> kDigitBits;
  });
  out[D - 1] = carry;
}

// Columns [First, First + kBlock) of 2^shift x^2, for x of Length digits; twice: x 2^(shift + 1). A
// function of its own: where GCC sees more than one block, it keeps digits for the next one, which
// in 16 registers is in memory.
template <std::size_t First, std::size_t Length>
__attribute__((noinline)) void SquareColumns(Vector* columns, const Vector* x, const Vector* twice,
                                             Vector shift) {
  constexpr std::size_t kLast = 2 * Length - 1;
  constexpr std::size_t kWidth = kLast - First < kBlock ? kLast - First : kBlock;
  Vector sum[kWidth];
  Unroll<kWidth>([&](auto c) FLEETMINT_UNROLLED {
    constexpr std::size_t column = First + c;
    sum[c] = Vector{};
    if constexpr (column % 2 == 0) sum[c] = Shifted(Product(x[column / 2], x[column / 2]), shift);
  });
  constexpr std::size_t kTop = First + kWidth - 1;
  constexpr std::size_t kFrom = First < Length ? 0 : First - (Length - 1);
  Unroll<(kTop + 1) / 2 - kFrom>([&](auto row) FLEETMINT_UNROLLED {
    constexpr std::size_t i = kFrom + row;
    const Vector multiplier = twice[i];
    Unroll<kWidth>([&](auto c) FLEETMINT_UNROLLED {
      constexpr std::size_t column = First + c, j = column - i;
      if constexpr (column > 2 * i && j < Length) AddProduct(sum[c], multiplier, x[j]);
    });
  });
  Unroll<kWidth>([&](auto c) FLEETMINT_UNROLLED { columns[First + c] = sum[c]; });
}

// out = (x^2 / R) 2^shift, loose; x loose; shift 0 or 1 in each lane. `out` may be x.
template <std::size_t D>
__attribute__((noinline)) void Square(Vector* out, const Vector* x, const Modulus<D>& m,
                                      Vector shift) {
  for (std::size_t i = 0; i < D; ++i) m.twice[i] = Shifted(x[i], shift + 1);
  Unroll<(2 * D - 2) / kBlock + 1>([&](auto block) FLEETMINT_UNROLLED {
    SquareColumns<block * kBlock, D>(m.columns, x, m.twice, shift);
  });
  ReduceColumns<D>(out, m.columns, m);
}

// out = x y / R, loose; x and y loose. `out` may be either. By rows: as much straight-line code as
// the square has, twice over, would not fit in the processor's first cache beside it.
template <std::size_t D>
__attribute__((noinline)) void Multiply(Vector* out, const Vector* x, const Vector* y,
                                        const Modulus<D>& m) {
  for (Vector& column : m.columns) column = Vector{};
  constexpr std::size_t kRest = D % kRows;
  for (std::size_t i = 0; i < D - kRest; i += kRows) {
    GatherRows<kRows, D, 0>(m.columns + i, x + i, y);
  }
  if constexpr (kRest != 0) {
    GatherRows<kRest, D, 0>(m.columns + D - kRest, x + D - kRest, y);
  }
  ReduceColumns<D>(out, m.columns, m);
}

}  // namespace fleetmint::prime::avx2
