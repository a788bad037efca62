// Kernel ifma: the sieve of sieve.h, eight starts at a time.
// Internal to the ifma kernel, which includes it inside its target region.
//
// A group costs 2 D multiply-adds with coefficients broadcast from the table, and for each of its
// primes seven operations on doubles. Quotients are rounded down and at most one too small
// (sieve.h), so the remainder is rest or rest - l; as a negative double has its top bit set, the
// smaller of the two as unsigned integers is the one that is not negative.
#pragma once

#include "engine/prime/ifma_vector.h"
#include "engine/prime/sieve.h"

namespace fleetmint::prime::ifma {

template <std::size_t D>
struct SieveLanes {
  alignas(64) Vector start[D];

  explicit SieveLanes(std::span<const u64* const> starts) {
    for (std::size_t j = 0; j < D; ++j) {
      alignas(64) u64 digit[kLanes];
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const u64* const from = starts[lane < starts.size() ? lane : 0];
        const std::size_t position = j * kDigitBits, limbs = D * 4 / 5;
        digit[lane] = position < 64 * limbs ? WindowOf(from, limbs, position, kDigitBits) : 0;
      }
      start[j] = _mm512_load_si512(digit);
    }
  }

  // -start / 2 modulo the group's product, as doubles.
  FLEETMINT_INLINE __m512d Residue(const SieveGroup& group, const u64* coefficients) const {
    Vector low[2] = {Zero(), Zero()}, high[2] = {Zero(), Zero()};
    Unroll<D>([&](auto j) FLEETMINT_UNROLLED {
      const Vector c = _mm512_set1_epi64(static_cast<long long>(coefficients[j]));
      low[j % 2] = AddLow(low[j % 2], start[j], c);
      high[j % 2] = AddHigh(high[j % 2], start[j], c);
    });
    const Vector sum = _mm512_add_epi64(low[0], low[1]);
    const Vector product = _mm512_set1_epi64(static_cast<long long>(group.product));
    const Vector multiplier =
        AddLow(Zero(), sum, _mm512_set1_epi64(static_cast<long long>(group.negated_inverse)));
    const Vector carry = Carry(AddLow(sum, multiplier, product));
    const Vector r =
        _mm512_add_epi64(_mm512_add_epi64(high[0], high[1]), AddHigh(carry, multiplier, product));
    // Exact for r < 2^52: the bits of r below the exponent of 2^52.
    const Vector exponent = _mm512_set1_epi64(0x4330000000000000);
    return _mm512_sub_pd(_mm512_castsi512_pd(_mm512_or_si512(r, exponent)),
                         _mm512_castsi512_pd(exponent));
  }
};

FLEETMINT_INLINE __m512d Remainder(__m512d r, double prime, double inverse) {
  const __m512d l = _mm512_set1_pd(prime);
  const __m512d quotient = _mm512_roundscale_pd(_mm512_mul_pd(r, _mm512_set1_pd(inverse)),
                                                _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  const __m512d rest = _mm512_fnmadd_pd(quotient, l, r);
  return _mm512_castsi512_pd(
      _mm512_min_epu64(_mm512_castpd_si512(rest), _mm512_castpd_si512(_mm512_sub_pd(rest, l))));
}

// HitList takes the first hits of primes above kWindowPositions, of which each has one hit a window
// at most and mostly none: what has none is overwritten by the next, without a branch.
class HitList {
 public:
  explicit HitList(std::size_t lanes) : lanes_(static_cast<__mmask8>((1U << lanes) - 1)) {}

  FLEETMINT_INLINE void Add(__m512d first) {
    const __m512d window = _mm512_set1_pd(static_cast<double>(kWindowPositions));
    const __mmask8 inside = _mm512_cmp_pd_mask(first, window, _CMP_LT_OQ) & lanes_;
    _mm256_store_si256(&first_[count_], _mm512_cvttpd_epi32(first));
    inside_[count_] = inside;
    count_ += static_cast<std::size_t>(inside != 0);
  }
  bool Full() const { return count_ >= kCapacity - kMostInGroup; }
  void Mark(std::uint8_t* const* maps) {
    for (std::size_t i = 0; i < count_; ++i) {
      const auto* const first = reinterpret_cast<const std::uint32_t*>(&first_[i]);
      for (unsigned inside = inside_[i]; inside != 0; inside &= inside - 1) {
        const auto lane = static_cast<unsigned>(__builtin_ctz(inside));
        maps[lane][first[lane]] = 1;
      }
    }
    count_ = 0;
  }

 private:
  static constexpr std::size_t kCapacity = 64, kMostInGroup = 4;  // 46 bits of primes above 2^12
  __m256i first_[kCapacity];
  std::uint8_t inside_[kCapacity];
  __mmask8 lanes_;
  std::size_t count_ = 0;
};

// Marks all multiples of a prime from its first hit on, lane by lane.
inline void MarkAll(__m512d first, std::size_t step, std::uint8_t* const* maps, std::size_t lanes) {
  alignas(32) std::uint32_t hit[kLanes];
  _mm256_store_si256(reinterpret_cast<__m256i*>(hit), _mm512_cvttpd_epi32(first));
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    std::uint8_t* const map = maps[lane];
    for (std::size_t k = hit[lane]; k < kWindowPositions; k += step) map[k] = 1;
  }
}

template <std::size_t D>
void FirstHits(const SieveTable& table, std::span<const u64* const> starts,
               std::uint8_t* const* maps) {
  const SieveLanes<D> lanes(starts);
  const SievePrimes& shared = *table.primes;
  const u64* coefficients = table.coefficients.data();
  for (std::size_t g = 0; g < shared.small_groups; ++g, coefficients += D) {
    const SieveGroup& group = shared.groups[g];
    const __m512d r = lanes.Residue(group, coefficients);
    for (std::uint32_t i = group.first; i < group.last; ++i) {
      MarkAll(Remainder(r, shared.doubles[i], shared.inverses[i]), shared.primes[i], maps,
              starts.size());
    }
  }
  HitList hits(starts.size());
  for (std::size_t g = shared.small_groups; g < shared.groups.size(); ++g, coefficients += D) {
    const SieveGroup& group = shared.groups[g];
    const __m512d r = lanes.Residue(group, coefficients);
    for (std::uint32_t i = group.first; i < group.last; ++i) {
      hits.Add(Remainder(r, shared.doubles[i], shared.inverses[i]));
    }
    if (hits.Full()) hits.Mark(maps);
  }
  hits.Mark(maps);
}

template <std::size_t D>
unsigned HasDivisor(const SieveTable& table, std::size_t stage,
                    std::span<const u64* const> numbers) {
  const SieveLanes<D> lanes(numbers);
  const SievePrimes& shared = *table.primes;
  std::size_t g = table.FirstOfStage(stage);
  const u64* coefficients = &table.coefficients[g * D];
  __mmask8 divisible = 0;
  for (; g < table.LastOfStage(stage); ++g, coefficients += D) {
    const SieveGroup& group = shared.groups[g];
    const __m512d r = lanes.Residue(group, coefficients);
    for (std::uint32_t i = group.first; i < group.last; ++i) {
      const __m512d rest = Remainder(r, shared.doubles[i], shared.inverses[i]);
      divisible |= _mm512_cmp_pd_mask(rest, _mm512_setzero_pd(), _CMP_EQ_OQ);
    }
  }
  return divisible;
}

}  // namespace fleetmint::prime::ifma
