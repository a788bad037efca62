#include "engine/prime/search.h"

#include <botan/bigint.h>
#include <botan/numthry.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "engine/base/error.h"
#include "engine/prime/known_numbers.h"
#include "engine/prime/public_exponent.h"
#include "tests/support/limbs.h"
#include "tests/support/thrown.h"

namespace fleetmint::prime {
namespace {

std::vector<RandomStream> Streams(std::size_t count, const std::string& seed = "search") {
  std::vector<RandomStream> streams;
  for (std::size_t i = 0; i < count; ++i) {
    streams.emplace_back(Sha256(AsBytes(seed + std::to_string(i))));
  }
  return streams;
}

std::vector<SecretLimbs> Find(std::size_t limbs, std::vector<RandomStream> streams,
                              const SearchOptions& options, SearchCounters* counters = nullptr) {
  std::vector<RandomStream*> pointers;
  for (RandomStream& stream : streams) pointers.push_back(&stream);
  return FindPrimes(limbs, pointers, options, {}, counters);
}

class SearchTest : public testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    kernel_ = FindKernel(GetParam());
    if (kernel_ == nullptr) GTEST_SKIP() << "this processor cannot run kernel " << GetParam();
  }
  const Kernel* kernel_ = nullptr;
};

TEST_P(SearchTest, FindsPrimesAsA13Asks) {
  SystemRandom random;
  BotanRng rng(random);
  for (const CandidateKind kind : {CandidateKind::kWindowed, CandidateKind::kFresh}) {
    for (const std::size_t limbs : {16U, 24U, 32U}) {
      for (const SecretLimbs& prime : Find(limbs, Streams(limbs == 16 ? 5 : 2), {*kernel_, kind})) {
        const Botan::BigInt p = ToBigInt(prime);
        EXPECT_EQ(p.bits(), 64 * limbs);
        EXPECT_TRUE(p.get_bit(64 * limbs - 2));  // p >= 1.5 * 2^(k-1) > sqrt(2) * 2^(k-1)
        EXPECT_NE((p - 1) % kRsaPublicExponent, 0U);
        EXPECT_TRUE(Botan::is_prime(p, rng, 128));
      }
    }
  }
}

// A prime is a function of its stream alone: if this fails, a seeded test fleet is not
// reproducible.
TEST_P(SearchTest, SameStreamGivesSamePrimeOnEveryKernelAndInEveryCompany) {
  for (const CandidateKind kind : {CandidateKind::kWindowed, CandidateKind::kFresh}) {
    const auto reference = Find(16, Streams(11), {PortableKernel(), kind});
    const SearchOptions options{*kernel_, kind};
    EXPECT_EQ(Find(16, Streams(11), options), reference);
    for (std::size_t i = 0; i < reference.size();
         i += 3) {  // each alone, so with further candidates
      std::vector<RandomStream> alone;
      std::vector<RandomStream> all = Streams(11);
      alone.push_back(std::move(all[i]));
      EXPECT_EQ(Find(16, std::move(alone), options).front(), reference[i]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, SearchTest, testing::ValuesIn(kKernelNames),
                         [](const auto& info) { return std::string(info.param); });

TEST(SearchLanesTest, LanesAreHardlyEverIdleAtSixtyFourKeysAChunk) {
  const Kernel& kernel = BestKernel();
  SearchCounters counters;
  const std::size_t primes = kernel.lanes == 1 ? 4 : 128;
  Find(16, Streams(primes), {kernel}, &counters);
  const auto lost = counters.screen_idle + counters.screen_wasted + counters.confirm_idle;
  const auto lanes = counters.screen_lanes + counters.confirm_lanes;
  EXPECT_LE(100 * lost, 3 * lanes) << lost << " of " << lanes;
  EXPECT_EQ(counters.confirm_lanes - counters.confirm_idle, primes * RoundsFor(16));
  EXPECT_EQ(counters.pseudoprimes, 0U);
}

TEST(SearchStopTest, AStopRequestEndsTheSearch) {
  std::stop_source source;
  source.request_stop();
  auto streams = Streams(1);
  RandomStream* const stream = &streams.front();
  const Error error = ThrownBy([&] {
                        FindPrimes(16, {&stream, 1}, {BestKernel()}, source.get_token());
                      }).value();
  EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
}

TEST(KnownNumbersTest, ArePrimeAndComposite) {
  SystemRandom random;
  BotanRng rng(random);
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    const SecretLimbs prime(KnownPrime(limbs), KnownPrime(limbs) + limbs);
    const SecretLimbs composite(KnownComposite(limbs), KnownComposite(limbs) + limbs);
    EXPECT_TRUE(Botan::is_prime(ToBigInt(prime), rng, 128));
    const Botan::BigInt n = ToBigInt(composite);
    EXPECT_NE(Botan::power_mod(Botan::BigInt(2), n - 1, n), Botan::BigInt(1));
  }
}

// A kernel that has gone wrong in one way or the other, as a faulty processor would; the one that
// finds nothing gives up in the end.
std::size_t batches_without_a_prime = 0;
void CallNothingPrime(std::span<const std::uint64_t* const> candidates, std::size_t,
                      std::uint8_t* passes) {
  if (++batches_without_a_prime > 5000) throw std::runtime_error("nobody has noticed");
  std::fill_n(passes, candidates.size(), std::uint8_t{0});
}
void CallEverythingPrime(std::span<const std::uint64_t* const> candidates, std::size_t,
                         std::uint8_t* passes) {
  std::fill_n(passes, candidates.size(), std::uint8_t{1});
}

TEST(SearchCanaryTest, AFaultyKernelIsFoundOut) {
  for (const auto& screen : {CallNothingPrime, CallEverythingPrime}) {
    Kernel faulty = PortableKernel();
    faulty.screen = screen;
    const auto error = ThrownBy([&] { Find(16, Streams(1), {faulty}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::kIntegrity);
  }
}

bool IsKnown(const std::uint64_t* number, std::size_t limbs) {
  return std::equal(number, number + limbs, KnownPrime(limbs)) ||
         std::equal(number, number + limbs, KnownComposite(limbs));
}

// What passes the screening and fails a round must not end the search, and must not be returned.
int rounds_to_fail = 0;
void FailSomeRounds(std::span<const Witness> tasks, std::size_t limbs, std::uint8_t* passes) {
  PortableKernel().miller_rabin(tasks, limbs, passes);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (rounds_to_fail > 0 && !IsKnown(tasks[i].candidate, limbs)) {
      --rounds_to_fail;
      passes[i] = 0;
    }
  }
}

TEST(SearchPseudoprimeTest, ACandidateThatFailsARoundIsPassedOver) {
  Kernel kernel = PortableKernel();
  kernel.miller_rabin = FailSomeRounds;
  rounds_to_fail = 0;
  const auto first = Find(16, Streams(1), {kernel});
  rounds_to_fail = 1;
  SearchCounters counters;
  const auto second = Find(16, Streams(1), {kernel}, &counters);
  EXPECT_EQ(counters.pseudoprimes, 1U);
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace fleetmint::prime
