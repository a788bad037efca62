// Limb math against Botan's integers, on random operands and on those at the edges.
#include "engine/keys/limb_math.h"

#include <botan/bigint.h>
#include <botan/numthry.h>
#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/prime/public_exponent.h"
#include "tests/support/limbs.h"

namespace fleetmint {
namespace {

using Botan::BigInt;

class LimbMathTest : public testing::TestWithParam<std::size_t> {
 protected:
  BigInt Random(std::size_t bits) { return BigInt(rng_, bits); }
  // Random numbers, and numbers whose limbs are all ones or all zeros but the ends.
  std::vector<BigInt> Numbers() {
    const std::size_t bits = 64 * GetParam();
    std::vector<BigInt> numbers{BigInt(1), (BigInt(1) << bits) - 1, BigInt(1) << (bits - 1),
                                (BigInt(1) << (bits - 1)) + 1};
    for (int i = 0; i < 10; ++i) numbers.push_back(Random(bits));
    return numbers;
  }
  SystemRandom random_;
  BotanRng rng_{random_};
};

TEST_P(LimbMathTest, ProductsAndDifferencesAreRight) {
  const std::size_t limbs = GetParam();
  const BigInt modulus = BigInt(1) << (64 * limbs);
  for (const BigInt& a : Numbers()) {
    for (const BigInt& b : Numbers()) {
      const SecretLimbs x = FromBigInt(a, limbs), y = FromBigInt(b, limbs);
      EXPECT_EQ(ToBigInt(Multiply(x, y)), a * b);
      std::uint64_t borrow = 2;
      EXPECT_EQ(ToBigInt(Subtract(x, y, &borrow)), (a + modulus - b) % modulus);
      EXPECT_EQ(borrow, a < b ? 1u : 0u);
    }
    EXPECT_EQ(ToBigInt(MultiplyAddWord(FromBigInt(a, limbs), 65536, 1)), a * 65536 + 1);
    EXPECT_EQ(ModPublicExponent(FromBigInt(a, limbs).data(), limbs), a % 65537);
    EXPECT_EQ(ToLimbs(FromLimbs(FromBigInt(a, limbs)), limbs), FromBigInt(a, limbs));
  }
}

TEST_P(LimbMathTest, ExactDivisionGivesTheQuotient) {
  const std::size_t limbs = GetParam();
  for (const std::uint64_t divisor :
       {1ULL, 2ULL, 4ULL, 6ULL, 65537ULL, 0xFFFFFFFFULL, 0x80000000ULL}) {
    for (int i = 0; i < 20; ++i) {
      const BigInt quotient = Random(64 * limbs - 33);
      const BigInt product = quotient * BigInt(divisor);
      EXPECT_EQ(ToBigInt(DivideExactly(FromBigInt(product, limbs), divisor)), quotient) << divisor;
    }
  }
}

// A wrong divisor gives a private exponent that does not sign, or one that is longer than FIPS
// allows.
TEST_P(LimbMathTest, GcdAgreesWithBotan) {
  const std::size_t limbs = GetParam();
  for (int i = 0; i < 100; ++i) {
    const BigInt common = Random(1 + i % 33) * 2 + 2;
    const BigInt a = Random(64 * limbs - 64) * common, b = Random(64 * limbs - 64) * common;
    if (a == 0 || b == 0) continue;
    const BigInt gcd = Botan::gcd(a, b);
    EXPECT_EQ(BigInt(Gcd(FromBigInt(a, limbs), FromBigInt(b, limbs))),
              gcd.bits() <= 32 ? gcd : BigInt(0));
  }
  const BigInt top = BigInt(1) << (64 * limbs - 1);
  EXPECT_EQ(Gcd(FromBigInt(top, limbs), FromBigInt(top, limbs)), 0u);
  EXPECT_EQ(Gcd(FromBigInt(BigInt(6), limbs), FromBigInt(top, limbs)), 2u);
  EXPECT_EQ(Gcd(FromBigInt(BigInt(12), limbs), FromBigInt(BigInt(18), limbs)), 6u);
  EXPECT_EQ(Gcd(FromBigInt(BigInt(1) << 31, limbs), FromBigInt(top, limbs)),
            std::uint64_t{1} << 31U);
  EXPECT_EQ(Gcd(FromBigInt(BigInt(1) << 32, limbs), FromBigInt(top, limbs)), 0u);
}

TEST_P(LimbMathTest, MontgomeryProductsAreRight) {
  const std::size_t limbs = GetParam();
  for (int i = 0; i < 10; ++i) {
    BigInt n = i == 0 ? (BigInt(1) << (64 * limbs)) - 1 : Random(64 * limbs);
    n.set_bit(0);
    n.set_bit(64 * limbs - 1);
    const Montgomery field(FromBigInt(n, limbs));
    for (const BigInt& a : {BigInt(0), BigInt(1), n - 1, Random(64 * limbs) % n}) {
      const BigInt b = Random(64 * limbs) % n;
      const SecretLimbs product =
          field.Multiply(field.ToForm(FromBigInt(a, limbs)), field.ToForm(FromBigInt(b, limbs)));
      EXPECT_EQ(ToBigInt(field.FromForm(product)), a * b % n);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, LimbMathTest, testing::Values(16, 24, 32));

TEST(InverseModETest, IsTheInverse) {
  for (std::uint64_t x = 1; x < 65537; ++x)
    ASSERT_EQ(x * InverseModE(static_cast<std::uint32_t>(x)) % 65537, 1u);
  EXPECT_EQ(InverseModE(0), 0u);
}

}  // namespace
}  // namespace fleetmint
