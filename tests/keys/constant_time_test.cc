// The assembly of RSA keys branches on no secret and chooses no address by one, but where it
// decides whether a key is kept: held by memcheck (secret.h).
#include <botan/bigint.h>
#include <botan/rsa.h>
#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/keys/limb_math.h"
#include "engine/keys/rsa_assemble.h"
#include "engine/keys/rsa_batch.h"
#include "engine/keys/weak_modulus.h"
#include "engine/prime/public_exponent.h"
#include "tests/support/secret.h"

namespace fleetmint {
namespace {

prime::Canaries canaries;

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
// 1 too large, d too small. And n, which is public, is looked at for the ROCA fingerprint, in as
// many branches as a compiler makes of it.
TEST_F(SecretTest, AssemblyDecidesThreeTimesAKey) {
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    RsaPrimes pair{Hidden(limbs, "p"), Hidden(limbs, "q")};
    std::vector<std::optional<RsaNumbers>> keys;
    const unsigned long decisions = secret::Leaks([&] {
      keys = AssembleRsaKeys({&pair, 1}, prime::PortableKernel(), canaries);
    });
    ASSERT_TRUE(keys.front());
    const SecretBytes n = FromLimbs(keys.front()->n);
    const unsigned long of_the_modulus = secret::Leaks([&] { HasRocaFingerprint(n); });
    EXPECT_EQ(decisions, 3U + of_the_modulus) << "limbs " << limbs;
  }
}

// Passes on to the kernel with moduli, exponents and bases hidden. Results are revealed: what is
// made of them is blinded.
unsigned long powers_leaks = 0;
std::size_t powers = 0;
void HiddenPower(std::span<const prime::Power> tasks, std::size_t limbs) {
  for (const prime::Power& task : tasks) {
    for (const std::uint64_t* number : {task.modulus, task.exponent, task.base})
      secret::Hide(number, 8 * limbs);
  }
  powers_leaks += secret::Leaks([&] { prime::PortableKernel().power(tasks, limbs); });
  powers += tasks.size();
  for (const prime::Power& task : tasks) secret::Reveal(task.out, 8 * limbs);
}

Botan::BigInt Odd(std::size_t limbs, const std::string& seed) {
  RandomStream stream(Sha256(AsBytes(seed)));
  Bytes bytes(8 * limbs);
  stream.Fill(bytes);
  bytes.front() |= 0xC0U;
  bytes.back() |= 1U;
  return {bytes.data(), bytes.size()};
}

// The signer's primes and exponents stay hidden from the first call on: nothing but the kernel may
// look at them. The numbers are no primes, and the signatures none.
TEST_F(SecretTest, LanesHideTheKeyThatSigns) {
  prime::Kernel kernel = prime::PortableKernel();
  kernel.lanes = 8;
  kernel.power = HiddenPower;
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    RandomStream stream(Sha256(AsBytes("lanes")));
    Botan::BigInt p = Odd(limbs, "p"), q = Odd(limbs, "q");
    if (p < q) p.swap(q);
    const Botan::RSA_PrivateKey key(p, q, 65537);
    const auto signer = RsaBatchSigner::Make(key.private_key_info(), &kernel, stream);
    ASSERT_NE(signer, nullptr);
    const std::vector<ByteView> messages{AsBytes("one"), AsBytes("two")};
    powers_leaks = powers = 0;
    const unsigned long all = secret::Leaks([&] {
      signer->Sign(messages);
      signer->Sign(messages);
    });
    EXPECT_EQ(powers, 8U);
    EXPECT_EQ(powers_leaks, 0U) << "limbs " << limbs;
    EXPECT_EQ(all, 0U) << "limbs " << limbs;
  }
}

}  // namespace
}  // namespace fleetmint
