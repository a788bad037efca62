// The assembly of RSA keys branches on no secret and chooses no address by one, but where it
// decides whether a key is kept: held by memcheck (secret.h).
#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/keys/limb_math.h"
#include "engine/keys/rsa_assemble.h"
#include "engine/prime/public_exponent.h"
#include "tests/support/secret.h"

namespace fleetmint {
namespace {

// A number with its top bits set, hidden.
SecretLimbs Hidden(std::size_t limbs, const std::string& seed) {
  RandomStream stream(Sha256(AsBytes(seed)));
  SecretLimbs number(limbs);
  stream.Fill({reinterpret_cast<std::uint8_t*>(number.data()), 8 * limbs});
  number[0] |= 1U;
  number.back() |= std::uint64_t{3} << 62U;
  secret::Hide(number.data(), 8 * limbs);
  return number;
}

SecretLimbs HiddenEven(std::size_t limbs, const std::string& seed) {
  SecretLimbs number = Hidden(limbs, seed);
  number[0] -= 1;
  return number;
}

// If this fails, the time or the cache tells a prime, or d.
TEST_F(SecretTest, LimbMathHidesItsOperands) {
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    SCOPED_TRACE("limbs " + std::to_string(limbs));
    SecretLimbs a = Hidden(limbs, "a"), b = Hidden(limbs, "b");
    const SecretLimbs even_a = HiddenEven(limbs, "a"), even_b = HiddenEven(limbs, "b");
    std::uint64_t less = 0;
    EXPECT_EQ(secret::Leaks([&] { Multiply(a, b); }), 0U);
    EXPECT_EQ(secret::Leaks([&] { MultiplyAddWord(a, static_cast<std::uint32_t>(b[0]), 1); }), 0U);
    EXPECT_EQ(secret::Leaks([&] { Subtract(a, b, &less); }), 0U);
    EXPECT_EQ(secret::Leaks([&] { SwapIf(less, a, b); }), 0U);
    EXPECT_EQ(secret::Leaks([&] { DivideExactly(a, b[0]); }), 0U);
    EXPECT_EQ(secret::Leaks([&] { InverseModE(ModPublicExponent(a.data(), a.size())); }), 0U);
    EXPECT_EQ(secret::Leaks([&] { Gcd(even_a, even_b); }), 0U);
    EXPECT_EQ(secret::Leaks([&] { ToLimbs(FromLimbs(a), limbs); }), 0U);
    EXPECT_EQ(secret::Leaks([&] {
                const Montgomery modulo(b);
                modulo.FromForm(modulo.Multiply(modulo.ToForm(a), a));
              }),
              0U);
  }
}

// What a key is discarded for is told by a branch each: p and q too close, the gcd of p - 1 and q -
// 1 too large, d too small. And n, which is public, is looked at for the ROCA fingerprint, two
// branches for the first prime, which ends it nine times in ten.
TEST_F(SecretTest, AssemblyDecidesThreeTimesAKey) {
  RsaPrimes pair{Hidden(16, "p"), Hidden(16, "q")};
  std::vector<std::optional<RsaNumbers>> keys;
  const unsigned long decisions = secret::Leaks([&] {
    keys = AssembleRsaKeys({&pair, 1}, prime::PortableKernel());
  });
  ASSERT_TRUE(keys.front());
  EXPECT_EQ(decisions, 3U + 2U);
}

}  // namespace
}  // namespace fleetmint
