// Weak moduli are told from sound ones.
#include "engine/keys/weak_modulus.h"

#include <botan/bigint.h>
#include <botan/numthry.h>
#include <gtest/gtest.h>

#include "engine/base/botan_compat.h"
#include "tests/support/test_keys.h"
#include "tests/support/verdict.h"
#include "tests/support/weak_keys.h"

namespace fleetmint {
namespace {

using Botan::BigInt;

using botan_compat::BytesOf;

TEST(WeakModulusTest, SoundOnesPass) {
  EXPECT_EQ(WeakKeyReason(TestRsaKey().spki()), std::nullopt);
  EXPECT_EQ(WeakKeyReason(TestEcKey().spki()), std::nullopt);
  for (int i = 0; i < 50; ++i) {
    const Bytes n = BytesOf(RandomPrime(512) * RandomPrime(512));
    EXPECT_FALSE(HasSmallFactor(n) || HasRocaFingerprint(n) || FermatFactors(n));
  }
}

TEST(WeakModulusTest, EverySmallFactorIsFound) {
  const BigInt cofactor = RandomPrime(1024);
  int primes = 0;
  for (std::uint32_t d = 2; d <= 800; ++d) {
    bool prime = true;
    for (std::uint32_t f = 2; f * f <= d; ++f) prime = prime && d % f != 0;
    if (!prime) continue;
    ++primes;
    EXPECT_EQ(HasSmallFactor(BytesOf(cofactor * d)), d <= kLargestSmallFactor) << d;
  }
  EXPECT_EQ(primes, 139);
}

TEST(WeakModulusTest, FermatFindsPrimesThatAreClose) {
  const BigInt p = RandomPrime(1024);
  BigInt q = p + 2;
  while (!IsPrime(q)) q += 2;  // a gap of about 700: one step
  EXPECT_TRUE(FermatFactors(BytesOf(p * q)));
  EXPECT_TRUE(FermatFactors(BytesOf(p * p)));
  EXPECT_EQ(WeakKeyReason(RsaSpki(p * q)).value_or("").find("the primes of its modulus"), 0U);
  // (p + q) / 2 lies k^2 / 8 above sqrt(p q), where q = p + k p^(1/2): 110 steps are k = 30.
  const BigInt root = BigInt::power_of_2(512);
  for (const auto& [k, found] : {std::pair{20, true}, {60, false}}) {
    BigInt apart = BigInt::power_of_2(1023) + 1 + root * k;
    BigInt low = BigInt::power_of_2(1023) + 1;
    while (!IsPrime(low)) low += 2;
    while (!IsPrime(apart)) apart += 2;
    EXPECT_EQ(FermatFactors(BytesOf(low * apart)), found) << k;
  }
}

TEST(WeakModulusTest, TheRocaFormIsRecognized) {
  const BigInt n = RocaPrime(512) * RocaPrime(512);
  EXPECT_TRUE(HasRocaFingerprint(BytesOf(n)));
  EXPECT_NE(WeakKeyReason(RsaSpki(n)).value_or("").find("ROCA"), std::string::npos);
}

// The keys of requests and imported certificates come from anybody: whatever is cut off or changed
// is refused, and nothing beside it is read.
TEST(WeakModulusTest, EverySpkiThatIsNoneIsDamage) {
  const Bytes spki = TestRsaKey().spki();
  for (std::size_t size = 0; size < spki.size(); ++size) {
    EXPECT_EQ(VerdictOf([&] { WeakKeyReason(ByteView(spki).first(size)); }), "damaged") << size;
  }
  for (std::size_t at = 0; at < spki.size(); ++at) {
    Bytes changed = spki;
    changed[at] ^= 0x01;
    const std::string verdict = VerdictOf([&] { WeakKeyReason(changed); });
    EXPECT_TRUE(verdict == "opened" || verdict == "damaged") << at << ": " << verdict;
  }
  const Bytes empty = FromHex("3011300d06092a864886f70d01010105000300");  // a BIT STRING of nothing
  EXPECT_EQ(VerdictOf([&] { WeakKeyReason(empty); }), "damaged");
}

}  // namespace
}  // namespace fleetmint
