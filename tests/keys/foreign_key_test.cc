// Keys of other makers: what RFC 8017 allows is taken, what it does not is named; openssl judges.
#include "engine/keys/foreign_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "engine/base/pem.h"
#include "engine/keys/load_key.h"
#include "tests/support/rsa_integers.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_keys.h"
#include "tests/support/thrown.h"
#include "tests/support/weak_keys.h"

namespace fleetmint {
namespace {

using Botan::BigInt;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A prime p of `bits` bits with gcd(p - 1, e) = 1; its second bit is set, or with `low` is not.
BigInt PrimeFor(std::size_t bits, std::uint32_t e, bool low = false) {
  SystemRandom random;
  BotanRng rng(random);
  for (;;) {
    BigInt p(rng, bits);
    p.set_bit(0);
    low ? p.clear_bit(bits - 2) : p.set_bit(bits - 2);
    if (IsPrime(p) && Botan::gcd(p - 1, e) == 1) return p;
  }
}

Bytes SpkiOf(const SecretBytes& pkcs8) { return LoadPkcs8(pkcs8)->subject_public_key(); }

std::string RefusalOf(const SecretBytes& pkcs8) {
  const auto error = ThrownBy([&] { CheckForeignKey(pkcs8, SpkiOf(TestRsaKey().pkcs8())); });
  if (!error) return "";
  EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
  EXPECT_FALSE(error->faults().front().hint.empty());
  return error->what();
}

// What `openssl rsa -check` says of it.
bool OpensslAccepts(const SecretBytes& pkcs8) {
  const TempDir dir;
  const std::string file = dir.Write("key.pem", PemEncode("PRIVATE KEY", pkcs8));
  const auto result = RunProgram({"openssl", "rsa", "-check", "-noout", "-in", file});
  return (result.out + result.err).find("RSA key ok") != std::string::npos;
}

struct Odd {
  const char* name;
  std::uint32_t e;
  bool small_modulus, swapped, phi;
  std::vector<const char*> says;
};

class OddKeyTest : public testing::TestWithParam<Odd> {};

TEST_P(OddKeyTest, IsTakenAndSaid) {
  const Odd& odd = GetParam();
  BigInt p, q;
  do {
    p = PrimeFor(1024, odd.e, odd.small_modulus);
    q = PrimeFor(1024, odd.e, odd.small_modulus);
  } while ((p * q).bits() != (odd.small_modulus ? 2047U : 2048U) || p == q);
  if ((p < q) != odd.swapped) std::swap(p, q);
  const SecretBytes key = EncodeIntegers(IntegersOf(p, q, odd.e, odd.phi));
  EXPECT_TRUE(OpensslAccepts(key));
  EXPECT_NO_THROW(CheckForeignKey(key, SpkiOf(key)));
  const std::vector<std::string> texts = KeyOddities(key);
  ASSERT_EQ(texts.size(), odd.says.size()) << testing::PrintToString(texts);
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_THAT(texts[i], HasSubstr(odd.says[i]));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, OddKeyTest,
    testing::Values(Odd{"Ours", 65537, false, false, false, {}},
                    Odd{"Exponent3", 3, false, false, false, {"exponent is 3:"}},
                    Odd{"Exponent257", 257, false, false, false, {"exponent is 257:"}},
                    Odd{"OneBitLess", 65537, true, false, false, {"has 2047 bits"}},
                    Odd{"Swapped", 65537, false, true, false, {"smaller one"}},
                    Odd{"Phi", 65537, false, false, true, {"modulo phi(n)"}},
                    Odd{"All",
                        17,
                        true,
                        true,
                        true,
                        {"exponent is 17:", "2047 bits", "smaller one", "modulo phi(n)"}}),
    [](const auto& info) { return info.param.name; });

// Any one bit of any number, changed: said, and of the number that it was; openssl refuses too.
TEST(ForeignKeyTest, AnyChangedBitIsNamed) {
  const SecretBytes& good = TestRsaKey().pkcs8();
  EXPECT_EQ(RefusalOf(good), "");
  BigInt RsaIntegers::*const members[] = {
      &RsaIntegers::n, &RsaIntegers::e,   &RsaIntegers::d,   &RsaIntegers::p,
      &RsaIntegers::q, &RsaIntegers::d_p, &RsaIntegers::d_q, &RsaIntegers::q_inverse};
  for (std::size_t field = 0; field < std::size(members); ++field) {
    const std::size_t bits = (ReadRsaIntegers(good).*members[field]).bits();
    for (const std::size_t bit : {std::size_t{0}, std::size_t{1}, bits / 2, bits - 1, bits}) {
      RsaIntegers damaged = ReadRsaIntegers(good);
      BigInt& number = damaged.*members[field];
      number.get_bit(bit) ? number.clear_bit(bit) : number.set_bit(bit);
      const SecretBytes key = EncodeIntegers(damaged);
      EXPECT_THAT(RefusalOf(key), HasSubstr("is not whole: not true that"))
          << "field " << field << ", bit " << bit;
      EXPECT_THROW(CheckKeyIsWhole(key), Error);
      EXPECT_FALSE(OpensslAccepts(key)) << "field " << field << ", bit " << bit;
    }
  }
}

TEST(ForeignKeyTest, NumbersThatDivideNothingAreNamed) {
  const RsaIntegers good = ReadRsaIntegers(TestRsaKey().pkcs8());
  for (const std::uint32_t small : {0U, 1U, 2U}) {
    for (const bool second : {false, true}) {
      RsaIntegers bad = good;
      (second ? bad.q : bad.p) = small;
      (second ? bad.p : bad.q) = good.n;
      EXPECT_THAT(RefusalOf(EncodeIntegers(bad)), HasSubstr("above 2")) << small;
    }
  }
  RsaIntegers square = good;
  square.q = square.p;
  square.n = square.p * square.p;
  EXPECT_THAT(RefusalOf(EncodeIntegers(square)), HasSubstr("n is p q"));
}

// All relations hold, and a factor is composite: only the primality test can tell.
TEST(ForeignKeyTest, AFactorThatIsNotPrimeIsNamed) {
  BigInt composite, q = PrimeFor(1024, 65537);
  do {
    composite = PrimeFor(512, 65537) * PrimeFor(512, 65537);
  } while (composite.bits() != 1024 || Botan::gcd(composite - 1, 65537) != 1);
  for (const bool second : {false, true}) {
    const SecretBytes key =
        EncodeIntegers(second ? IntegersOf(q, composite) : IntegersOf(composite, q));
    EXPECT_NO_THROW(CheckKeyIsWhole(key));
    EXPECT_THAT(RefusalOf(key), HasSubstr("p or q is not prime"));
    EXPECT_FALSE(OpensslAccepts(key));
  }
}

// The certificate's key is another one; and keys that are not RSA.
TEST(ForeignKeyTest, SignaturesAreHeldAgainstThePublicKey) {
  const SecretBytes& rsa = TestRsaKey().pkcs8();
  const SecretBytes& ec = TestEcKey().pkcs8();
  const SecretBytes& other = SharedKey({KeyAlgorithm::kEcdsa, 384}).pkcs8();
  EXPECT_NO_THROW(CheckForeignKey(rsa, SpkiOf(rsa)));
  EXPECT_NO_THROW(CheckForeignKey(ec, SpkiOf(ec)));
  EXPECT_THAT(KeyOddities(ec), IsEmpty());
  EXPECT_THROW(CheckForeignKey(ec, SpkiOf(other)), Error);
  EXPECT_THROW(CheckForeignKey(other, SpkiOf(ec)), Error);
  const SecretBytes stranger =
      EncodeIntegers(IntegersOf(PrimeFor(1024, 65537), PrimeFor(1024, 65537)));
  EXPECT_THROW(CheckForeignKey(rsa, SpkiOf(stranger)), Error);
}

TEST(ForeignKeyTest, WhatCannotBeReadIsSaid) {
  const SecretBytes& good = TestRsaKey().pkcs8();
  for (std::size_t size = 0; size < good.size(); size += 41) {
    const SecretBytes part(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    const auto error = ThrownBy([&] { CheckKeyIsWhole(part); });
    ASSERT_TRUE(error) << size;
    EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
  }
}

}  // namespace
}  // namespace fleetmint
