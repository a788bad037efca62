#include "engine/prime/sieve.h"

#include <botan/bigint.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/random.h"
#include "engine/prime/kernel.h"
#include "tests/support/limbs.h"

namespace fleetmint::prime {
namespace {

using Limbs = std::vector<std::uint64_t>;

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
    const SievePrimes& shared = *SieveTableFor(limbs, SieveDigits::k64).primes;
    const std::vector<Limbs> starts = Starts(limbs, 3);
    Maps maps(starts.size());
    FirstHits64(limbs, Pointers(starts), maps.pointers.data());
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const Botan::BigInt start = ToBigInt(starts[i]);
      for (std::size_t k = 0; k < kWindowPositions; k += limbs == 1 ? 1 : 97) {
        const Botan::BigInt number = start + static_cast<Botan::word>(2 * k);
        const bool divisible = std::any_of(
            shared.primes.begin(), shared.primes.end(),
            [&](std::uint32_t prime) { return number % static_cast<Botan::word>(prime) == 0; });
        EXPECT_EQ(maps.bytes[i][k] != 0, divisible)
            << limbs << " limbs, start " << i << " + 2 * " << k;
      }
    }
  }
}

TEST(SieveTest, ADivisorBelongsToTheStageOfItsBounds) {
  const std::vector<Limbs> numbers = Starts(16, 8);
  const std::vector<std::uint32_t>& primes = SieveTableFor(16, SieveDigits::k64).primes->primes;
  std::uint32_t low = 3;
  for (std::size_t stage = 0; stage < kTrialBounds.size(); ++stage) {
    const std::uint32_t high = kTrialBounds[stage];
    unsigned expected = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const Botan::BigInt number = ToBigInt(numbers[i]);
      for (std::uint32_t d = low | 1U; d < high; d += 2) {
        const bool prime = std::ranges::binary_search(primes, d);
        if (prime && number % static_cast<Botan::word>(d) == 0) expected |= 1U << i;
      }
    }
    EXPECT_EQ(HasDivisor64(16, stage, Pointers(numbers)), expected) << "stage " << stage;
    low = high;
  }
}

TEST(SieveTest, TablesHoldEveryOddPrimeBelowTheBoundOnce) {
  for (const SieveDigits digits : {SieveDigits::k52, SieveDigits::k64}) {
    const SievePrimes& shared = *SieveTableFor(16, digits).primes;
    EXPECT_EQ(shared.primes.size(), 43389U);  // pi(2^19) - 1; OEIS A007053
    EXPECT_EQ(shared.primes.front(), 3U);
    EXPECT_EQ(shared.primes.back(), 524287U);
    std::uint32_t next = 0;
    for (const SieveGroup& group : shared.groups) {
      EXPECT_EQ(group.first, next);
      next = group.last;
      EXPECT_LT(group.product, std::uint64_t{1} << (digits == SieveDigits::k64 ? 58 : 46));
    }
    EXPECT_EQ(next, shared.primes.size());
    const auto last_prime = [&](std::size_t groups) {
      return shared.primes[shared.groups[groups - 1].last - 1];
    };
    EXPECT_EQ(last_prime(shared.small_groups), 4093U);
    EXPECT_EQ(last_prime(shared.trial_groups[0]), 251U);
  }
}

// They are shared by all threads, whatever sizes of keys a run makes.
TEST(SieveTest, TablesOfAllSizesTakeLessThanSixteenMebibytes) {
  for (const SieveDigits digits : {SieveDigits::k52, SieveDigits::k64}) {
    const SieveTable& first = SieveTableFor(16, digits);
    std::size_t bytes = first.SharedBytes();
    for (const std::size_t limbs : {16U, 24U, 32U}) {
      EXPECT_EQ(SieveTableFor(limbs, digits).primes, first.primes);
      bytes += SieveTableFor(limbs, digits).Bytes();
    }
    EXPECT_LT(bytes, std::size_t{16} << 20U) << static_cast<unsigned>(digits);
  }
}

class KernelSieveTest : public testing::TestWithParam<std::string_view> {};

// If this fails, the same stream gives other primes on another machine.
TEST_P(KernelSieveTest, AgreesWithThePortableSieve) {
  const Kernel* const kernel = FindKernel(GetParam());
  if (kernel == nullptr) GTEST_SKIP() << "this processor cannot run kernel " << GetParam();
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    for (std::size_t count = 1; count <= kernel->lanes; count += 3) {
      const std::vector<Limbs> starts = Starts(limbs, count);
      Maps maps(count), expected(count);
      kernel->first_hits(limbs, Pointers(starts), maps.pointers.data());
      FirstHits64(limbs, Pointers(starts), expected.pointers.data());
      EXPECT_EQ(maps.bytes, expected.bytes) << limbs << " limbs, " << count << " starts";
      for (std::size_t stage = 0; stage < kTrialBounds.size(); ++stage) {
        const unsigned mask = (1U << count) - 1;
        EXPECT_EQ(kernel->has_divisor(limbs, stage, Pointers(starts)) & mask,
                  HasDivisor64(limbs, stage, Pointers(starts)));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, KernelSieveTest, testing::ValuesIn(kKernelNames),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace fleetmint::prime
