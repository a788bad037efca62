// What the search asks of its kernel: how many rounds, with which bases, and known numbers among
// the others. The kernels here are not asked for arithmetic: they write down what they are asked.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "engine/base/error.h"
#include "engine/prime/known_numbers.h"
#include "engine/prime/search.h"
#include "tests/support/thrown.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;
using Limbs = std::vector<u64>;

bool Equals(const u64* number, const u64* known, std::size_t limbs) {
  return std::equal(number, number + limbs, known);
}

void HitNothing(std::size_t, std::span<const u64* const>, std::uint8_t* const*) {}

// Calls everything prime but the number that it should know for composite.
void PassAll(std::span<const u64* const> candidates, std::size_t limbs, std::uint8_t* passes) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    passes[i] = Equals(candidates[i], KnownComposite(limbs), limbs) ? 0 : 1;
  }
}

// The bases of each candidate, in their order.
std::map<Limbs, std::vector<Limbs>> bases_of;
void NoteBases(std::span<const Witness> tasks, std::size_t limbs, std::uint8_t* passes) {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    passes[i] = Equals(tasks[i].candidate, KnownComposite(limbs), limbs) ? 0 : 1;
    const Limbs candidate(tasks[i].candidate, tasks[i].candidate + limbs);
    bases_of[candidate].emplace_back(tasks[i].base, tasks[i].base + limbs);
  }
}

RandomStream StreamOf(std::size_t i) {
  return RandomStream(Sha256(AsBytes("rounds " + std::to_string(i))));
}

std::vector<SecretLimbs> Find(const Kernel& kernel, std::size_t limbs, std::size_t count) {
  std::vector<RandomStream> streams;
  std::vector<RandomStream*> pointers;
  streams.reserve(count);
  for (std::size_t i = 0; i < count; ++i) pointers.push_back(&streams.emplace_back(StreamOf(i)));
  return FindPrimes(limbs, pointers, {kernel});
}

Kernel NotingKernel() {
  Kernel kernel = PortableKernel();
  kernel.first_hits = HitNothing;
  kernel.screen = PassAll;
  kernel.miller_rabin = NoteBases;
  bases_of.clear();
  return kernel;
}

// The numbers of the header and of FIPS 186-5 table B.1, not those of the code. If this fails, the
// error is not below 2^-128.
TEST(SearchRoundsTest, EachPrimeHasItsRounds) {
  for (const auto& [limbs, rounds] : {std::pair{16U, 6U}, {24U, 4U}, {32U, 4U}}) {
    for (const std::size_t count : {1U, 5U}) {
      const Kernel kernel = NotingKernel();
      const auto primes = Find(kernel, limbs, count);
      EXPECT_EQ(RoundsFor(limbs), rounds);
      for (const SecretLimbs& prime : primes) {
        EXPECT_EQ(bases_of[Limbs(prime.begin(), prime.end())].size(), rounds) << "limbs " << limbs;
      }
    }
  }
}

// Idle lanes test further candidates: if this fails, a prime depends on how many lanes there are.
TEST(SearchRoundsTest, OfCandidatesThatPassTheFirstOneWins) {
  Kernel kernel = NotingKernel();
  const auto one_at_a_time = Find(kernel, 16, 2);
  for (const std::size_t lanes : {2U, 3U, 8U}) {
    kernel.lanes = lanes;
    EXPECT_EQ(Find(kernel, 16, 2), one_at_a_time) << lanes << " lanes";
  }
}

bool Less(const Limbs& a, const Limbs& b) {
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

// A number in [2, n - 2] as the stream has it, whose numbers outside are passed over.
Limbs NextBase(RandomStream& stream, const Limbs& n) {
  Limbs two(n.size()), limit = n, base(n.size());
  two[0] = 2;
  limit[0] -= 1;
  do {
    stream.Fill({reinterpret_cast<std::uint8_t*>(base.data()), 8 * base.size()});
  } while (Less(base, two) || !Less(base, limit));
  return base;
}

// The bases are those of the stream that the first 32 bytes of the prime's stream seed. If this
// fails, they may be known before the prime is: composites can be made that pass known bases.
TEST(SearchRoundsTest, BasesAreDrawnFromAStreamOfTheirOwn) {
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    const Kernel kernel = NotingKernel();
    const auto primes = Find(kernel, limbs, 3);
    std::set<Limbs> all;
    for (std::size_t i = 0; i < primes.size(); ++i) {
      RandomStream stream = StreamOf(i);
      std::array<std::uint8_t, kSeedBytes> seed;
      stream.Fill(seed);
      RandomStream bases(seed);
      const Limbs prime(primes[i].begin(), primes[i].end());
      for (const Limbs& base : bases_of[prime]) {
        EXPECT_EQ(base, NextBase(bases, prime)) << "limbs " << limbs << ", prime " << i;
        EXPECT_TRUE(all.insert(base).second) << "a base came twice";
      }
    }
    EXPECT_GE(all.size(), 12U);
  }
}

// A kernel that finds no prime and goes wrong in the end: it is asked for so many batches.
constexpr std::size_t kSoundBatches = 2500, kMostBatches = kSoundBatches + 1500;
std::size_t batches = 0;
void MissThePrime(std::span<const u64* const> candidates, std::size_t limbs, std::uint8_t* passes) {
  if (++batches > kMostBatches) throw std::runtime_error("nobody has noticed");
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const bool prime = Equals(candidates[i], KnownPrime(limbs), limbs);
    passes[i] = prime && batches <= kSoundBatches ? 1 : 0;
  }
}
void PassTheComposite(std::span<const u64* const> candidates, std::size_t limbs,
                      std::uint8_t* passes) {
  if (++batches > kMostBatches) throw std::runtime_error("nobody has noticed");
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const bool composite = Equals(candidates[i], KnownComposite(limbs), limbs);
    const bool prime = Equals(candidates[i], KnownPrime(limbs), limbs);
    passes[i] = prime || (composite && batches > kSoundBatches) ? 1 : 0;
  }
}

// If this fails, a processor that fails while it is hot makes keys until somebody looks.
TEST(SearchCanaryTest, AKernelThatGoesWrongLaterIsFoundOut) {
  for (const auto& screen : {MissThePrime, PassTheComposite}) {
    Kernel kernel = PortableKernel();
    kernel.first_hits = HitNothing;
    kernel.screen = screen;
    batches = 0;
    const auto error = ThrownBy([&] { Find(kernel, 16, 1); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::kIntegrity);
    EXPECT_GT(batches, kSoundBatches);
  }
}

}  // namespace
}  // namespace fleetmint::prime
