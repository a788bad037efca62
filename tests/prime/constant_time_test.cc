// The kernels branch on no secret and choose no address by one: held by memcheck (secret.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/prime/kernel.h"
#include "tests/support/secret.h"

namespace fleetmint::prime {
namespace {

using Limbs = std::vector<std::uint64_t>;

void Hide(const Limbs& limbs) { secret::Hide(limbs.data(), 8 * limbs.size()); }

// Operands of as many tasks as fill the lanes, one more, and a place for what comes out.
struct Operands {
  Operands(std::size_t lanes, std::size_t limbs)
      : modulus(lanes + 1, Limbs(limbs)),
        base(modulus),
        exponent(modulus),
        out(modulus),
        passes(lanes + 1) {
    RandomStream stream(Sha256(AsBytes("constant time")));
    for (auto* numbers : {&modulus, &base, &exponent}) {
      for (Limbs& number : *numbers) {
        stream.Fill({reinterpret_cast<std::uint8_t*>(number.data()), 8 * limbs});
      }
    }
    for (std::size_t i = 0; i <= lanes; ++i) {
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

void ExpectNoLeaks(const Kernel& kernel, std::size_t limbs) {
  Operands o(kernel.lanes, limbs);
  EXPECT_EQ(secret::Leaks([&] { kernel.power(o.powers, limbs); }), 0U);
  EXPECT_EQ(secret::Leaks([&] { kernel.screen(o.candidates, limbs, o.passes.data()); }), 0U);
  secret::Reveal(o.passes.data(), o.passes.size());
  EXPECT_EQ(std::count(o.passes.begin(), o.passes.end(), 0), std::ssize(o.passes));
  EXPECT_EQ(secret::Leaks([&] { kernel.miller_rabin(o.witnesses, limbs, o.passes.data()); }), 0U);
  secret::Reveal(o.passes.data(), o.passes.size());
  EXPECT_EQ(std::count(o.passes.begin(), o.passes.end(), 0), std::ssize(o.passes));
}

// If this fails, the time or the cache tells a prime, an exponent or a base. Kernel ifma is not
// here: valgrind does not know AVX-512.
TEST_F(SecretTest, KernelsHideTheirOperands) {
  for (const char* name : {"portable", "avx2"}) {
    const Kernel* const kernel = FindKernel(name);
    if (kernel == nullptr) {
      std::printf("SKIPPED: kernel %s is not usable here\n", name);
      continue;
    }
    for (const std::size_t limbs : {16U, 24U, 32U}) {
      SCOPED_TRACE(std::string(name) + ", limbs " + std::to_string(limbs));
      ExpectNoLeaks(*kernel, limbs);
    }
  }
}

}  // namespace
}  // namespace fleetmint::prime
