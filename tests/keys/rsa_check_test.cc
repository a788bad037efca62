// What a key is refused for, at the very bounds: in the assembly, and again in the check of the
// finished key. The numbers here need not be prime: neither looks.
#include "engine/keys/rsa_check.h"

#include <botan/bigint.h>
#include <botan/rsa.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/keys/rsa_assemble.h"
#include "engine/prime/kernel.h"
#include "tests/support/limbs.h"
#include "tests/support/thrown.h"
#include "tests/support/weak_keys.h"

namespace fleetmint {
namespace {

prime::Canaries canaries;

using Botan::BigInt;
using testing::HasSubstr;

BigInt Power2(std::size_t n) { return BigInt::power_of_2(n); }

// An odd number of so many bits with its two top bits set.
BigInt Odd(std::size_t bits, const std::string& seed) {
  RandomStream stream(Sha256(AsBytes(seed)));
  Bytes bytes(bits / 8);
  stream.Fill(bytes);
  BigInt n(bytes.data(), bytes.size());
  for (const std::size_t bit : {std::size_t{0}, bits - 1, bits - 2}) n.set_bit(bit);
  return n;
}

// Whether the assembly keeps a pair.
bool Kept(const BigInt& p, const BigInt& q) {
  const std::size_t limbs = p.bits() / 64;
  const RsaPrimes pair{FromBigInt(p, limbs), FromBigInt(q, limbs)};
  return AssembleRsaKeys({&pair, 1}, prime::PortableKernel(), canaries).front().has_value();
}

// FIPS 186-5 A.1.3 step 5.4: |p - q| > 2^(nlen/2 - 100).
TEST(RsaBoundsTest, PrimesAreApart) {
  for (const std::size_t bits : {1024U, 1536U, 2048U}) {
    const BigInt p = Odd(bits, "apart"), bound = Power2(bits - 100);
    for (const bool p_first : {true, false}) {
      const auto kept = [&](const BigInt& q) { return p_first ? Kept(p, q) : Kept(q, p); };
      EXPECT_FALSE(kept(p - bound + 2)) << bits;
      EXPECT_FALSE(kept(p - bound)) << bits;
      EXPECT_FALSE(kept(p)) << bits;
      EXPECT_TRUE(kept(p - bound - 2)) << bits;
      EXPECT_FALSE(kept(p - Power2(bits - 150))) << bits;
    }
  }
}

// FIPS 186-5 A.1.1: d > 2^(nlen/2).
TEST(RsaBoundsTest, ExponentsAreLong) {
  for (const std::size_t limbs : {32U, 48U, 64U}) {
    const BigInt bound = Power2(32 * limbs);
    EXPECT_FALSE(IsLongExponent(FromBigInt(BigInt(1), limbs)));
    EXPECT_FALSE(IsLongExponent(FromBigInt(bound - 1, limbs)));
    EXPECT_TRUE(IsLongExponent(FromBigInt(bound + 1, limbs)));
    EXPECT_TRUE(IsLongExponent(FromBigInt(Power2(64 * limbs - 1) + 1, limbs)));
  }
}

// g = gcd(p - 1, q - 1): a large one makes d short, and is no chance.
TEST(RsaBoundsTest, PrimesDoNotShareALargeDivisor) {
  for (const std::size_t bits : {1024U, 1536U, 2048U}) {
    const auto pair_with = [&](const BigInt& g) {
      const BigInt p = Odd(bits, "p") / g * g + 1, q = Odd(bits, "another") / g * g + 1;
      return Kept(p, q);
    };
    EXPECT_TRUE(pair_with(BigInt(30)));
    EXPECT_FALSE(pair_with(Power2(31) * 3)) << bits;
    EXPECT_FALSE(pair_with(BigInt(1'000'003) * 1'000'033 * 2)) << bits;
    EXPECT_FALSE(pair_with((Power2(200) + 235) * 2)) << bits;
  }
}

// A number of the faulty library's form (weak_modulus.h).
BigInt RocaNumber(std::size_t bits, const std::string& seed) {
  BigInt m = 1;
  for (std::uint32_t l = 2; l <= 167; ++l) {
    bool prime = true;
    for (std::uint32_t f = 2; f * f <= l; ++f) prime = prime && l % f != 0;
    if (prime) m *= l;
  }
  return Odd(bits, seed) / m * m + BigInt(65537) % m;
}

TEST(RsaBoundsTest, NumbersOfTheRocaFormAreDrawnAgain) {
  EXPECT_FALSE(Kept(RocaNumber(1024, "p"), RocaNumber(1024, "another")));
}

// What CheckRsaKey says of a key that Botan makes of two numbers, "" if nothing.
std::string Verdict(const BigInt& p, const BigInt& q, std::uint32_t e = 65537) {
  const Botan::RSA_PrivateKey key(p, q, e);
  const PrivateKey made({KeyAlgorithm::kRsa, 2048}, key.private_key_info(),
                        key.subject_public_key());
  return MessageOf([&] { CheckRsaKey(made); });
}

class RsaRelationsTest : public testing::Test {
 protected:
  RsaRelationsTest() {
    if (p_ < q_) p_.swap(q_);
  }
  // Above `start`, and prime.
  static BigInt PrimeAbove(BigInt start) {
    while (!IsPrime(start) || start % 3 != 2) start += 2;
    return start;
  }
  BigInt p_ = PrimeAbove(Odd(1024, "p")), q_ = PrimeAbove(Odd(1024, "q"));
};

TEST_F(RsaRelationsTest, LengthsAndRangesAreHeld) {
  EXPECT_EQ(Verdict(p_, q_), "");
  EXPECT_THAT(Verdict(p_, q_, 3), HasSubstr("e is 65537"));
  const BigInt low = PrimeAbove(Power2(1023) + 12345);
  EXPECT_THAT(Verdict(PrimeAbove(low + Power2(1000)), low), HasSubstr("n has its length"));
  // n has 2048 bits, though q is below sqrt(2) 2^1023 by a thousandth.
  const BigInt top = PrimeAbove(Power2(1024) - Power2(1010) + 1);
  const BigInt root_of_2 = Power2(1023) / 1000 * 1413;
  EXPECT_THAT(Verdict(top, PrimeAbove(root_of_2 + 1 - root_of_2 % 2)),
              HasSubstr("p and q are at least sqrt(2)"));
  const BigInt above = Power2(1023) / 1000 * 1415;
  EXPECT_EQ(Verdict(top, PrimeAbove(above + 1 - above % 2)), "");
}

TEST_F(RsaRelationsTest, PrimesAreApart) {
  const BigInt bound = Power2(1024 - 100);
  EXPECT_EQ(Verdict(PrimeAbove(q_ + bound + 2), q_), "");
  EXPECT_THAT(Verdict(q_ + bound, q_), HasSubstr("not close to it"));
  // The prime above is a few thousand further: so this one is closer by 2^64.
  EXPECT_THAT(Verdict(PrimeAbove(q_ + bound - Power2(64)), q_), HasSubstr("not close to it"));
}

TEST_F(RsaRelationsTest, TheExponentIsTheShortOne) {
  RsaPrimes pair{FromBigInt(p_, 16), FromBigInt(q_, 16)};
  RsaNumbers numbers = *AssembleRsaKeys({&pair, 1}, prime::PortableKernel(), canaries).front();
  EXPECT_EQ(MessageOf([&] { CheckRsaKey(EncodeRsaKey(numbers)); }), "");
  const BigInt d = ToBigInt(numbers.d), half_phi = (p_ - 1) * (q_ - 1) / 2;
  // As good as d, and twice as long as it needs to be.
  numbers.d = FromBigInt(d + half_phi, 32);
  EXPECT_THAT(MessageOf([&] { CheckRsaKey(EncodeRsaKey(numbers)); }), HasSubstr("d is above 2^k"));
  numbers.d = FromBigInt(Power2(1024) - 1, 32);
  EXPECT_THAT(MessageOf([&] { CheckRsaKey(EncodeRsaKey(numbers)); }), HasSubstr("d is above 2^k"));
}

TEST_F(RsaRelationsTest, WeakModuliAreRefused) {
  // p is prime, so that q has its inverse; q is no prime, which is not looked at.
  BigInt q = q_ / 751 * 751;
  while (q.is_even() || (q - 1) % 65537 == 0) q -= 751;
  EXPECT_THAT(Verdict(p_ > q ? p_ : PrimeAbove(q + Power2(1000)), q), HasSubstr("no factor up to"));
  const BigInt a = RocaNumber(1024, "p"), b = RocaNumber(1024, "another");
  EXPECT_THAT(Verdict(a > b ? a : b, a > b ? b : a), HasSubstr("the ROCA fingerprint"));
}

}  // namespace
}  // namespace fleetmint
