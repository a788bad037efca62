#include "engine/prime/sieve.h"

#include <cmath>
#include <type_traits>

#include "engine/prime/kernel.h"
#include "engine/prime/limbs.h"
#include "engine/prime/run_wiped.h"
#include "engine/prime/unroll.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;
using u128 = unsigned __int128;

constexpr unsigned BitsOf(SieveDigits digits) { return static_cast<unsigned>(digits); }
constexpr u64 ProductLimit(SieveDigits digits) {
  return u64{1} << (digits == SieveDigits::k64 ? 58U : 46U);
}

std::vector<std::uint32_t> OddPrimesBelow(std::uint32_t bound) {
  std::vector<bool> composite(bound);
  std::vector<std::uint32_t> primes;
  for (std::uint32_t l = 3; l < bound; l += 2) {
    if (composite[l]) continue;
    primes.push_back(l);
    for (u64 multiple = u64{l} * l; multiple < bound; multiple += u64{2} * l)
      composite[multiple] = true;
  }
  primes.shrink_to_fit();
  return primes;
}

// A group ends where the next prime would make its product too large, and at each bound, so that a
// stage is a whole number of groups.
void MakeGroups(SievePrimes& shared, SieveDigits digits) {
  const u64 mask = ~u64{0} >> (64 - BitsOf(digits));
  std::uint32_t first = 0;
  u64 product = 1;
  const auto close = [&](std::uint32_t last) {
    if (first == last) return;
    shared.groups.push_back({product, NegatedInverse(product) & mask, first, last});
    first = last;
    product = 1;
  };
  const std::vector<std::uint32_t>& primes = shared.primes;
  for (std::uint32_t i = 0; i < primes.size(); ++i) {
    const std::uint32_t before = i == 0 ? 0 : primes[i - 1];
    const auto bounded = [&](std::uint32_t bound, std::size_t& groups) {
      if (before >= bound || primes[i] < bound) return;
      close(i);
      groups = shared.groups.size();
    };
    bounded(kWindowPositions, shared.small_groups);
    for (std::size_t stage = 0; stage < kTrialBounds.size(); ++stage) {
      bounded(kTrialBounds[stage], shared.trial_groups[stage]);
    }
    if (product > ProductLimit(digits) / primes[i]) close(i);
    product *= primes[i];
  }
  close(static_cast<std::uint32_t>(primes.size()));
  shared.groups.shrink_to_fit();
}

SievePrimes MakePrimes(std::uint32_t bound, SieveDigits digits) {
  SievePrimes shared;
  shared.primes = OddPrimesBelow(bound);
  const std::size_t count = shared.primes.size();
  if (digits == SieveDigits::k64) {
    shared.reciprocals.reserve(count);
    for (const std::uint32_t prime : shared.primes) {
      shared.reciprocals.push_back(~u64{0} / prime);  // no odd prime divides 2^64
    }
  } else {
    shared.doubles.reserve(count);
    shared.inverses.reserve(count);
    for (const std::uint32_t prime : shared.primes) {
      // Twice below 1/l: by at least its 2^-53th part, more than rounding the product can add.
      const double inverse = 1.0 / prime;
      shared.doubles.push_back(prime);
      shared.inverses.push_back(std::nextafter(std::nextafter(inverse, 0), 0));
    }
  }
  MakeGroups(shared, digits);
  return shared;
}

SieveTable MakeTable(const SievePrimes& shared, std::size_t limbs, SieveDigits digits) {
  const unsigned bits = BitsOf(digits);
  SieveTable table{&shared, limbs, (64 * limbs + bits - 1) / bits, {}};
  table.coefficients.reserve(shared.groups.size() * table.digits);
  for (const SieveGroup& group : shared.groups) {
    // 2^w mod M, by which each coefficient is the one before; -2^-1 = (M - 1) / 2 (mod M).
    const u64 step = static_cast<u64>((u128{1} << bits) % group.product);
    u64 coefficient = (group.product - 1) / 2;
    for (std::size_t j = 0; j < table.digits; ++j) {
      coefficient = static_cast<u64>(u128{coefficient} * step % group.product);
      table.coefficients.push_back(coefficient);
    }
  }
  return table;
}

// -start / 2 modulo the group's product, under (L + 1) products; see sieve.h.
template <std::size_t L>
u64 Residue(const SieveGroup& group, const u64* coefficients, const u64* start) {
  u128 sum = 0;
  Unroll<L>([&](auto j) FLEETMINT_UNROLLED { sum += u128{start[j]} * coefficients[j]; });
  const u64 multiplier = static_cast<u64>(sum) * group.negated_inverse;
  return static_cast<u64>((sum + u128{multiplier} * group.product) >> 64U);
}

// r mod l: what the quotient leaves, or that less l. The one that is not negative is the smaller.
std::uint32_t Remainder(std::uint32_t prime, u64 reciprocal, u64 r) {
  const u64 rest = r - static_cast<u64>((u128{r} * reciprocal) >> 64U) * prime;
  const auto low = static_cast<std::uint32_t>(rest);  // below 2 l
  return low - prime < low ? low - prime : low;
}

// Group by group, for all starts: the table, larger than the caches, is read once. Values and not
// references: what is written to a map of bytes might be anything, as far as the compiler knows.
template <std::size_t L>
void FirstHits(const SieveTable& table, std::span<const u64* const> starts,
               std::uint8_t* const* maps) {
  const SievePrimes& shared = *table.primes;
  const std::uint32_t* const primes = shared.primes.data();
  const u64* const reciprocals = shared.reciprocals.data();
  const u64* coefficients = table.coefficients.data();
  for (std::size_t g = 0; g < shared.groups.size(); ++g, coefficients += L) {
    const SieveGroup group = shared.groups[g];
    const bool small = g < shared.small_groups;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const u64 r = Residue<L>(group, coefficients, starts[i]);
      std::uint8_t* const map = maps[i];
      for (std::uint32_t j = group.first; j < group.last; ++j) {
        const std::size_t prime = primes[j];
        std::size_t k = Remainder(primes[j], reciprocals[j], r);
        if (k < kWindowPositions) map[k] = 1;  // of a prime above, one hit at most
        if (!small) continue;
        while ((k += prime) < kWindowPositions) map[k] = 1;
      }
    }
  }
}

template <std::size_t L>
bool HasDivisor(const SieveTable& table, std::size_t stage, const u64* number) {
  const SievePrimes& shared = *table.primes;
  std::size_t g = table.FirstOfStage(stage);
  const u64* coefficients = &table.coefficients[g * L];
  std::uint32_t divisible = 0;
  for (; g < table.LastOfStage(stage); ++g, coefficients += L) {
    const SieveGroup& group = shared.groups[g];
    const u64 r = Residue<L>(group, coefficients, number);
    for (std::uint32_t j = group.first; j < group.last; ++j) {
      divisible |= (Remainder(shared.primes[j], shared.reciprocals[j], r) - 1) >> 31U;
    }
  }
  return divisible != 0;
}

}  // namespace

std::size_t SieveTable::Bytes() const { return coefficients.capacity() * sizeof(u64); }

std::size_t SieveTable::SharedBytes() const {
  return primes->primes.capacity() * sizeof(std::uint32_t) +
         primes->reciprocals.capacity() * sizeof(u64) +
         (primes->doubles.capacity() + primes->inverses.capacity()) * sizeof(double) +
         primes->groups.capacity() * sizeof(SieveGroup);
}

namespace {

template <SieveDigits digits>
const SievePrimes& PrimesOf() {
  static const SievePrimes shared = MakePrimes(kSieveBound, digits);
  return shared;
}

template <std::size_t L, SieveDigits digits>
const SieveTable& Table() {
  static const SieveTable table = [] {
    if constexpr (IsKernelSize(L)) {
      return MakeTable(PrimesOf<digits>(), L, digits);
    } else {
      static const SievePrimes small = MakePrimes(kSmallSieveBound, digits);
      return MakeTable(small, L, digits);
    }
  }();
  return table;
}

}  // namespace

const SieveTable& SieveTableFor(std::size_t limbs, SieveDigits digits) {
  if (digits == SieveDigits::k52) {
    if (limbs == 16) return Table<16, SieveDigits::k52>();
    return limbs == 24 ? Table<24, SieveDigits::k52>() : Table<32, SieveDigits::k52>();
  }
  if (limbs == 1) return Table<1, SieveDigits::k64>();
  if (limbs == 16) return Table<16, SieveDigits::k64>();
  return limbs == 24 ? Table<24, SieveDigits::k64>() : Table<32, SieveDigits::k64>();
}

namespace {

// Starts are secrets, and so is what is left of them modulo products of primes.
constexpr std::size_t kStack = 1024;

// run(std::integral_constant of the size)
template <class Run>
void ForSize(std::size_t limbs, Run run) {
  if (limbs == 1) run(std::integral_constant<std::size_t, 1>());
  if (limbs == 16) run(std::integral_constant<std::size_t, 16>());
  if (limbs == 24) run(std::integral_constant<std::size_t, 24>());
  if (limbs == 32) run(std::integral_constant<std::size_t, 32>());
}

}  // namespace

void FirstHits64(std::size_t limbs, std::span<const u64* const> starts, std::uint8_t* const* maps) {
  const SieveTable& table = SieveTableFor(limbs, SieveDigits::k64);
  ForSize(limbs,
          [&](auto size) { RunWiped(kStack, [&] { FirstHits<size>(table, starts, maps); }); });
}

unsigned HasDivisor64(std::size_t limbs, std::size_t stage, std::span<const u64* const> numbers) {
  const SieveTable& table = SieveTableFor(limbs, SieveDigits::k64);
  unsigned found = 0;
  ForSize(limbs, [&](auto size) {
    RunWiped(kStack, [&] {
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        found |= static_cast<unsigned>(HasDivisor<size>(table, stage, numbers[i])) << i;
      }
    });
  });
  return found;
}

}  // namespace fleetmint::prime
