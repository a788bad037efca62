// Keys in DER become Botan's objects, and what is none is said to be none.
#include "engine/keys/load_key.h"

#include <botan/exceptn.h>
#include <gtest/gtest.h>

#include "engine/base/der.h"
#include "engine/base/pem.h"
#include "tests/support/run_program.h"
#include "tests/support/test_keys.h"

namespace fleetmint {
namespace {

TEST(LoadKeyTest, BothHalvesAreOneKey) {
  for (const PrivateKey* key : {&TestRsaKey(), &TestEcKey()}) {
    const auto private_key = LoadPkcs8(key->pkcs8());
    const auto public_key = LoadSpki(key->spki());
    EXPECT_EQ(private_key->subject_public_key(), key->spki());
    EXPECT_EQ(public_key->subject_public_key(), key->spki());
    EXPECT_EQ(private_key->algo_name(), public_key->algo_name());
  }
}

// The PFX of Windows carries the key spec as an attribute of the PKCS#8 (RFC 5208 5).
TEST(LoadKeyTest, AttributesOfThePkcs8AreNoObstacle) {
  const SecretBytes& plain = TestEcKey().pkcs8();
  ASSERT_EQ(plain[1], 0x81) << "another header than this test cuts off";
  SecretDerWriter writer;
  writer.Sequence([&](SecretDerWriter& info) {
    info.Raw(ByteView(plain).subspan(3));
    info.Context(0, [](SecretDerWriter& attributes) {
      attributes.Sequence([](SecretDerWriter& attribute) {
        attribute.Oid("2.5.29.15").Set([](SecretDerWriter& set) { set.BitString(Bytes{0x80}, 7); });
      });
    });
  });
  EXPECT_EQ(LoadPkcs8(writer.Take())->private_key_bits(), LoadPkcs8(plain)->private_key_bits());
}

TEST(LoadKeyTest, OpensslsKeysAreRead) {
  for (const auto& [algorithm, option] :
       {std::pair{"RSA", "rsa_keygen_bits:2048"}, std::pair{"EC", "ec_paramgen_curve:P-384"}}) {
    const auto made =
        RunProgram({"openssl", "genpkey", "-algorithm", algorithm, "-pkeyopt", option});
    ASSERT_TRUE(made.ok()) << made;
    const auto spki = RunProgram({"openssl", "pkey", "-pubout"}, made.out);
    ASSERT_TRUE(spki.ok()) << spki;
    EXPECT_EQ(LoadPkcs8(PemDecodeAll(made.out).front().der)->subject_public_key(),
              LoadSpki(PemDecodeAll(spki.out).front().der)->subject_public_key());
  }
}

// The header's promise: Botan's exceptions, nothing else, and never a null pointer.
TEST(LoadKeyTest, WhatIsNoKeyThrows) {
  const SecretBytes& pkcs8 = TestEcKey().pkcs8();
  const Bytes& spki = TestEcKey().spki();
  for (std::size_t length = 0; length < pkcs8.size(); ++length) {
    EXPECT_THROW(LoadPkcs8({pkcs8.begin(), pkcs8.begin() + static_cast<long>(length)}),
                 Botan::Exception)
        << length;
  }
  for (std::size_t length = 0; length < spki.size(); ++length) {
    EXPECT_THROW(LoadSpki(ByteView(spki).first(length)), Botan::Exception) << length;
  }
  EXPECT_THROW(LoadPkcs8({spki.begin(), spki.end()}), Botan::Exception);
  EXPECT_THROW(LoadSpki(pkcs8), Botan::Exception);
}

}  // namespace
}  // namespace fleetmint
