// Canaries find a lane that goes wrong, and change nothing of what the other tasks are told. The
// kernels here do no arithmetic: they know the known numbers, and err in one lane.
#include "engine/prime/canaries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "engine/prime/known_numbers.h"
#include "engine/prime/search.h"
#include "tests/support/thrown.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;

constexpr std::size_t kLimbs = 16, kLanes = 8, kNever = 1000;

// What errs: one lane of one function, and which of the two tasks that it should know.
std::size_t faulty_lane = kNever;
bool errs_with_first = true;
std::map<std::size_t, int> lane_of_first, lane_of_second;  // how often a canary was seen there
std::size_t batches = 0, batches_with_canaries = 0;

bool Equals(const u64* number, const u64* known) {
  return std::equal(number, number + kLimbs, known);
}

// Notes a canary's lane, and says whether its answer shall be wrong.
bool Errs(std::size_t task, bool first) {
  ++(first ? lane_of_first : lane_of_second)[task % kLanes];
  batches_with_canaries += static_cast<std::size_t>(first);
  return task % kLanes == faulty_lane && first == errs_with_first;
}

// 1 for the known prime, 0 for the known composite; others are told their lowest bit but one.
std::uint8_t Verdict(const u64* number, std::size_t task) {
  if (Equals(number, KnownPrime(kLimbs))) return Errs(task, true) ? 0 : 1;
  if (Equals(number, KnownComposite(kLimbs))) return Errs(task, false) ? 1 : 0;
  return number[0] >> 1U & 1U;
}
void FakeScreen(std::span<const u64* const> candidates, std::size_t, std::uint8_t* passes) {
  batches += (candidates.size() + kLanes - 1) / kLanes;
  for (std::size_t i = 0; i < candidates.size(); ++i) passes[i] = Verdict(candidates[i], i);
}
void FakeMillerRabin(std::span<const Witness> tasks, std::size_t, std::uint8_t* passes) {
  for (std::size_t i = 0; i < tasks.size(); ++i) passes[i] = Verdict(tasks[i].candidate, i);
}
void FakePower(std::span<const Power> tasks, std::size_t limbs) {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const Power& task = tasks[i];
    std::fill_n(task.out, limbs, u64{0});
    if (!Equals(task.modulus, KnownPrime(kLimbs))) {
      task.out[0] = task.base[0] + 1;
      continue;
    }
    const bool first = Equals(task.exponent, task.modulus);  // x^P
    if (first) std::copy_n(task.base, limbs, task.out);
    if (!first) task.out[0] = 1;
    if (Errs(i, first)) task.out[limbs - 1] ^= u64{1} << 40U;
  }
}

Kernel Fake() {
  Kernel kernel = PortableKernel();
  kernel.lanes = kLanes;
  kernel.screen = FakeScreen;
  kernel.miller_rabin = FakeMillerRabin;
  kernel.power = FakePower;
  return kernel;
}

// A batch of tasks of one function, whose answers must be those of the fake.
using Number = std::array<u64, kLimbs>;
std::array<Number, 2 * kLanes> Numbers() {
  std::array<Number, 2 * kLanes> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i][0] = 1 + 2 * (i * i % 7);
  return numbers;
}
void Screen(Canaries& canaries, std::size_t count) {
  const auto numbers = Numbers();
  std::vector<const u64*> candidates;
  for (std::size_t i = 0; i < count; ++i) candidates.push_back(numbers[i].data());
  std::vector<std::uint8_t> passes(count, 2);
  canaries.Screen(Fake(), candidates, kLimbs, passes.data());
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(passes[i], numbers[i][0] >> 1U & 1U) << i;
}
void MillerRabin(Canaries& canaries, std::size_t count) {
  const auto numbers = Numbers();
  std::vector<Witness> tasks;
  for (std::size_t i = 0; i < count; ++i) tasks.push_back({numbers[i].data(), numbers[i].data()});
  std::vector<std::uint8_t> passes(count, 2);
  canaries.MillerRabin(Fake(), tasks, kLimbs, passes.data());
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(passes[i], numbers[i][0] >> 1U & 1U) << i;
}
void TakePowers(Canaries& canaries, std::size_t count) {
  const auto numbers = Numbers();
  auto out = numbers;
  std::vector<Power> tasks;
  for (std::size_t i = 0; i < count; ++i)
    tasks.push_back({numbers[i].data(), numbers[i].data(), numbers[i].data(), out[i].data()});
  canaries.Power(Fake(), tasks, kLimbs);
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(out[i][0], numbers[i][0] + 1) << i;
}

struct FunctionCase {
  const char* name;
  void (*ask)(Canaries&, std::size_t);
};

class CanariesTest : public testing::TestWithParam<FunctionCase> {
 protected:
  CanariesTest() {
    faulty_lane = kNever;
    lane_of_first.clear();
    lane_of_second.clear();
    batches = batches_with_canaries = 0;
  }
  ~CanariesTest() override { faulty_lane = kNever; }

  RandomStream random_{Sha256(AsBytes("canaries"))};
};

// If this fails, a processor with one lane that has gone wrong makes keys until somebody looks.
TEST_P(CanariesTest, AFaultInAnyLaneIsFoundSoon) {
  constexpr std::uint64_t kEvery = 5;
  for (const bool first : {true, false}) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      faulty_lane = kNever;
      errs_with_first = first;
      Canaries canaries(random_, kEvery);
      for (int i = 0; i < 20; ++i) GetParam().ask(canaries, kLanes);
      faulty_lane = lane;
      std::size_t asked = 0;
      const auto error = ThrownBy([&] {
        // A lane is passed over 60 times in a row once in 3,000.
        for (; asked < 60 * kEvery; ++asked) GetParam().ask(canaries, kLanes);
      });
      ASSERT_TRUE(error) << "lane " << lane << ", first " << first;
      EXPECT_EQ(error->kind(), ErrorKind::kIntegrity);
      EXPECT_FALSE(error->faults().front().hint.empty());
    }
  }
}

// Also with fewer tasks than lanes, and with more.
TEST_P(CanariesTest, RideInEachLaneThatIsUsed) {
  for (const std::size_t count : {std::size_t{3}, kLanes - 1, kLanes, kLanes + 3, 2 * kLanes}) {
    lane_of_first.clear();
    lane_of_second.clear();
    Canaries canaries(random_, 1);
    for (int i = 0; i < 800; ++i) GetParam().ask(canaries, count);
    const std::size_t lanes = std::min(count + 2, kLanes);
    ASSERT_EQ(lane_of_first.size(), lanes) << count;
    ASSERT_EQ(lane_of_second.size(), lanes) << count;
    const int expected = 800 / static_cast<int>(lanes);  // the deviation is below 13
    for (const auto& lane_of : {lane_of_first, lane_of_second}) {
      for (const auto& [lane, times] : lane_of) EXPECT_NEAR(times, expected, 45) << lane;
    }
  }
}

// Batches, not calls: if this fails, short calls have no canaries, or all have, which costs.
TEST_P(CanariesTest, HaveTheirTurnAtEveryIntervalAcrossCalls) {
  Canaries canaries(random_);
  GetParam().ask(canaries, 1);
  EXPECT_EQ(batches_with_canaries, 1U) << "not at the first batch";
  for (std::size_t i = 1; i < 3 * Canaries::kInterval; ++i) GetParam().ask(canaries, kLanes);
  EXPECT_EQ(batches_with_canaries, 3U);
  for (std::size_t i = 0; i < Canaries::kInterval; ++i) GetParam().ask(canaries, 2 * kLanes);
  EXPECT_EQ(batches_with_canaries, 5U);
}

TEST_P(CanariesTest, NothingIsAskedOfNoTasks) {
  Canaries canaries(random_, 1);
  GetParam().ask(canaries, 0);
  EXPECT_EQ(batches_with_canaries, 0U);
}

INSTANTIATE_TEST_SUITE_P(Functions, CanariesTest,
                         testing::Values(FunctionCase{"screen", Screen},
                                         FunctionCase{"miller_rabin", MillerRabin},
                                         FunctionCase{"power", TakePowers}),
                         [](const auto& info) { return std::string(info.param.name); });

class CanariesOfKernelTest : public testing::TestWithParam<std::string_view> {};

// The known answers are those of sound kernels, whatever is drawn, at every size.
TEST_P(CanariesOfKernelTest, ASoundKernelPasses) {
  const Kernel* const kernel = FindKernel(GetParam());
  if (kernel == nullptr) GTEST_SKIP() << "this processor cannot run it";
  RandomStream random(Sha256(AsBytes("sound")));
  Canaries canaries(random, 1);
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    const u64* const prime = KnownPrime(limbs);
    std::vector<u64> base(limbs), out(limbs);
    base[0] = 5;
    for (int i = 0; i < 20; ++i) {
      std::uint8_t passes = 0;
      canaries.Screen(*kernel, {&prime, 1}, limbs, &passes);
      EXPECT_EQ(passes, 1);
      const Witness witness{prime, base.data()};
      passes = 0;
      canaries.MillerRabin(*kernel, {&witness, 1}, limbs, &passes);
      EXPECT_EQ(passes, 1);
      const Power power{prime, base.data(), prime, out.data()};
      canaries.Power(*kernel, {&power, 1}, limbs);
      EXPECT_EQ(out, base);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, CanariesOfKernelTest, testing::ValuesIn(kKernelNames),
                         [](const auto& info) { return std::string(info.param); });

// The search counts on: calls of a few batches each have the canaries of as many batches in one.
TEST(CanariesOfSearchTest, AreCountedAcrossCalls) {
  faulty_lane = kNever;
  Kernel kernel = Fake();
  kernel.first_hits = [](std::size_t, std::span<const u64* const>, std::uint8_t* const*) {};
  RandomStream random(Sha256(AsBytes("across calls")));
  constexpr std::uint64_t kEvery = 50;
  Canaries canaries(random, kEvery);
  batches = batches_with_canaries = 0;
  for (int call = 0; call < 300; ++call) {
    RandomStream stream(Sha256(AsBytes("call " + std::to_string(call))));
    RandomStream* const pointer = &stream;
    FindPrimes(kLimbs, {&pointer, 1}, {kernel, CandidateKind::kWindowed, &canaries});
  }
  // Of screening and of rounds: at least one batch each a call, at most four.
  EXPECT_GE(batches_with_canaries, std::size_t{2} * 300 / kEvery);
  EXPECT_LE(batches_with_canaries, std::size_t{8} * 300 / kEvery);
}

}  // namespace
}  // namespace fleetmint::prime
