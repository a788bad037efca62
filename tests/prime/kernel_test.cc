// Every kernel against Botan's arithmetic.
#include "engine/prime/kernel.h"

#include <botan/auto_rng.h>
#include <botan/bigint.h>
#include <botan/numthry.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/prime/numbers.h"

namespace fleetmint::prime {
namespace {

constexpr std::size_t kSizes[] = {16, 24, 32};

struct PowerCase {
  BigInt modulus, base, exponent;
};
struct WitnessCase {
  BigInt candidate, base;
};

class KernelTest : public OneKernelTest {
 protected:
  std::vector<BigInt> Powers(const std::vector<PowerCase>& cases, std::size_t limbs) const {
    std::vector<Limbs> numbers;
    numbers.reserve(4 * cases.size());
    std::vector<Power> tasks;
    for (const PowerCase& c : cases) {
      Limbs* const first = numbers.data() + numbers.size();
      for (const BigInt& n : {c.modulus, c.base, c.exponent, BigInt()}) {
        numbers.push_back(ToLimbs(n, limbs));
      }
      tasks.push_back({first[0].data(), first[1].data(), first[2].data(), first[3].data()});
    }
    kernel_->power(tasks, limbs);
    std::vector<BigInt> out;
    for (std::size_t i = 0; i < cases.size(); ++i) out.push_back(ToBigInt(numbers[4 * i + 3]));
    return out;
  }

  // passes, with a byte more that must stay as it was.
  std::vector<std::uint8_t> Screen(const std::vector<BigInt>& candidates, std::size_t limbs) const {
    std::vector<Limbs> numbers;
    std::vector<const std::uint64_t*> tasks;
    for (const BigInt& n : candidates) numbers.push_back(ToLimbs(n, limbs));
    for (const Limbs& n : numbers) tasks.push_back(n.data());
    std::vector<std::uint8_t> passes(tasks.size() + 1, 0xA5);
    kernel_->screen(tasks, limbs, passes.data());
    return passes;
  }

  std::vector<std::uint8_t> MillerRabin(const std::vector<WitnessCase>& cases,
                                        std::size_t limbs) const {
    std::vector<Limbs> candidates, bases;
    std::vector<Witness> tasks;
    for (const WitnessCase& c : cases) {
      candidates.push_back(ToLimbs(c.candidate, limbs));
      bases.push_back(ToLimbs(c.base, limbs));
    }
    for (std::size_t i = 0; i < cases.size(); ++i) {
      tasks.push_back({candidates[i].data(), bases[i].data()});
    }
    std::vector<std::uint8_t> passes(tasks.size() + 1, 0xA5);
    kernel_->miller_rabin(tasks, limbs, passes.data());
    return passes;
  }

  void CheckPowers(const std::vector<PowerCase>& cases, std::size_t limbs) const {
    const std::vector<BigInt> out = Powers(cases, limbs);
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const auto& [modulus, base, exponent] = cases[i];
      EXPECT_EQ(out[i], Botan::power_mod(base, exponent, modulus))
          << "limbs " << limbs << ", case " << i;
    }
  }

  void CheckScreen(const std::vector<BigInt>& candidates, std::size_t limbs) const {
    std::vector<std::uint8_t> expected;
    for (const BigInt& n : candidates) expected.push_back(PassesFermatBase2(n) ? 1 : 0);
    expected.push_back(0xA5);
    EXPECT_EQ(Screen(candidates, limbs), expected) << "limbs " << limbs;
  }

  void CheckMillerRabin(const std::vector<WitnessCase>& cases, std::size_t limbs) const {
    std::vector<std::uint8_t> expected;
    for (const auto& [n, base] : cases) expected.push_back(PassesMillerRabin(n, base) ? 1 : 0);
    expected.push_back(0xA5);
    EXPECT_EQ(MillerRabin(cases, limbs), expected) << "limbs " << limbs;
  }

  Botan::AutoSeeded_RNG rng_;
};

// Odd moduli at the edges of what arithmetic in digits of any size carries: all ones; all zeros but
// the ends; ones and zeros in long runs, so that carries and borrows run through many digits.
std::vector<BigInt> EdgeModuli(std::size_t limbs) {
  const std::size_t bits = 64 * limbs;
  const auto power = [](std::size_t n) { return BigInt(1) << n; };
  return {power(bits) - 1,
          power(bits) - power(bits / 2) - 1,
          power(bits) - power(bits / 2) + 1,
          power(bits) - power(64) + 1,
          power(bits) - 0xFFFFFFFF,
          power(bits - 1) + power(bits - 2) + 1,
          power(bits - 1) + power(bits - 2) + power(bits / 2) - 1,
          power(bits - 1) + power(bits - 2) + power(bits - 61) + power(61) + 1};
}

// How far the primes of CandidatesOfEveryKind are from where the search for them starts:
// NextPrime's work of 3 s, once and for all.
struct PrimeOffsets {
  std::size_t limbs;
  unsigned of_residue[4];  // above the random start; 1, 3, 5 and 7 modulo 8
  unsigned below_the_top;
};
constexpr PrimeOffsets kPrimeOffsets[] = {{16, {5412, 188, 4560, 726}, 2097099},
                                          {24, {19174, 2430, 4972, 6118}, 3144405},
                                          {32, {1442, 1778, 4556, 7164}, 4193639}};

// Edges, random numbers, primes of every residue modulo 8, and one close to 2^(64 limbs).
std::vector<BigInt> CandidatesOfEveryKind(std::size_t limbs) {
  const PrimeOffsets& offsets = *std::find_if(std::begin(kPrimeOffsets), std::end(kPrimeOffsets),
                                              [&](auto& o) { return o.limbs == limbs; });
  RandomStream stream(Sha256(AsBytes("kernel candidates")));
  std::vector<BigInt> primes;
  std::vector<BigInt> candidates = EdgeModuli(limbs);
  for (unsigned i = 0; i < 4; ++i) {
    const BigInt start = RandomCandidate(limbs, stream);
    candidates.push_back(start);
    primes.push_back(start + offsets.of_residue[i]);
    EXPECT_EQ(primes.back() % 8, 2 * i + 1);
  }
  primes.push_back((BigInt(1) << (64 * limbs)) - offsets.below_the_top);
  for (const BigInt& prime : primes) EXPECT_TRUE(PassesFermatBase2(prime)) << "limbs " << limbs;
  candidates.insert(candidates.end(), primes.begin(), primes.end());
  return candidates;
}

// If this fails, signatures and primes of that kernel are wrong.
TEST_P(KernelTest, PowersAgreeOnRandomOperands) {
  RandomStream stream(Sha256(AsBytes("kernel test")));
  for (const std::size_t limbs : kSizes) {
    std::vector<PowerCase> cases;
    for (int i = 0; i < 19; ++i) {
      PowerCase c{RandomBits(64 * limbs, stream), 0, RandomBits(64 * limbs, stream)};
      c.modulus.set_bit(0);
      c.modulus.set_bit(64 * limbs - 1);
      c.base = RandomBits(64 * limbs, stream) % c.modulus;
      cases.push_back(c);
    }
    CheckPowers(cases, limbs);
  }
}

TEST_P(KernelTest, PowersAgreeAtTheEdges) {
  RandomStream stream(Sha256(AsBytes("kernel edges")));
  for (const std::size_t limbs : kSizes) {
    std::vector<PowerCase> cases;
    std::vector<BigInt> moduli = EdgeModuli(limbs);
    moduli.push_back((BigInt(1) << (64 * limbs - 1)) + 1);  // the smallest
    for (const BigInt& n : moduli) {
      for (const BigInt& base : {BigInt(0), BigInt(1), BigInt(n - 1), BigInt(n >> 1)}) {
        for (const BigInt& exponent : {BigInt(0), BigInt(1), BigInt(n - 1)}) {
          cases.push_back({n, base, exponent});
        }
      }
      cases.push_back({n, RandomBits(64 * limbs, stream) % n, (BigInt(1) << (64 * limbs)) - 1});
      cases.push_back({n, RandomBits(64 * limbs, stream) % n, BigInt(1) << (64 * limbs - 1)});
    }
    CheckPowers(cases, limbs);
  }
}

TEST_P(KernelTest, TheResultMayReplaceTheBase) {
  RandomStream stream(Sha256(AsBytes("kernel aliasing")));
  const Limbs modulus = ToLimbs(RandomCandidate(24, stream), 24);
  const Limbs exponent = ToLimbs(RandomCandidate(24, stream), 24);
  Limbs base = ToLimbs(RandomBits(64 * 24 - 8, stream), 24);
  const BigInt expected = Botan::power_mod(ToBigInt(base), ToBigInt(exponent), ToBigInt(modulus));
  const Power task{modulus.data(), base.data(), exponent.data(), base.data()};
  kernel_->power({&task, 1}, 24);
  EXPECT_EQ(ToBigInt(base), expected);
}

// If this fails, primes are lost, or composites cost Miller-Rabin rounds.
TEST_P(KernelTest, ScreenAgreesOnRandomNumbersAndPrimesOfEveryResidueModulo8) {
  for (const std::size_t limbs : kSizes) {
    CheckScreen(CandidatesOfEveryKind(limbs), limbs);
  }
}

// If this fails, composites become keys.
TEST_P(KernelTest, MillerRabinAgrees) {
  RandomStream stream(Sha256(AsBytes("kernel miller-rabin")));
  for (const std::size_t limbs : kSizes) {
    std::vector<WitnessCase> cases;
    for (const BigInt& n : CandidatesOfEveryKind(limbs)) {
      for (const BigInt& base :
           {BigInt(2), BigInt(n - 2), BigInt(RandomBits(64 * limbs, stream) % (n - 3) + 2)}) {
        cases.push_back({n, base});
      }
    }
    CheckMillerRabin(cases, limbs);
  }
}

// candidate - 1 = odd * 2^twos: every length of the chain of squares, to its end and past it.
TEST_P(KernelTest, MillerRabinAgreesWhateverTheTwos) {
  RandomStream stream(Sha256(AsBytes("kernel twos")));
  for (const std::size_t twos : {1, 2, 3, 4, 7, 16, 30, 31, 32, 33}) {
    BigInt start = RandomCandidate(16, stream);
    start = ((start >> (twos + 1)) << (twos + 1)) + (BigInt(1) << twos) + 1;
    const BigInt prime = NextPrime(start, twos + 1, rng_);
    std::vector<WitnessCase> cases;
    for (int i = 0; i < 4; ++i) {
      cases.push_back({prime, RandomBits(1024, stream) % (prime - 3) + 2});
    }
    cases.push_back({start, 2});
    ASSERT_EQ(PassesMillerRabin(prime, cases[0].base), twos < kMostTwos);
    CheckMillerRabin(cases, 16);
  }
}

// A lane must not see its neighbours, nor a batch the one before: the only prime among composites,
// at every place of every number of tasks.
TEST_P(KernelTest, LanesDoNotMix) {
  RandomStream stream(Sha256(AsBytes("kernel lanes")));
  const BigInt prime = NextPrime(RandomCandidate(16, stream), 1, rng_);
  std::vector<BigInt> composites;
  while (composites.size() < 2 * kernel_->lanes + 1) {
    const BigInt n = RandomCandidate(16, stream);
    if (!PassesFermatBase2(n)) composites.push_back(n);
  }
  EXPECT_EQ(Screen({}, 16), std::vector<std::uint8_t>{0xA5});
  for (std::size_t count = 1; count <= composites.size(); ++count) {
    for (std::size_t place = 0; place < count; ++place) {
      std::vector<BigInt> candidates(composites.begin(),
                                     composites.begin() + std::ptrdiff_t(count));
      candidates[place] = prime;
      std::vector<WitnessCase> cases;
      std::vector<PowerCase> powers;
      for (const BigInt& n : candidates) cases.push_back({n, 3}), powers.push_back({n, 2, n - 1});
      std::vector<std::uint8_t> expected(count, 0);
      expected[place] = 1;
      expected.push_back(0xA5);
      EXPECT_EQ(Screen(candidates, 16), expected) << count << " tasks, prime at " << place;
      EXPECT_EQ(MillerRabin(cases, 16), expected) << count << " tasks, prime at " << place;
      EXPECT_EQ(Powers(powers, 16)[place], 1) << count << " tasks, prime at " << place;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, KernelTest, testing::Values("portable", "avx2", "ifma"),
                         [](const auto& info) { return std::string(info.param); });

// The fastest kernel is what runs where it can: a silent fall-back would be found by nobody.
TEST(KernelChoiceTest, TheFastestIsChosenThatTheProcessorHas) {
  std::string expected = "portable";
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) expected = "avx2";
  if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512ifma") != 0) {
    expected = "ifma";
  }
#endif
  EXPECT_EQ(BestKernel().name, expected);
  EXPECT_EQ(FindKernel("no such kernel"), nullptr);
}

// The list that a kernel is compiled for is the one that the processor is asked for. If this
// failed, a kernel would be called on a processor without one of its instructions: SIGILL in the
// field.
TEST(KernelChoiceTest, AKernelWithoutOneOfItsInstructionSetsIsRefused) {
  std::map<std::string, std::string> stated;
  for (const Kernel* const kernel : BuiltKernels()) {
    stated[kernel->name] = kernel->instruction_sets;
    std::istringstream sets{std::string(kernel->instruction_sets)};
    bool has_all = true;
    for (std::string set; std::getline(sets, set, ',');) {
      EXPECT_EQ(FindKernel(kernel->name, set), nullptr) << kernel->name << " without " << set;
      has_all = has_all && CpuHas(set);
    }
    EXPECT_EQ(FindKernel(kernel->name), has_all ? kernel : nullptr) << kernel->name;
    EXPECT_EQ(FindKernel(kernel->name, "another set"), FindKernel(kernel->name));
  }
#if defined(__x86_64__)
  EXPECT_EQ(stated, (std::map<std::string, std::string>{
                        {"portable", ""}, {"avx2", "avx2,fma"}, {"ifma", "avx512f,avx512ifma"}}));
  EXPECT_EQ(CpuHas("fma"), __builtin_cpu_supports("fma") != 0);
  EXPECT_EQ(CpuHas("avx512ifma"), __builtin_cpu_supports("avx512ifma") != 0);
#endif
  EXPECT_FALSE(CpuHas(""));
  EXPECT_FALSE(CpuHas("avx512"));
}

// What --kernel takes is what there is.
TEST(KernelChoiceTest, TheBuiltKernelsAreThoseThatMayBeAskedFor) {
#if defined(__x86_64__)
  ASSERT_EQ(BuiltKernels().size(), kKernelNames.size());
  for (std::size_t i = 0; i < kKernelNames.size(); ++i) {
    EXPECT_EQ(BuiltKernels()[i]->name, kKernelNames[i]);
  }
#endif
}

}  // namespace
}  // namespace fleetmint::prime
