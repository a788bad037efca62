// The multiplications of kernel avx2: digits of 51 bits as doubles, two fused multiply-adds a
// product. Internal to the avx2 kernel, which includes it inside its target region.
//
// AVX2 multiplies integers of 32 bits only, but doubles of 53 (N. Emmart, "Faster modular
// exponentiation using double precision floating point arithmetic on the GPU", 2018, there with
// rounding towards zero). For integers 0 <= x, y < 2^51 and rounding to nearest:
//   h' = fma(x, y, 2^103)            = 2^103 + 2^51 h, h = x y / 2^51 rounded: doubles between
//                                      2^103 and 2^104 are the multiples of 2^51
//   l' = fma(x, y, 2^103 + 3 2^51 - h') = l + 3 2^51 with l = x y - 2^51 h, |l| <= 2^50: the
//                                      difference is exact (a multiple of 2^51 below 2^103), and
//                                      between 2^52 and 2^53 doubles are the integers
// As bit patterns, h' is 2^103's plus h, and l' is 2^52's plus 2^51 + l. Columns add up patterns as
// integers; what is too much is taken off a column once, modulo 2^64: kLow for each l', kHigh for
// each h', so that a product adds l + 2^51 > 0 to its column and h - 1 to the next.
//
// Bounds, with R = 2^(51 D) >= 2^43 N, N = 2^(64 L) > n: "loose" is below 4.02 n. T = x y of loose
// numbers is below 17 n^2 < 2^-38 R n. D - 1 steps with n2 (see Modulus) give A < T / 2^(51 (D -
// 1)) + 2^51 n2 (1 + 2^-50); the last step gives (A + m n) / 2^51 < T / R + n2 (1 + 2^-50) + n
// < 2.01 n, which SquareShift doubles at most. 4.02 N < 2^(51 D): the last digit needs no carry.
//
// A column gathers at most 2 D low parts, each below 2^52, as many high ones below 2^51, and a
// carry: below 165 * 2^52 < 2^60. It is not negative when it is shifted: as many low parts, each
// above 2^50, as high parts, or one less, but at least one, each at least -1; the last column of
// all has high parts alone, and what the one before carries over is at least as many.
//
// Operations: D (D + 1) / 2 products for a square, D (D - 1) + D + 1 for a reduction: 673 for a
// square of 1024 bits, each of two multiply-adds, a subtraction and two additions.
#pragma once

#include <immintrin.h>

#include <array>

#include "engine/prime/unroll.h"

namespace fleetmint::prime::avx2 {

using u64 = std::uint64_t;
typedef u64 Vector __attribute__((vector_size(32)));   // 4 lanes
typedef double Real __attribute__((vector_size(32)));  // 4 lanes

inline constexpr std::size_t kLanes = 4;
inline constexpr unsigned kDigitBits = 51;
inline constexpr u64 kDigitMask = (u64{1} << kDigitBits) - 1;
inline constexpr u64 kLow = 0x4330000000000000;       // the pattern of 2^52
inline constexpr u64 kHigh = 0x4660000000000000 + 1;  // the pattern of 2^103, and 1
// Rows taken at a time: 4 multipliers and 4 digits stay in the 16 registers, beside two columns and
// two constants.
inline constexpr std::size_t kRows = 4;
// Columns of a square made at a time; even, so that no block ends in the middle of a digit's
// square.
inline constexpr std::size_t kBlock = 8;

FLEETMINT_INLINE Vector Bits(Real x) { return reinterpret_cast<Vector>(x); }

// A digit as a double.
FLEETMINT_INLINE Real ToReal(Vector digit) { return reinterpret_cast<Real>(digit | kLow) - 0x1p52; }

FLEETMINT_INLINE Real MultiplyAdd(Real x, Real y, Real z) {
  return reinterpret_cast<Real>(_mm256_fmadd_pd(
      reinterpret_cast<__m256d>(x), reinterpret_cast<__m256d>(y), reinterpret_cast<__m256d>(z)));
}

// Adds the parts of x y to a column and to the next one, now: GCC would put off the additions of a
// chain and keep the products in memory.
FLEETMINT_INLINE void AddProduct(Vector& column, Vector& next, Real x, Real y) {
  const Real high = MultiplyAdd(x, y, Real{} + 0x1p103);
  const Real low = MultiplyAdd(x, y, (0x1p103 + 0x3p51) - high);
  column += Bits(low);
  next += Bits(high);
  __asm__("" : "+x"(column), "+x"(next));
}

FLEETMINT_INLINE Vector Shifted(Vector x, Vector by) {
  return reinterpret_cast<Vector>(
      _mm256_sllv_epi64(reinterpret_cast<__m256i>(x), reinterpret_cast<__m256i>(by)));
}

// Modulus<D>: n, and n2 = (k0 n + 1) / 2^51 with k0 = -n^-1 mod 2^51. As k0 n = -1 (mod 2^51), a
// number A with lowest digit a is congruent to (A + a k0 n) / 2^51 = (A - a) / 2^51 + a n2: a step
// of Montgomery's reduction whose multiplier is the digit itself, without a multiplication by k0
// before it. n2 < n. Its price: the result is below A / 2^51 + 2^51 n2, so the last step of a
// reduction is made with n, which brings it to A' / 2^51 + n.
//
// What an operation works on stands at fixed distances here: a load waits for a store before it
// whose address has the same last 12 bits, and a third of the speed was seen to depend on where the
// stack happened to be. A row of the reduction stores columns[i + 1 + c] and loads n2[c + 1 ...]
// soon after: for all rows i < D the distance of columns[i + 1] from n2 shall be, modulo 4096,
// neither in the first 640 bytes nor in the last 640.
template <std::size_t D>
struct Modulus {
  static constexpr std::size_t kPage = 4096 / sizeof(Vector), kNear = 640 / sizeof(Vector);
  static_assert(D + 1 >= kNear && 2 * D + 1 + kNear <= kPage);

  Vector n[D];  // digits
  Real n_real[D], n2[D], k0;
  mutable Vector columns[2 * D];
  mutable Real digits[D], others[D];  // of the operands
};

// What is taken off each column: by the products of two numbers (or of a number with itself, where
// what stands for two counts twice) and of the reduction, but for the last step's first.
template <std::size_t D>
constexpr std::array<u64, 2 * D> MakeOffsets() {
  std::array<u64, 2 * D> low{}, high{};
  const auto product = [&](std::size_t column) {
    ++low[column];
    ++high[column + 1];
  };
  for (std::size_t i = 0; i < D; ++i) {
    for (std::size_t j = 0; j < D; ++j) {
      product(i + j);
      if (i + 1 < D) product(i + 1 + j);  // step i, with n2[j]
    }
  }
  for (std::size_t j = 0; j < D; ++j) product(D - 1 + j);
  --low[D - 1];
  std::array<u64, 2 * D> offsets{};
  for (std::size_t c = 0; c < 2 * D; ++c) offsets[c] = u64{0} - low[c] * kLow - high[c] * kHigh;
  return offsets;
}
template <std::size_t D>
inline constexpr std::array<u64, 2 * D> kOffsets = MakeOffsets<D>();

// columns[g + j] += rows[g] * digits[j] (two parts each) for g < G and j < Length, where g + j is
// in [First, End). Each digit is loaded once and stays in `window` for G columns.
template <std::size_t G, std::size_t Length, std::size_t First, std::size_t End>
FLEETMINT_INLINE void GatherRows(Vector* columns, const Real* rows, const Real* digits) {
  Real row[G], window[G];
  Unroll<G>([&](auto g) FLEETMINT_UNROLLED { row[g] = rows[g]; });
  Unroll<First>([&](auto c) FLEETMINT_UNROLLED {
    if constexpr (c + G > First && c < Length) window[c % G] = digits[c];
  });
  Vector next = {};
  Unroll<End - First>([&](auto i) FLEETMINT_UNROLLED {
    constexpr std::size_t c = First + i;
    if constexpr (c < Length) window[c % G] = digits[c];
    Vector sum = columns[c] + next;
    next = Vector{};
    Unroll<G>([&](auto g) FLEETMINT_UNROLLED {
      if constexpr (c >= g && c - g < Length) AddProduct(sum, next, row[g], window[(c - g) % G]);
    });
    columns[c] = sum;
  });
  columns[End] += next;
}

// G steps of the reduction, whose first column is columns[0]: Triangle gives their multipliers,
// each column being whole when its digit becomes one; Near adds what the next G columns need, so
// that the next triangle can begin; Far adds the rest. A triangle is a chain of some 17 cycles a
// digit; the far part of the rows before it is done meanwhile, if it follows it in the code.
template <std::size_t G, std::size_t D>
FLEETMINT_INLINE void Triangle(Real* rows, Vector* columns, const Modulus<D>& m) {
  Vector sum[G + 1];
  Unroll<G>([&](auto c) FLEETMINT_UNROLLED { sum[c] = columns[c]; });
  sum[G] = Vector{};
  Unroll<G>([&](auto step) FLEETMINT_UNROLLED {
    constexpr std::size_t k = step;
    Unroll<k>([&](auto g)
                  FLEETMINT_UNROLLED { AddProduct(sum[k], sum[k + 1], rows[g], m.n2[k - 1 - g]); });
    rows[k] = ToReal(sum[k] & kDigitMask);
    sum[k + 1] += sum[k] >> kDigitBits;
  });
  columns[G] += sum[G];
}
template <std::size_t G, std::size_t D>
FLEETMINT_INLINE void Near(Vector* columns, const Real* rows, const Modulus<D>& m) {
  GatherRows<G, D, G - 1, 2 * G - 1>(columns + 1, rows, m.n2);
}
template <std::size_t G, std::size_t D>
FLEETMINT_INLINE void Far(Vector* columns, const Real* rows, const Modulus<D>& m) {
  GatherRows<G, D, 2 * G - 1, D + G - 1>(columns + 1, rows, m.n2);
}

// The multiplier of the last step, with n: column k0 mod 2^51.
FLEETMINT_INLINE Real LastMultiplier(Vector column, Real k0) {
  Vector product = {}, high = {};
  AddProduct(product, high, ToReal(column & kDigitMask), k0);
  return ToReal(product & kDigitMask);
}

// out = (columns / R mod n) 2^shift, loose, of 2 D columns.
template <std::size_t D>
FLEETMINT_INLINE void ReduceColumns(Vector* out, Vector* columns, const Modulus<D>& m,
                                    Vector shift) {
  constexpr std::size_t kSteps = D - 1, kRest = kSteps % kRows, kWhole = kSteps - kRest;
  Real rows[2][kRows];
  Triangle<kRows>(rows[0], columns, m);
  Near<kRows>(columns, rows[0], m);
  std::size_t turn = 0;
  for (std::size_t i = kRows; i < kWhole; i += kRows, turn ^= 1U) {
    Triangle<kRows>(rows[turn ^ 1U], columns + i, m);
    Far<kRows>(columns + i - kRows, rows[turn], m);
    Near<kRows>(columns + i, rows[turn ^ 1U], m);
  }
  Real multiplier;
  if constexpr (kRest != 0) {
    Real rest[kRest];
    Triangle<kRest>(rest, columns + kWhole, m);
    Far<kRows>(columns + kWhole - kRows, rows[turn], m);
    GatherRows<kRest, D, kRest - 1, D + kRest - 1>(columns + kWhole + 1, rest, m.n2);
    multiplier = LastMultiplier(columns[D - 1], m.k0);
  } else {
    multiplier = LastMultiplier(columns[D - 1], m.k0);
    Far<kRows>(columns + kWhole - kRows, rows[turn], m);
  }
  // The last step, with n, and the carries.
  Vector sum = columns[D - 1] - kLow, high = {};
  AddProduct(sum, high, multiplier, m.n_real[0]);
  Vector carry = Shifted(sum >> kDigitBits, shift);
  Unroll<D>([&](auto j) FLEETMINT_UNROLLED {
    Vector column = columns[D + j] + high;
    high = Vector{};
    if constexpr (j + 1 < D) AddProduct(column, high, multiplier, m.n_real[j + 1]);
    column = Shifted(column, shift) + carry;
    carry = column >> kDigitBits;
    out[j] = j + 1 < D ? column & kDigitMask : column;
  });
}

// Columns [First, First + kBlock) of x^2, of Length digits; columns[First] holds what the block
// before left for it, not yet doubled. A function of its own: where GCC sees more than one block,
// it keeps digits for the next one, which in 16 registers is in memory.
template <std::size_t First, std::size_t Length>
__attribute__((noinline)) void SquareColumns(Vector* columns, const Real* x) {
  static_assert(kBlock % 2 == 0);
  constexpr std::size_t kWidth = 2 * Length - First < kBlock ? 2 * Length - First : kBlock;
  constexpr std::size_t kTop = First + kWidth - 1;
  constexpr std::size_t kFrom = First < Length ? 0 : First - (Length - 1);
  Vector sum[kWidth + 1];
  Unroll<kWidth + 1>([&](auto c) FLEETMINT_UNROLLED { sum[c] = Vector{}; });
  if constexpr (First != 0) sum[0] = columns[First];
  Unroll<(kTop + 1) / 2 - kFrom>([&](auto row) FLEETMINT_UNROLLED {
    constexpr std::size_t i = kFrom + row;
    const Real multiplier = x[i];
    Unroll<kWidth>([&](auto c) FLEETMINT_UNROLLED {
      constexpr std::size_t column = First + c, j = column - i;
      if constexpr (column > 2 * i && j < Length) AddProduct(sum[c], sum[c + 1], multiplier, x[j]);
    });
  });
  if constexpr (First + kWidth < 2 * Length) columns[First + kWidth] = sum[kWidth];
  Unroll<kWidth>([&](auto c)
                     FLEETMINT_UNROLLED { sum[c] += sum[c] + kOffsets<Length>[First + c]; });
  Unroll<kWidth / 2>([&](auto c) FLEETMINT_UNROLLED {
    constexpr std::size_t i = First / 2 + c;
    if constexpr (i < Length) AddProduct(sum[2 * c], sum[2 * c + 1], x[i], x[i]);
  });
  Unroll<kWidth>([&](auto c) FLEETMINT_UNROLLED { columns[First + c] = sum[c]; });
}

// The columns of digits * others, by rows.
template <std::size_t D>
FLEETMINT_INLINE void ProductColumns(const Modulus<D>& m) {
  for (std::size_t c = 0; c < 2 * D; ++c) m.columns[c] = Vector{} + kOffsets<D>[c];
  constexpr std::size_t kRest = D % kRows;
  for (std::size_t i = 0; i < D - kRest; i += kRows) {
    GatherRows<kRows, D, 0, D + kRows - 1>(m.columns + i, m.digits + i, m.others);
  }
  if constexpr (kRest != 0) {
    GatherRows<kRest, D, 0, D + kRest - 1>(m.columns + D - kRest, m.digits + D - kRest, m.others);
  }
}

// out = (x^2 / R) 2^shift, loose; x loose; shift 0 or 1 in each lane. `out` may be x. 41 digits are
// squared as a product: the straight-line code of the square's columns, 36 KB, would not fit in the
// processor's first cache, and takes longer than half as many products more in a loop that does.
template <std::size_t D>
__attribute__((noinline)) void Square(Vector* out, const Vector* x, const Modulus<D>& m,
                                      Vector shift) {
  for (std::size_t i = 0; i < D; ++i) m.digits[i] = m.others[i] = ToReal(x[i]);
  if constexpr (D <= 31) {
    Unroll<(2 * D - 1) / kBlock + 1>([&](auto block) FLEETMINT_UNROLLED {
      SquareColumns<block * kBlock, D>(m.columns, m.digits);
    });
  } else {
    ProductColumns(m);
  }
  ReduceColumns<D>(out, m.columns, m, shift);
}

// out = x y / R, loose; x and y loose. `out` may be either.
template <std::size_t D>
__attribute__((noinline)) void Multiply(Vector* out, const Vector* x, const Vector* y,
                                        const Modulus<D>& m) {
  for (std::size_t i = 0; i < D; ++i) {
    m.digits[i] = ToReal(x[i]);
    m.others[i] = ToReal(y[i]);
  }
  ProductColumns(m);
  ReduceColumns<D>(out, m.columns, m, Vector{});
}

}  // namespace fleetmint::prime::avx2
