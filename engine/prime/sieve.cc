#include "engine/prime/sieve.h"

#include <array>
#include <cmath>

#include "engine/base/bytes.h"
#include "engine/prime/kernel.h"
#include "engine/prime/limbs.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;
using u128 = unsigned __int128;

constexpr unsigned kDigitBits = 52;
constexpr u64 kDigitMask = (u64{1} << kDigitBits) - 1;
constexpr u64 kProductLimit = u64{1} << 46U;
constexpr std::size_t kMostDigits = 40;

std::vector<std::uint32_t> OddPrimesBelow(std::uint32_t bound) {
  std::vector<bool> composite(bound);
  std::vector<std::uint32_t> primes;
  for (std::uint32_t l = 3; l < bound; l += 2) {
    if (composite[l]) continue;
    primes.push_back(l);
    for (u64 multiple = u64{l} * l; multiple < bound; multiple += 2 * l) composite[multiple] = true;
  }
  return primes;
}

void AddGroup(SieveTable& table, u64 product, std::uint32_t first, std::uint32_t last) {
  table.groups.push_back({product, NegatedInverse(product) & kDigitMask, first, last});
  // -2^-1 = (M - 1) / 2 (mod M).
  u64 coefficient = (product - 1) / 2;
  for (std::size_t j = 0; j < table.digits; ++j) {
    coefficient = static_cast<u64>((u128{coefficient} << kDigitBits) % product);
    table.coefficients.push_back(coefficient);
  }
}

SieveTable MakeTable(std::size_t limbs) {
  SieveTable table;
  table.limbs = limbs;
  table.digits = (64 * limbs + kDigitBits - 1) / kDigitBits;
  const std::vector<std::uint32_t> primes =
      OddPrimesBelow(IsKernelSize(limbs) ? kSieveBound : kSmallSieveBound);
  std::uint32_t first = 0;
  u64 product = 1;
  const auto close = [&](std::uint32_t last) {
    AddGroup(table, product, first, last);
    first = last;
    product = 1;
  };
  for (std::uint32_t i = 0; i < primes.size(); ++i) {
    const u64 prime = primes[i];
    const std::uint32_t before = i == 0 ? 0 : primes[i - 1];
    // A group ends at each bound, so that a stage is a whole number of groups.
    const auto bounded = [&](std::uint32_t bound, std::size_t& groups) {
      if (before >= bound || prime < bound) return;
      if (product != 1) close(i);
      groups = table.groups.size();
    };
    bounded(kWindowPositions, table.small_groups);
    for (std::size_t stage = 0; stage < kTrialBounds.size(); ++stage) {
      bounded(kTrialBounds[stage], table.trial_groups[stage]);
    }
    if (product > kProductLimit / prime) close(i);
    product *= prime;
    // Twice below 1/l: by at least its 2^-53th part, more than rounding the product can add.
    const double inverse = 1.0 / static_cast<double>(prime);
    table.primes.push_back(static_cast<double>(prime));
    table.inverses.push_back(std::nextafter(std::nextafter(inverse, 0), 0));
  }
  close(static_cast<std::uint32_t>(primes.size()));
  table.coefficients.shrink_to_fit();
  return table;
}

using Digits = std::array<u64, kMostDigits>;

Digits ToDigits(const u64* start, std::size_t limbs, std::size_t digits) {
  Digits out{};
  for (std::size_t j = 0; j < digits; ++j) {
    const std::size_t position = j * kDigitBits;
    if (position < 64 * limbs) out[j] = WindowOf(start, limbs, position, kDigitBits);
  }
  return out;
}

// -start / 2 modulo the group's product, under 41 products; see sieve.h.
u64 Residue(const SieveTable& table, std::size_t group, const Digits& start) {
  const u64* const coefficients = &table.coefficients[group * table.digits];
  u128 sum = 0;  // under 40 * 2^(52 + 46)
  for (std::size_t j = 0; j < table.digits; ++j) sum += u128{start[j]} * coefficients[j];
  const SieveGroup& g = table.groups[group];
  const u64 multiplier = static_cast<u64>(sum) * g.negated_inverse & kDigitMask;
  return static_cast<u64>((sum + u128{multiplier} * g.product) >> kDigitBits);
}

// r mod l: the quotient is at most one too small.
std::uint32_t Remainder(const SieveTable& table, std::uint32_t prime, u64 r) {
  const auto l = static_cast<u64>(table.primes[prime]);
  const auto quotient = static_cast<u64>(static_cast<double>(r) * table.inverses[prime]);
  const u64 rest = r - quotient * l, less = rest - l;
  return static_cast<std::uint32_t>(less + (l & (u64{0} - (less >> 63U))));
}

}  // namespace

const SieveTable& SieveTableFor(std::size_t limbs) {
  if (limbs == 1) {
    static const SieveTable table = MakeTable(1);
    return table;
  }
  if (limbs == 16) {
    static const SieveTable table = MakeTable(16);
    return table;
  }
  if (limbs == 24) {
    static const SieveTable table = MakeTable(24);
    return table;
  }
  static const SieveTable table = MakeTable(32);
  return table;
}

void FirstHitsPortable(const SieveTable& table, std::span<const u64* const> starts,
                       std::uint8_t* const* maps) {
  for (std::size_t i = 0; i < starts.size(); ++i) {
    Digits start = ToDigits(starts[i], table.limbs, table.digits);
    for (std::size_t group = 0; group < table.groups.size(); ++group) {
      const u64 r = Residue(table, group, start);
      for (std::uint32_t j = table.groups[group].first; j < table.groups[group].last; ++j) {
        const auto step = static_cast<std::size_t>(table.primes[j]);
        for (std::size_t k = Remainder(table, j, r); k < kWindowPositions; k += step)
          maps[i][k] = 1;
      }
    }
    Wipe(start.data(), sizeof start);
  }
}

unsigned HasDivisorPortable(const SieveTable& table, std::size_t first_group,
                            std::size_t last_group, std::span<const u64* const> starts) {
  unsigned found = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    Digits start = ToDigits(starts[i], table.limbs, table.digits);
    u64 divisible = 0;
    for (std::size_t group = first_group; group < last_group; ++group) {
      const u64 r = Residue(table, group, start);
      for (std::uint32_t j = table.groups[group].first; j < table.groups[group].last; ++j) {
        divisible |= (u64{Remainder(table, j, r)} - 1) >> 63U;
      }
    }
    found |= static_cast<unsigned>(divisible) << i;
    Wipe(start.data(), sizeof start);
  }
  return found;
}

}  // namespace fleetmint::prime
