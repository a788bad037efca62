// Each guard of key generation is seen to catch its fault: kernels that go wrong at one place are
// handed to GenerateKeys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/keys/generate.h"
#include "engine/prime/known_numbers.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

using prime::Kernel;
using prime::Power;
using testing::HasSubstr;
using u64 = std::uint64_t;

constexpr KeySpec kRsa{KeyAlgorithm::kRsa, 2048};

RandomStream Seeded(const std::string& seed) { return RandomStream(Sha256(AsBytes(seed))); }

std::vector<KeyStreams> Streams(const std::string& seed) {
  std::vector<KeyStreams> streams;
  streams.push_back({Seeded(seed + " p"), Seeded(seed + " q")});
  return streams;
}

// Of one key: the first call of `power` makes q^-1 mod p, the second one the signature of the
// consistency test, modulo p and modulo q.
struct Fault {
  int call = 0;
  std::size_t task = 0;
};
Fault fault;
int calls = 0;

// The tasks of a call but for the canaries.
std::vector<Power> Others(std::span<const Power> tasks, std::size_t limbs) {
  std::vector<Power> others;
  for (const Power& task : tasks) {
    const u64* const known = prime::KnownPrime(limbs);
    if (!std::equal(known, known + limbs, task.modulus)) others.push_back(task);
  }
  return others;
}

void PowerWithAFault(std::span<const Power> tasks, std::size_t limbs) {
  prime::BestKernel().power(tasks, limbs);
  if (++calls == fault.call) Others(tasks, limbs)[fault.task].out[0] ^= 2U;
}

// What GenerateKeys says of a kernel with such a `power`.
std::string Verdict(void (*power)(std::span<const Power>, std::size_t), const std::string& seed) {
  Kernel kernel = prime::BestKernel();
  kernel.power = power;
  calls = 0;
  auto streams = Streams(seed);
  KeyOptions options;
  options.kernel = &kernel;
  const auto error = ThrownBy([&] { GenerateKeys(kRsa, streams, {}, options); });
  if (!error) return "";
  EXPECT_EQ(error->kind(), ErrorKind::kIntegrity);
  EXPECT_THAT(error->faults().front().hint, HasSubstr("do not resume on this machine"));
  return error->what();
}

// The key is sound; what must be seen is that its test was made, and its answer looked at.
TEST(GuardTest, AFaultInTheConsistencyTestIsSeen) {
  for (const std::size_t task : {0U, 1U}) {
    fault = {2, task};
    EXPECT_THAT(Verdict(PowerWithAFault, "consistency"),
                HasSubstr("fails its pairwise consistency test"));
  }
}

TEST(GuardTest, AWrongCoefficientIsSeen) {
  fault = {1, 0};
  EXPECT_THAT(Verdict(PowerWithAFault, "coefficient"),
              HasSubstr("fails its pairwise consistency test"));
}

TEST(GuardTest, ASoundKernelPasses) {
  fault = {0, 0};
  EXPECT_EQ(Verdict(PowerWithAFault, "consistency"), "");
  EXPECT_EQ(calls, 2);
}

// q^-1 mod p, plus p where that fits into as many limbs: signatures are right, so the consistency
// test passes, and the number is not what RFC 8017 3.2 says.
bool added = false;
void PowerWithTheModulusAdded(std::span<const Power> tasks, std::size_t limbs) {
  prime::BestKernel().power(tasks, limbs);
  if (++calls != 1) return;
  const Power task = Others(tasks, limbs).front();
  SecretLimbs sum(limbs);
  u64 carry = 0;
  for (std::size_t i = 0; i < limbs; ++i) {
    const auto wide = static_cast<unsigned __int128>(task.out[i]) + task.modulus[i] + carry;
    sum[i] = static_cast<u64>(wide);
    carry = static_cast<u64>(wide >> 64U);
  }
  added = carry == 0;
  if (added) std::copy(sum.begin(), sum.end(), task.out);
}

TEST(GuardTest, WhatTheConsistencyTestCannotSeeTheCheckOfTheKeySees) {
  int seen = 0;
  for (int i = 0; i < 40 && seen < 2; ++i) {
    const std::string verdict = Verdict(PowerWithTheModulusAdded, "modulus " + std::to_string(i));
    if (!added) continue;  // it did not fit
    ++seen;
    EXPECT_THAT(verdict, HasSubstr("not true that qInv is below p"));
  }
  EXPECT_EQ(seen, 2);
}

// A kernel that takes everything for prime but the number that it is tried with.
bool IsKnownComposite(const u64* number, std::size_t limbs) {
  return std::equal(number, number + limbs, prime::KnownComposite(limbs));
}
void PassAll(std::span<const u64* const> candidates, std::size_t limbs, std::uint8_t* passes) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    passes[i] = IsKnownComposite(candidates[i], limbs) ? 0 : 1;
  }
}
void PassAllRounds(std::span<const prime::Witness> tasks, std::size_t limbs, std::uint8_t* passes) {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    passes[i] = IsKnownComposite(tasks[i].candidate, limbs) ? 0 : 1;
  }
}

TEST(GuardTest, CompositesDoNotBecomeKeys) {
  Kernel kernel = prime::BestKernel();
  kernel.screen = PassAll;
  kernel.miller_rabin = PassAllRounds;
  KeyOptions options;
  options.kernel = &kernel;
  auto streams = Streams("composites");
  const auto error = ThrownBy([&] { GenerateKeys(kRsa, streams, {}, options); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIntegrity);
}

// Canaries in GenerateKeys: kernels that are sound but for what they say of the known numbers.
enum class Where { kNowhere, kScreen, kMillerRabin, kInverse, kSignature };
Where faulty = Where::kNowhere;
int canaries_seen = 0;

bool IsKnownPrime(const u64* number, std::size_t limbs) {
  return std::equal(number, number + limbs, prime::KnownPrime(limbs));
}
void ScreenButForCanaries(std::span<const u64* const> candidates, std::size_t limbs,
                          std::uint8_t* passes) {
  prime::BestKernel().screen(candidates, limbs, passes);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!IsKnownPrime(candidates[i], limbs)) continue;
    ++canaries_seen;
    if (faulty == Where::kScreen) passes[i] = 0;
  }
}
void RoundsButForCanaries(std::span<const prime::Witness> tasks, std::size_t limbs,
                          std::uint8_t* passes) {
  prime::BestKernel().miller_rabin(tasks, limbs, passes);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!IsKnownPrime(tasks[i].candidate, limbs)) continue;
    ++canaries_seen;
    if (faulty == Where::kMillerRabin) passes[i] = 0;
  }
}
void PowerButForCanaries(std::span<const Power> tasks, std::size_t limbs) {
  prime::BestKernel().power(tasks, limbs);
  // One key: one power makes qInv, two the signature.
  const Where now = Others(tasks, limbs).size() == 1 ? Where::kInverse : Where::kSignature;
  for (const Power& task : tasks) {
    if (!IsKnownPrime(task.modulus, limbs)) continue;
    ++canaries_seen;
    if (faulty == now) task.out[limbs - 1] ^= 1U;
  }
}
Kernel SoundButForCanaries(Where where) {
  Kernel kernel = prime::BestKernel();
  kernel.screen = ScreenButForCanaries;
  kernel.miller_rabin = RoundsButForCanaries;
  kernel.power = PowerButForCanaries;
  faulty = where;
  canaries_seen = 0;
  return kernel;
}

// Its keys are sound and pass every check: canaries alone can tell. If this fails, a lane that has
// gone wrong in that function stays unseen by commands that make few keys.
TEST(CanaryGuardTest, AFaultyLaneIsFoundByShortCalls) {
  for (const Where where :
       {Where::kScreen, Where::kMillerRabin, Where::kInverse, Where::kSignature}) {
    const Kernel kernel = SoundButForCanaries(where);
    prime::Canaries canaries(/*interval=*/1);
    KeyOptions options;
    options.kernel = &kernel;
    options.canaries = &canaries;
    auto streams = Streams("short call");
    const auto error = ThrownBy([&] { GenerateKeys(kRsa, streams, {}, options); });
    ASSERT_TRUE(error) << static_cast<int>(where);
    EXPECT_EQ(error->kind(), ErrorKind::kIntegrity);
    EXPECT_THAT(error->what(), HasSubstr("known"));
  }
}

TEST(CanaryGuardTest, CountsAcrossCalls) {
  const Kernel kernel = SoundButForCanaries(Where::kNowhere);
  prime::Canaries canaries;
  KeyOptions options;
  options.kernel = &kernel;
  options.canaries = &canaries;
  for (int i = 0; i < 5; ++i) {
    auto streams = Streams("counted " + std::to_string(i));
    GenerateKeys(kRsa, streams, {}, options);
  }
  // At the first batch of each function, of `power` both of its canaries.
  EXPECT_EQ(canaries_seen, 4);
  // Without any, each call has its own.
  options.canaries = nullptr;
  auto streams = Streams("alone");
  GenerateKeys(kRsa, streams, {}, options);
  EXPECT_EQ(canaries_seen, 8);
}

// Botan's check counts the keys that it has seen: whose turn it is tells whether it was asked.
TEST(GuardTest, TheIndependentCheckIsAskedOfEachKey) {
  auto streams = Streams("independent");
  streams.push_back(std::move(Streams("independent, too").front()));
  IndependentCheck check(3);
  KeyOptions options;
  options.independent_check = &check;
  const auto keys = GenerateKeys(kRsa, streams, {}, options);
  ASSERT_EQ(keys.size(), 2U);
  // A key whose second prime is none: 2 is added to its last octet.
  SecretBytes pkcs8(keys[0].pkcs8().begin(), keys[0].pkcs8().end());
  const auto at = pkcs8.size() - std::size_t{3} * (128 + 4) - 1;
  pkcs8[at] ^= 2U;
  const PrivateKey composite(kRsa, pkcs8, keys[0].spki());
  EXPECT_NO_THROW(check.Check(composite));  // the third one is not looked at
  const auto error = ThrownBy([&] { check.Check(composite); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIntegrity);
}

// If this fails, a CA's key is one of those that a window favours, and nobody has checked it.
TEST(GuardTest, CaKeysAreDrawnAfreshAndAllChecked) {
  IndependentCheck check(1);
  const KeyOptions options = CaKeyOptions(check);
  EXPECT_EQ(options.candidates, prime::CandidateKind::kFresh);
  EXPECT_EQ(options.independent_check, &check);
}

// An ECDSA key's consistency test blinds from the second stream: that it has gone on is how the
// test is seen from outside.
TEST(GuardTest, EcdsaKeysAreTriedToo) {
  for (const std::uint32_t bits : {256U, 384U}) {
    auto streams = Streams("ecdsa");
    GenerateKeys({KeyAlgorithm::kEcdsa, bits}, streams);
    RandomStream unused = Seeded("ecdsa q");
    Bytes next(32), first(32);
    streams.front().q.Fill(next);
    unused.Fill(first);
    EXPECT_NE(next, first);
  }
}

}  // namespace
}  // namespace fleetmint
