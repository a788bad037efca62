// The AVX-512 IFMA kernel: 8 lanes, one number in each 64-bit lane of D registers, 52-bit digits.
//
// Almost Montgomery multiplication (Gueron, Krasnov: "Software implementation of modular
// exponentiation, using advanced vector instructions architectures", 2012) with R = 2^(52 D) >=
// 2^(64 L + 16) > 4 n: for a, b < 2n the result (ab + mn) / R is under (4n^2 + Rn) / R < 2n, so
// nothing is subtracted inside the chain; one subtraction at the end gives the number below n.
//
// Accumulators stay below 2^64: a digit receives at most 4 products halves below 2^52 in each of
// the at most D = 40 rows it lives through, and one carry below 2^12 a row: under 164 * 2^52 <
// 2^60.
//
// Constant time: straight-line code over a public number of digits, table entries chosen by masks
// over a full scan, no gathers. CPU-specific code carries its target as an attribute, so that no
// other code can pick up AVX-512.
#include <cstring>
#include <memory>

#include "engine/base/bytes.h"
#include "engine/prime/kernel.h"
#include "engine/prime/limbs.h"

#if defined(__x86_64__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12's own headers: _mm512_undefined_epi32
#include <immintrin.h>

#define FLEETMINT_IFMA __attribute__((target("avx512f,avx512ifma")))

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;
using Vector = __m512i;

constexpr std::size_t kLanes = 8;
constexpr unsigned kDigitBits = 52;
constexpr u64 kDigitMask = (u64{1} << kDigitBits) - 1;
constexpr unsigned kWindow = 4;

// D digits of 8 lanes; digit j of lane i is at[j][i].
template <std::size_t D>
struct alignas(64) Lanes {
  u64 at[D][kLanes];
};

// Everything that one batch works on; wiped as a whole.
template <std::size_t D>
struct Workspace {
  Lanes<D> n, x, entry, table[1U << kWindow];
  alignas(64) u64 k0[kLanes];
};

template <std::size_t D>
void SetLane(Lanes<D>& to, std::size_t lane, const u64* from, std::size_t limbs) {
  for (std::size_t j = 0; j < D; ++j) {
    const std::size_t position = j * kDigitBits;
    to.at[j][lane] = position < 64 * limbs ? WindowOf(from, limbs, position, kDigitBits) : 0;
  }
}

template <std::size_t D>
void GetLane(const Lanes<D>& from, std::size_t lane, u64* to, std::size_t limbs) {
  for (std::size_t k = 0; k < limbs; ++k) to[k] = 0;
  for (std::size_t j = 0; j < D; ++j) {
    const std::size_t limb = j * kDigitBits / 64, shift = j * kDigitBits % 64;
    if (limb < limbs) to[limb] |= from.at[j][lane] << shift;
    if (shift + kDigitBits > 64 && limb + 1 < limbs)
      to[limb + 1] |= from.at[j][lane] >> (64 - shift);
  }
}

// out = a b / R mod n, below 2n, digits below 2^52. `out` may be `a` or `b`.
template <std::size_t D>
FLEETMINT_IFMA void Multiply(Lanes<D>& out, const Lanes<D>& a, const Lanes<D>& b,
                             const Workspace<D>& w) {
  const Vector zero = _mm512_setzero_si512(),
               mask = _mm512_set1_epi64(static_cast<long long>(kDigitMask));
  const Vector k0 = _mm512_load_si512(w.k0);
  Vector t[D + 1];
  for (std::size_t j = 0; j <= D; ++j) t[j] = zero;
  for (std::size_t i = 0; i < D; ++i) {
    const Vector x = _mm512_load_si512(b.at[i]);
    t[0] = _mm512_madd52lo_epu64(t[0], x, _mm512_load_si512(a.at[0]));
    const Vector m = _mm512_madd52lo_epu64(zero, t[0], k0);
    t[0] = _mm512_madd52lo_epu64(t[0], m, _mm512_load_si512(w.n.at[0]));
    const Vector carry = _mm512_srli_epi64(t[0], kDigitBits);
    // One digit down: the low halves of digit j + 1 and the high halves of digit j meet in t[j].
#pragma GCC unroll 40
    for (std::size_t j = 0; j + 1 < D; ++j) {
      const Vector a_low = _mm512_load_si512(a.at[j + 1]), n_low = _mm512_load_si512(w.n.at[j + 1]);
      const Vector a_high = _mm512_load_si512(a.at[j]), n_high = _mm512_load_si512(w.n.at[j]);
      Vector sum = _mm512_madd52lo_epu64(t[j + 1], x, a_low);
      sum = _mm512_madd52hi_epu64(sum, x, a_high);
      sum = _mm512_madd52lo_epu64(sum, m, n_low);
      t[j] = _mm512_madd52hi_epu64(sum, m, n_high);
    }
    const Vector top = _mm512_madd52hi_epu64(zero, x, _mm512_load_si512(a.at[D - 1]));
    t[D - 1] = _mm512_madd52hi_epu64(top, m, _mm512_load_si512(w.n.at[D - 1]));
    t[0] = _mm512_add_epi64(t[0], carry);
  }
  Vector carry = zero;
  for (std::size_t j = 0; j < D; ++j) {
    const Vector sum = _mm512_add_epi64(t[j], carry);
    carry = _mm512_srli_epi64(sum, kDigitBits);
    _mm512_store_si512(out.at[j], _mm512_and_si512(sum, mask));
  }
}

// x = x - n where x >= n, for x < 2n with digits below 2^52.
template <std::size_t D>
FLEETMINT_IFMA void SubtractIfNotLess(Lanes<D>& x, const Lanes<D>& n) {
  const Vector mask = _mm512_set1_epi64(static_cast<long long>(kDigitMask));
  Vector difference[D], carry = _mm512_setzero_si512();
  for (std::size_t j = 0; j < D; ++j) {
    const Vector d = _mm512_add_epi64(
        _mm512_sub_epi64(_mm512_load_si512(x.at[j]), _mm512_load_si512(n.at[j])), carry);
    carry = _mm512_srai_epi64(d, kDigitBits);
    difference[j] = _mm512_and_si512(d, mask);
  }
  const __mmask8 not_less = _mm512_cmpeq_epi64_mask(carry, _mm512_setzero_si512());
  for (std::size_t j = 0; j < D; ++j) {
    _mm512_store_si512(
        x.at[j], _mm512_mask_blend_epi64(not_less, _mm512_load_si512(x.at[j]), difference[j]));
  }
}

// x = 2x mod n, for x < n.
template <std::size_t D>
FLEETMINT_IFMA void Double(Lanes<D>& x, const Lanes<D>& n) {
  const Vector mask = _mm512_set1_epi64(static_cast<long long>(kDigitMask));
  Vector carry = _mm512_setzero_si512();
  for (std::size_t j = 0; j < D; ++j) {
    const Vector digit = _mm512_load_si512(x.at[j]);
    const Vector doubled = _mm512_or_si512(_mm512_slli_epi64(digit, 1), carry);
    carry = _mm512_srli_epi64(doubled, kDigitBits);
    _mm512_store_si512(x.at[j], _mm512_and_si512(doubled, mask));
  }
  SubtractIfNotLess(x, n);
}

// w.entry = w.table[index of each lane], every entry being read.
template <std::size_t D>
FLEETMINT_IFMA void Select(Workspace<D>& w, const u64* index) {
  const Vector wanted = _mm512_load_si512(index);
  Vector entry[D];
  for (std::size_t j = 0; j < D; ++j) entry[j] = _mm512_setzero_si512();
  for (unsigned i = 0; i < (1U << kWindow); ++i) {
    const __mmask8 here = _mm512_cmpeq_epi64_mask(wanted, _mm512_set1_epi64(i));
    for (std::size_t j = 0; j < D; ++j) {
      entry[j] = _mm512_mask_mov_epi64(entry[j], here, _mm512_load_si512(w.table[i].at[j]));
    }
  }
  for (std::size_t j = 0; j < D; ++j) _mm512_store_si512(w.entry.at[j], entry[j]);
}

// x = R mod n, entry = R^2 mod n. Lane by lane 2^(64 L) - n < n (the top bit of n is set) is 2^(64
// L) mod n; doubled up to R; and R 2^(52 D / 8), squared three times in Montgomery form, is R 2^(52
// D) = R^2.
template <std::size_t D, std::size_t L>
FLEETMINT_IFMA void MakeConstants(Workspace<D>& w, const u64* const* moduli) {
  static_assert(52 * D % 8 == 0 && 52 * D >= 64 * L + 2);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    u64 complement[L], carry = 1;
    for (std::size_t k = 0; k < L; ++k) {
      complement[k] = ~moduli[lane][k] + carry;
      carry &= static_cast<u64>(complement[k] == 0);
    }
    SetLane(w.x, lane, complement, L);
    w.k0[lane] = NegatedInverse(moduli[lane][0]) & kDigitMask;
  }
  for (std::size_t i = 0; i < 52 * D - 64 * L; ++i) Double(w.x, w.n);
  w.entry = w.x;
  for (std::size_t i = 0; i < 52 * D / 8; ++i) Double(w.entry, w.n);
  for (int i = 0; i < 3; ++i) Multiply(w.entry, w.entry, w.entry, w);
}

template <std::size_t D, std::size_t L>
FLEETMINT_IFMA void PowerOf8(const Power* const* tasks, Workspace<D>& w) {
  const u64* moduli[kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    moduli[lane] = tasks[lane]->modulus;
    SetLane(w.n, lane, tasks[lane]->modulus, L);
  }
  MakeConstants<D, L>(w, moduli);
  w.table[0] = w.x;
  for (std::size_t lane = 0; lane < kLanes; ++lane) SetLane(w.table[1], lane, tasks[lane]->base, L);
  Multiply(w.table[1], w.table[1], w.entry, w);
  for (unsigned i = 2; i < (1U << kWindow); ++i)
    Multiply(w.table[i], w.table[i - 1], w.table[1], w);
  alignas(64) u64 index[kLanes];
  for (std::size_t position = 64 * L; position > 0;) {
    position -= kWindow;
    for (unsigned i = 0; i < kWindow; ++i) Multiply(w.x, w.x, w.x, w);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      index[lane] = WindowOf(tasks[lane]->exponent, L, position, kWindow);
    }
    Select(w, index);
    Multiply(w.x, w.x, w.entry, w);
  }
  std::memset(&w.entry, 0, sizeof w.entry);
  for (u64& digit : w.entry.at[0]) digit = 1;
  Multiply(w.x, w.x, w.entry, w);  // out of Montgomery form: at most n
  SubtractIfNotLess(w.x, w.n);
  Wipe(index, sizeof index);
}

// The 32 vector registers hold digits of secrets when the work is done.
FLEETMINT_IFMA void WipeRegisters() {
  __asm__ volatile(
      "vpxorq %%zmm0, %%zmm0, %%zmm0\n\tvpxorq %%zmm1, %%zmm1, %%zmm1\n\tvpxorq %%zmm2, %%zmm2, "
      "%%zmm2\n\t"
      "vpxorq %%zmm3, %%zmm3, %%zmm3\n\tvpxorq %%zmm4, %%zmm4, %%zmm4\n\tvpxorq %%zmm5, %%zmm5, "
      "%%zmm5\n\t"
      "vpxorq %%zmm6, %%zmm6, %%zmm6\n\tvpxorq %%zmm7, %%zmm7, %%zmm7\n\tvpxorq %%zmm8, %%zmm8, "
      "%%zmm8\n\t"
      "vpxorq %%zmm9, %%zmm9, %%zmm9\n\tvpxorq %%zmm10, %%zmm10, %%zmm10\n\tvpxorq %%zmm11, "
      "%%zmm11, %%zmm11\n\t"
      "vpxorq %%zmm12, %%zmm12, %%zmm12\n\tvpxorq %%zmm13, %%zmm13, %%zmm13\n\tvpxorq %%zmm14, "
      "%%zmm14, %%zmm14\n\t"
      "vpxorq %%zmm15, %%zmm15, %%zmm15\n\tvpxorq %%zmm16, %%zmm16, %%zmm16\n\tvpxorq %%zmm17, "
      "%%zmm17, %%zmm17\n\t"
      "vpxorq %%zmm18, %%zmm18, %%zmm18\n\tvpxorq %%zmm19, %%zmm19, %%zmm19\n\tvpxorq %%zmm20, "
      "%%zmm20, %%zmm20\n\t"
      "vpxorq %%zmm21, %%zmm21, %%zmm21\n\tvpxorq %%zmm22, %%zmm22, %%zmm22\n\tvpxorq %%zmm23, "
      "%%zmm23, %%zmm23\n\t"
      "vpxorq %%zmm24, %%zmm24, %%zmm24\n\tvpxorq %%zmm25, %%zmm25, %%zmm25\n\tvpxorq %%zmm26, "
      "%%zmm26, %%zmm26\n\t"
      "vpxorq %%zmm27, %%zmm27, %%zmm27\n\tvpxorq %%zmm28, %%zmm28, %%zmm28\n\tvpxorq %%zmm29, "
      "%%zmm29, %%zmm29\n\t"
      "vpxorq %%zmm30, %%zmm30, %%zmm30\n\tvpxorq %%zmm31, %%zmm31, %%zmm31" ::
          : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
            "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19",
            "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28",
            "xmm29", "xmm30", "xmm31");
}

template <std::size_t D, std::size_t L>
void PowerAll(std::span<const Power> tasks) {
  const auto workspace = std::make_unique<Workspace<D>>();
  for (std::size_t first = 0; first < tasks.size(); first += kLanes) {
    const Power* lanes[kLanes];
    // Lanes without a task repeat the first one; it writes the same answer.
    for (std::size_t i = 0; i < kLanes; ++i)
      lanes[i] = &tasks[first + i < tasks.size() ? first + i : first];
    PowerOf8<D, L>(lanes, *workspace);
    for (std::size_t i = 0; i < kLanes && first + i < tasks.size(); ++i) {
      GetLane(workspace->x, i, tasks[first + i].out, L);
    }
  }
  Wipe(workspace.get(), sizeof *workspace);
  WipeRegisters();
}

void PowerIfma(std::span<const Power> tasks, std::size_t limbs) {
  if (limbs == 16) PowerAll<20, 16>(tasks);
  if (limbs == 24) PowerAll<30, 24>(tasks);
  if (limbs == 32) PowerAll<40, 32>(tasks);
}

}  // namespace

// Defined in kernel.cc, which asks the processor first.
extern const Kernel kIfmaCode;
const Kernel kIfmaCode{"ifma", kLanes, PowerIfma};

}  // namespace fleetmint::prime
#pragma GCC diagnostic pop
#endif
