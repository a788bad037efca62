#include "engine/prime/kernel.h"

#include <botan/bigint.h>
#include <botan/numthry.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "engine/base/random.h"

namespace fleetmint::prime {
namespace {

using Limbs = std::vector<std::uint64_t>;

Botan::BigInt ToBigInt(const Limbs& limbs) {
  Botan::BigInt value;
  for (std::size_t i = limbs.size(); i-- > 0;) value = (value << 64) + Botan::BigInt(limbs[i]);
  return value;
}

// One task with its own storage; operands by name of what is special about them.
struct Case {
  explicit Case(std::size_t limbs) : modulus(limbs), base(limbs), exponent(limbs), out(limbs) {}
  Limbs modulus, base, exponent, out;
  Power task() { return {modulus.data(), base.data(), exponent.data(), out.data()}; }
  Botan::BigInt expected() const {
    return Botan::power_mod(ToBigInt(base), ToBigInt(exponent), ToBigInt(modulus));
  }
};

void FillRandom(Limbs& limbs, RandomStream& stream) {
  stream.Fill({reinterpret_cast<std::uint8_t*>(limbs.data()), limbs.size() * 8});
}

Case RandomCase(std::size_t limbs, RandomStream& stream) {
  Case c(limbs);
  for (Limbs* number : {&c.modulus, &c.base, &c.exponent}) FillRandom(*number, stream);
  c.modulus[0] |= 1U;
  c.modulus.back() |= std::uint64_t{1} << 63U;
  c.base.back() &= ~(std::uint64_t{1} << 63U);
  return c;
}

// Operands at the edges of what the contract allows.
std::vector<Case> EdgeCases(std::size_t limbs, RandomStream& stream) {
  std::vector<Case> cases;
  const Limbs zero(limbs, 0), ones(limbs, ~std::uint64_t{0});
  Limbs one = zero, smallest_modulus = zero;
  one[0] = 1;
  smallest_modulus[0] = 1;
  smallest_modulus.back() = std::uint64_t{1} << 63U;
  for (const Limbs& modulus : {ones, smallest_modulus}) {
    Limbs almost = modulus;  // n - 1
    almost[0] -= 1;
    for (const Limbs& base : {zero, one, almost}) {
      for (const Limbs& exponent : {zero, one, ones, almost}) {
        Case c(limbs);
        c.modulus = modulus;
        c.base = base;
        c.exponent = exponent;
        cases.push_back(c);
      }
    }
  }
  Case sparse = RandomCase(limbs, stream);
  sparse.exponent = smallest_modulus;
  cases.push_back(sparse);
  return cases;
}

class KernelTest : public testing::TestWithParam<const char*> {
 protected:
  const Kernel* kernel() const {
    return std::string_view(GetParam()) == "ifma" ? IfmaKernel() : &PortableKernel();
  }
  void Check(std::vector<Case> cases, std::size_t limbs) {
    std::vector<Power> tasks;
    for (Case& c : cases) tasks.push_back(c.task());
    kernel()->power(tasks, limbs);
    for (std::size_t i = 0; i < cases.size(); ++i) {
      EXPECT_EQ(ToBigInt(cases[i].out), cases[i].expected())
          << GetParam() << ", limbs " << limbs << ", case " << i;
    }
  }
};

// If this fails, signatures and primes of that kernel are wrong.
TEST_P(KernelTest, AgreesWithBotanOnRandomOperands) {
  if (kernel() == nullptr) GTEST_SKIP() << "this processor has no AVX-512 IFMA";
  RandomStream stream(Sha256(AsBytes("kernel test")));
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    std::vector<Case> cases;
    for (int i = 0; i < 19; ++i) cases.push_back(RandomCase(limbs, stream));
    Check(std::move(cases), limbs);
  }
}

TEST_P(KernelTest, AgreesWithBotanAtTheEdges) {
  if (kernel() == nullptr) GTEST_SKIP() << "this processor has no AVX-512 IFMA";
  RandomStream stream(Sha256(AsBytes("kernel edges")));
  for (const std::size_t limbs : {16U, 24U, 32U}) Check(EdgeCases(limbs, stream), limbs);
}

// A lane must not see its neighbours: one task alone gives what it gives among others.
TEST_P(KernelTest, LanesDoNotMix) {
  if (kernel() == nullptr) GTEST_SKIP() << "this processor has no AVX-512 IFMA";
  RandomStream stream(Sha256(AsBytes("kernel lanes")));
  for (int i = 0; i < 8; ++i) {
    std::vector<Case> alone{RandomCase(16, stream)};
    Check(alone, 16);
  }
}

TEST_P(KernelTest, TheResultMayReplaceTheBase) {
  if (kernel() == nullptr) GTEST_SKIP() << "this processor has no AVX-512 IFMA";
  RandomStream stream(Sha256(AsBytes("kernel aliasing")));
  Case c = RandomCase(24, stream);
  const Botan::BigInt expected = c.expected();
  const Power task{c.modulus.data(), c.base.data(), c.exponent.data(), c.base.data()};
  kernel()->power({&task, 1}, 24);
  EXPECT_EQ(ToBigInt(c.base), expected);
}

INSTANTIATE_TEST_SUITE_P(Kernels, KernelTest, testing::Values("portable", "ifma"),
                         [](const auto& info) { return std::string(info.param); });

// The fast kernel is what runs where it can: a silent fall-back would be found by nobody.
TEST(KernelChoiceTest, IfmaIsChosenWhereTheProcessorHasIt) {
#if defined(__x86_64__)
  const bool has_it =
      __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512ifma") != 0;
  EXPECT_STREQ(BestKernel().name, has_it ? "ifma" : "portable");
#else
  EXPECT_STREQ(BestKernel().name, "portable");
#endif
}

}  // namespace
}  // namespace fleetmint::prime
