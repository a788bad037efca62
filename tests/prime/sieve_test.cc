#include "engine/prime/sieve.h"

#include <botan/bigint.h>
#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/prime/kernel.h"

namespace fleetmint::prime {
namespace {

using Limbs = std::vector<std::uint64_t>;

Botan::BigInt ToBigInt(const Limbs& limbs) {
  Botan::BigInt value;
  for (std::size_t i = limbs.size(); i-- > 0;) value = (value << 64) + Botan::BigInt(limbs[i]);
  return value;
}

// Odd starts: random ones, and those whose digits are all ones, or all zero but the ends.
std::vector<Limbs> Starts(std::size_t limbs, std::size_t count) {
  RandomStream stream(Sha256(AsBytes("sieve starts")));
  std::vector<Limbs> starts;
  for (std::size_t i = 0; i < count; ++i) {
    Limbs start(limbs);
    stream.Fill({reinterpret_cast<std::uint8_t*>(start.data()), limbs * 8});
    if (i == 0) std::fill(start.begin(), start.end(), ~std::uint64_t{0});
    if (i == 1) std::fill(start.begin(), start.end(), 0);
    start[0] |= 1U;
    start[limbs - 1] |= std::uint64_t{3} << 62U;
    starts.push_back(start);
  }
  return starts;
}

struct Maps {
  explicit Maps(std::size_t lanes) : bytes(lanes, std::vector<std::uint8_t>(kWindowPositions)) {
    for (auto& map : bytes) pointers.push_back(map.data());
  }
  std::vector<std::vector<std::uint8_t>> bytes;
  std::vector<std::uint8_t*> pointers;
};

std::vector<const std::uint64_t*> Pointers(const std::vector<Limbs>& numbers) {
  std::vector<const std::uint64_t*> pointers;
  for (const Limbs& number : numbers) pointers.push_back(number.data());
  return pointers;
}

// If this fails, candidates with small divisors are tested (slow), or primes are never found.
TEST(SieveTest, MarksWhatHasASmallDivisorAndNothingElse) {
  for (const std::size_t limbs : {1U, 16U, 24U, 32U}) {
    const SieveTable& table = SieveTableFor(limbs);
    const std::vector<Limbs> starts = Starts(limbs, 3);
    Maps maps(starts.size());
    FirstHitsPortable(table, Pointers(starts), maps.pointers.data());
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const Botan::BigInt start = ToBigInt(starts[i]);
      for (std::size_t k = 0; k < kWindowPositions; k += limbs == 1 ? 1 : 97) {
        const Botan::BigInt number = start + static_cast<Botan::word>(2 * k);
        bool divisible = false;
        for (const double prime : table.primes) {
          divisible = divisible || number % static_cast<Botan::word>(prime) == 0;
        }
        EXPECT_EQ(maps.bytes[i][k] != 0, divisible)
            << limbs << " limbs, start " << i << " + 2 * " << k;
      }
    }
  }
}

TEST(SieveTest, TableHoldsEveryOddPrimeBelowTheBoundOnce) {
  const SieveTable& table = SieveTableFor(16);
  EXPECT_EQ(table.primes.size(), 43389U);  // pi(2^19) - 1; OEIS A007053
  EXPECT_EQ(table.primes.front(), 3);
  EXPECT_EQ(table.primes.back(), 524287);
  std::uint32_t next = 0;
  for (const SieveGroup& group : table.groups) {
    EXPECT_EQ(group.first, next);
    next = group.last;
    EXPECT_LT(group.product, std::uint64_t{1} << 46U);
  }
  EXPECT_EQ(next, table.primes.size());
  const auto last_prime = [&](std::size_t groups) {
    return table.primes[table.groups[groups - 1].last - 1];
  };
  EXPECT_EQ(last_prime(table.small_groups), 4093);
  EXPECT_EQ(last_prime(table.trial_groups[0]), 251);
}

class KernelSieveTest : public testing::TestWithParam<std::string_view> {};

// If this fails, the same stream gives other primes on another machine.
TEST_P(KernelSieveTest, AgreesWithThePortableSieve) {
  const Kernel* const kernel = FindKernel(GetParam());
  if (kernel == nullptr) GTEST_SKIP() << "this processor cannot run kernel " << GetParam();
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    const SieveTable& table = SieveTableFor(limbs);
    for (std::size_t count = 1; count <= kernel->lanes; count += 3) {
      const std::vector<Limbs> starts = Starts(limbs, count);
      Maps maps(count), expected(count);
      kernel->first_hits(table, Pointers(starts), maps.pointers.data());
      FirstHitsPortable(table, Pointers(starts), expected.pointers.data());
      EXPECT_EQ(maps.bytes, expected.bytes) << limbs << " limbs, " << count << " starts";
      std::size_t first = 0;
      for (const std::size_t last : table.trial_groups) {
        const unsigned mask = (1U << count) - 1;
        EXPECT_EQ(kernel->has_divisor(table, first, last, Pointers(starts)) & mask,
                  HasDivisorPortable(table, first, last, Pointers(starts)));
        first = last;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, KernelSieveTest, testing::ValuesIn(kKernelNames),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace fleetmint::prime
