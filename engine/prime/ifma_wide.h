// Kernel ifma, 30 and 40 digits (1536 and 2048 bits): columns in memory, rows taken five at a time.
// Internal to the ifma kernel, which includes it inside its target region.
//
// R = 2^(52 D) = 2^24 2^1536 or 2^32 2^2048; the bounds of ifma_short.h hold with room. A column
// gathers at most 2 D halves of the product (doubled ones included) and 2 D of the reduction, and
// carries: below 161 * 2^52 < 2^60.
//
// The inner block is 5 rows by 5 columns: 50 multiply-adds on 10 accumulators (low and high halves
// apart, so that no accumulator waits for another) for 9 loads of digits and 5 of columns.
#pragma once

#include "engine/prime/ifma_vector.h"

namespace fleetmint::prime::ifma {

inline constexpr std::size_t kRows = 5;

// The low and the high halves that a block of kRows columns gathers.
struct BlockSums {
  Vector low[kRows], high[kRows];
};

// Which products rows[k] * digits[j] of a block are there: all, j >= 0 only (the block begins the
// digits), or j < 0 only (it begins where the digits end).
enum class Part : std::uint8_t { kWhole, kFirst, kLast };

template <std::size_t G, Part kPart>
FLEETMINT_INLINE void GatherBlock(BlockSums& s, const Vector* rows, const Vector* digits) {
  Unroll<G>([&](auto row) FLEETMINT_UNROLLED {
    Unroll<kRows>([&](auto column) FLEETMINT_UNROLLED {
      constexpr std::size_t k = row, c = column;
      if constexpr (kPart == Part::kWhole || (c >= k) == (kPart == Part::kFirst)) {
        const Vector digit =
            digits[static_cast<std::ptrdiff_t>(c) - static_cast<std::ptrdiff_t>(k)];
        s.low[c] = AddLow(s.low[c], rows[k], digit);
        s.high[c] = AddHigh(s.high[c], rows[k], digit);
      }
    });
  });
}

FLEETMINT_INLINE void LoadBlock(BlockSums& s, const Vector* columns, Vector carried) {
  Unroll<kRows>([&](auto c) FLEETMINT_UNROLLED {
    s.low[c] = columns[c];
    s.high[c] = Zero();
  });
  s.low[0] = _mm512_add_epi64(s.low[0], carried);
}

// Returns the high half that belongs to the next block's first column.
FLEETMINT_INLINE Vector StoreBlock(const BlockSums& s, Vector* columns) {
  columns[0] = s.low[0];
  Unroll<kRows - 1>([&](auto c) FLEETMINT_UNROLLED {
    columns[c + 1] = _mm512_add_epi64(s.low[c + 1], s.high[c]);
  });
  return s.high[kRows - 1];
}

// columns[k + j] += rows[k] * digits[j] (two halves each) for k < G and j in [kRows, length): what
// follows the first block, which left `carried`. length is a multiple of kRows.
template <std::size_t G>
FLEETMINT_INLINE void GatherRest(Vector* columns, const Vector* rows, const Vector* digits,
                                 std::size_t length, Vector carried) {
  Vector row[G];
  Unroll<G>([&](auto k) FLEETMINT_UNROLLED { row[k] = rows[k]; });
  BlockSums s;
  for (std::size_t c = kRows; c < length; c += kRows) {
    LoadBlock(s, columns + c, carried);
    GatherBlock<G, Part::kWhole>(s, row, digits + c);
    carried = StoreBlock(s, columns + c);
  }
  Unroll<kRows>([&](auto c) FLEETMINT_UNROLLED {
    s.low[c] = c < G ? columns[length + c] : Zero();
    s.high[c] = Zero();
  });
  s.low[0] = _mm512_add_epi64(s.low[0], carried);
  GatherBlock<G, Part::kLast>(s, row, digits + length);
  columns[length] = s.low[0];
  Unroll<G - 1>([&](auto c) FLEETMINT_UNROLLED {
    columns[length + c + 1] = _mm512_add_epi64(s.low[c + 1], s.high[c]);
  });
}

// columns[k + j] += rows[k] * digits[j] for k < kRows and j < length.
FLEETMINT_INLINE void GatherRows(Vector* columns, const Vector* rows, const Vector* digits,
                                 std::size_t length) {
  BlockSums s;
  LoadBlock(s, columns, Zero());
  GatherBlock<kRows, Part::kFirst>(s, rows, digits);
  const Vector carried = StoreBlock(s, columns);
  GatherRest<kRows>(columns, rows, digits, length, carried);
}

// G steps of the reduction (see Modulus) from column 0 of `columns` on. The first block holds the
// triangle: each of its columns is whole when its digit becomes the next step's multiplier.
template <std::size_t G, std::size_t D>
FLEETMINT_INLINE void ReduceRows(Vector* columns, const Modulus<D>& m) {
  Vector rows[G];
  BlockSums s;
  LoadBlock(s, columns + 1, Zero());
  rows[0] = columns[0];
  Unroll<G>([&](auto row) FLEETMINT_UNROLLED {
    constexpr std::size_t k = row;
    Unroll<kRows - k>([&](auto j) FLEETMINT_UNROLLED {
      s.low[k + j] = AddLow(s.low[k + j], rows[k], m.n2[j]);
      s.high[k + j] = AddHigh(s.high[k + j], rows[k], m.n2[j]);
    });
    Vector next = _mm512_add_epi64(s.low[k], Carry(rows[k]));
    if constexpr (k > 0) next = _mm512_add_epi64(next, s.high[k - 1]);
    if constexpr (k + 1 < G) {
      rows[k + 1] = next;
    } else {
      columns[G] = next;
    }
  });
  Unroll<kRows - G>([&](auto c) FLEETMINT_UNROLLED {
    columns[G + 1 + c] = _mm512_add_epi64(s.low[G + c], s.high[G + c - 1]);
  });
  GatherRest<G>(columns + 1, rows, m.n2, D, s.high[kRows - 1]);
}

// out = (columns / R mod n) 2^shift, normalized, of 2 D columns.
template <std::size_t D>
FLEETMINT_INLINE void ReduceWide(Vector* out, Vector* columns, const Modulus<D>& m, Vector shift) {
  static_assert(D % kRows == 0);
  for (std::size_t i = 0; i + kRows < D; i += kRows) ReduceRows<kRows>(columns + i, m);
  ReduceRows<kRows - 1>(columns + D - kRows, m);
  // The last step, with n, and the carries.
  const Vector multiplier = AddLow(Zero(), columns[D - 1], m.k0), mask = DigitMask();
  Vector carry = _mm512_sllv_epi64(Carry(AddLow(columns[D - 1], multiplier, m.n[0])), shift);
#pragma GCC unroll 5
  for (std::size_t j = 0; j < D; ++j) {
    Vector sum = AddHigh(columns[D + j], multiplier, m.n[j]);
    if (j + 1 < D) sum = AddLow(sum, multiplier, m.n[j + 1]);
    sum = _mm512_add_epi64(_mm512_sllv_epi64(sum, shift), carry);
    carry = Carry(sum);
    out[j] = _mm512_and_si512(sum, mask);
  }
}

template <std::size_t D>
__attribute__((noinline)) void SquareWide(Vector* out, const Vector* x, const Modulus<D>& m,
                                          Vector shift) {
  Vector columns[2 * D];
  for (Vector& column : columns) column = Zero();
  for (std::size_t i = 0; i < D; i += kRows) {
    // Products within the five rows, then with the digits above them.
    Vector sum[2 * kRows];
    Unroll<2 * kRows>([&](auto c) FLEETMINT_UNROLLED { sum[c] = columns[2 * i + c]; });
    Unroll<kRows>([&](auto row) FLEETMINT_UNROLLED {
      Unroll<kRows>([&](auto other) FLEETMINT_UNROLLED {
        constexpr std::size_t k = row, j = other;
        if constexpr (j > k) {
          sum[k + j] = AddLow(sum[k + j], x[i + k], x[i + j]);
          sum[k + j + 1] = AddHigh(sum[k + j + 1], x[i + k], x[i + j]);
        }
      });
    });
    Unroll<2 * kRows>([&](auto c) FLEETMINT_UNROLLED { columns[2 * i + c] = sum[c]; });
    if (i + kRows < D) {
      GatherRows(columns + 2 * i + kRows, x + i, x + i + kRows, D - i - kRows);
    }
  }
  for (std::size_t i = 0; i < D; ++i) {
    const Vector low = columns[2 * i], high = columns[2 * i + 1];
    columns[2 * i] = AddLow(_mm512_add_epi64(low, low), x[i], x[i]);
    columns[2 * i + 1] = AddHigh(_mm512_add_epi64(high, high), x[i], x[i]);
  }
  ReduceWide<D>(out, columns, m, shift);
}

template <std::size_t D>
__attribute__((noinline)) void MultiplyWide(Vector* out, const Vector* x, const Vector* y,
                                            const Modulus<D>& m) {
  Vector columns[2 * D];
  for (Vector& column : columns) column = Zero();
  for (std::size_t i = 0; i < D; i += kRows) GatherRows(columns + i, x + i, y, D);
  ReduceWide<D>(out, columns, m, Zero());
}

}  // namespace fleetmint::prime::ifma
