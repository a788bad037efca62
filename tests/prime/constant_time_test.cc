// The kernels branch on no secret and choose no address by one: held by memcheck (secret.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "engine/prime/kernel.h"
#include "engine/prime/sieve.h"
#include "tests/support/secret.h"

namespace fleetmint::prime {

#if defined(__x86_64__)
extern const Kernel kAvx2Code;  // kernel_avx2.cc
#endif

namespace {

using Limbs = std::vector<std::uint64_t>;

void Hide(const Limbs& limbs) { secret::Hide(limbs.data(), 8 * limbs.size()); }

// Operands of `tasks` tasks, and a place for what comes out.
struct Operands {
  Operands(std::size_t tasks, std::size_t limbs)
      : modulus(tasks, Limbs(limbs)),
        base(modulus),
        exponent(modulus),
        out(modulus),
        passes(tasks) {
    RandomStream stream(Sha256(AsBytes("constant time")));
    for (auto* numbers : {&modulus, &base, &exponent}) {
      for (Limbs& number : *numbers) {
        stream.Fill({reinterpret_cast<std::uint8_t*>(number.data()), 8 * limbs});
      }
    }
    for (std::size_t i = 0; i < tasks; ++i) {
      modulus[i][0] |= 1U;
      modulus[i].back() |= std::uint64_t{3} << 62U;
      base[i].back() &= ~(std::uint64_t{1} << 63U);
      powers.push_back({modulus[i].data(), base[i].data(), exponent[i].data(), out[i].data()});
      witnesses.push_back({modulus[i].data(), base[i].data()});
      candidates.push_back(modulus[i].data());
      for (const Limbs* number : {&modulus[i], &base[i], &exponent[i]}) Hide(*number);
    }
  }
  std::vector<Limbs> modulus, base, exponent, out;
  std::vector<std::uint8_t> passes;
  std::vector<Power> powers;
  std::vector<Witness> witnesses;
  std::vector<const std::uint64_t*> candidates;
};

// If this fails, the tests below find nothing.
TEST_F(SecretTest, LeaksAreSeen) {
  static const std::array<std::uint8_t, 256> table{1, 2, 3};
  volatile std::uint8_t seen = 0;
  std::uint8_t index = 2;
  secret::Hide(&index, 1);
  EXPECT_GE(secret::Leaks([&] { seen = table[index]; }), 1U) << "an address";
  volatile std::uint8_t limit = 1;
  EXPECT_GE(secret::Leaks([&] {
              if (index > limit) seen = limit;
            }),
            1U)
      << "a branch";
  EXPECT_EQ(secret::Leaks([&] { seen = index ^ limit; }), 0U) << "neither";
}

struct SecretCase {
  const char* kernel;
  std::size_t limbs;
};

// A kernel without FindKernel's known answers, which take memcheck 45 s.
const Kernel* Code(std::string_view name) {
#if defined(__x86_64__)
  const bool has_avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  if (name == "avx2") return has_avx2 ? &kAvx2Code : nullptr;
#endif
  return name == "portable" ? &PortableKernel() : nullptr;
}

class KernelSecretTest : public SecretTest, public testing::WithParamInterface<SecretCase> {};

// If this fails, the time or the cache tells a prime, an exponent or a base.
TEST_P(KernelSecretTest, HidesItsOperands) {
  const std::string_view name = GetParam().kernel;
  const std::size_t limbs = GetParam().limbs;
  const Kernel* const kernel = Code(name);
  if (kernel == nullptr) GTEST_SKIP() << "this processor cannot run kernel " << name;
  // One more than fill the lanes, or one fewer: batches are cut and filled up. The former for the
  // smallest numbers alone, since the same source cuts all sizes and a batch of 2048 bits takes 15
  // s.
  const std::size_t fewer = std::max<std::size_t>(kernel->lanes - 1, 1);
  Operands o(limbs == 16 ? kernel->lanes + 1 : fewer, limbs);
  EXPECT_EQ(secret::Leaks([&] { kernel->power(o.powers, limbs); }), 0U);
  EXPECT_EQ(secret::Leaks([&] { kernel->screen(o.candidates, limbs, o.passes.data()); }), 0U);
  secret::Reveal(o.passes.data(), o.passes.size());
  EXPECT_EQ(std::count(o.passes.begin(), o.passes.end(), 0), std::ssize(o.passes));
  EXPECT_EQ(secret::Leaks([&] { kernel->miller_rabin(o.witnesses, limbs, o.passes.data()); }), 0U);
  secret::Reveal(o.passes.data(), o.passes.size());
  EXPECT_EQ(std::count(o.passes.begin(), o.passes.end(), 0), std::ssize(o.passes));
}

// The two kernels that memcheck can run divide by the same code. If this fails, the time or the
// cache tells a candidate, at each size and in each stage.
TEST_F(SecretTest, TrialDivisionHidesItsNumbers) {
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    Operands o(3, limbs);
    for (std::size_t stage = 0; stage < kTrialBounds.size(); ++stage) {
      unsigned found = 0;
      PortableKernel().has_divisor(limbs, stage, o.candidates);  // makes the tables
      EXPECT_EQ(
          secret::Leaks([&] { found = PortableKernel().has_divisor(limbs, stage, o.candidates); }),
          0U)
          << "limbs " << limbs << ", stage " << stage;
      secret::Reveal(&found, sizeof found);
      EXPECT_LT(found, 8U);
    }
  }
}

// Kernel ifma is not here: valgrind does not know AVX-512.
INSTANTIATE_TEST_SUITE_P(Kernels, KernelSecretTest,
                         testing::Values(SecretCase{"portable", 16}, SecretCase{"avx2", 16},
                                         SecretCase{"portable", 24}, SecretCase{"avx2", 24},
                                         SecretCase{"portable", 32}, SecretCase{"avx2", 32}),
                         [](const auto& info) {
                           return info.param.kernel + std::to_string(64 * info.param.limbs);
                         });

}  // namespace
}  // namespace fleetmint::prime
