// PBES2: what we encrypt OpenSSL opens, what OpenSSL encrypts we open, and a wrong password is
// wrong.
#include "engine/keys/pbes2.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "engine/base/ber.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/keys/oids.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_keys.h"
#include "tests/support/thrown.h"
#include "tests/support/verdict.h"

namespace fleetmint {
namespace {

constexpr const char* kPhrase = "p\xC3\xA4ss phrase";

Bytes Encrypted(const SecretBytes& pkcs8, std::uint32_t iterations = 1,
                std::string_view password = kPhrase) {
  SystemRandom random;
  return EncryptPkcs8(pkcs8, AsBytes(password), iterations, random);
}

TEST(Pbes2Test, OpensslOpensOurs) {
  const TempDir temp;
  temp.Write("phrase", kPhrase);
  for (const PrivateKey* key : {&TestRsaKey(), &TestEcKey()}) {
    temp.Write("key", Encrypted(key->pkcs8(), 2048));
    const auto opened = RunProgram({"openssl", "pkey", "-inform", "DER", "-in", temp / "key",
                                    "-passin", "file:" + temp / "phrase", "-pubout", "-outform",
                                    "DER", "-out", temp / "spki"});
    ASSERT_TRUE(opened.ok()) << opened;
    EXPECT_EQ(ReadFileBytes(temp / "spki"), key->spki());
  }
}

// As Windows writes it: salt of 8 bytes, no keyLength, hmacWithSHA256 with NULL, aes256-CBC.
// As Windows writes them, but for the salt, which it makes 8 bytes long and takes of any length.
TEST(Pbes2Test, ParametersAreThoseOfWindows) {
  const Bytes der = Encrypted(TestEcKey().pkcs8(), 2048);
  BerReader info = BerReader(der).Enter(ber::kSequence, "info");
  const std::string algorithm = ToHex(info.Next().encoded);
  const std::string expected = std::string("305f") + "06092a864886f70d01050d" +  // PBES2
                               "3052" + "3031" + "06092a864886f70d01050c" +      // PBKDF2
                               "3024" + "0410................................" + "02020800" +
                               "300c06082a864886f70d02090500" +  // hmacWithSHA256, NULL
                               "301d" + "060960864801650304012a" +
                               "0410................................";
  ASSERT_EQ(algorithm.size(), expected.size()) << algorithm;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == '.') continue;
    EXPECT_EQ(algorithm[i], expected[i]) << "at " << i << "\n" << algorithm;
  }
}

// If this fails, equal passwords give equal keys, and equal keys equal files.
TEST(Pbes2Test, SaltAndIvAreDrawnForEachKey) {
  std::set<std::string> salts, ivs;
  for (int i = 0; i < 4; ++i) {
    const Bytes der = Encrypted(TestEcKey().pkcs8());
    const std::string text = ToHex(BerReader(der).Enter(ber::kSequence, "info").Next().encoded);
    const std::size_t salt = text.find("0410"), iv = text.rfind("0410");
    ASSERT_TRUE(salt < iv && iv + 36 == text.size()) << text;
    salts.insert(text.substr(salt + 4, 32));
    ivs.insert(text.substr(iv + 4));
  }
  EXPECT_EQ(salts.size(), 4U);
  EXPECT_EQ(ivs.size(), 4U);
}

TEST(Pbes2Test, OpensslsVariantsAreRead) {
  const TempDir temp;
  temp.Write("phrase", kPhrase);
  const SecretBytes& pkcs8 = TestRsaKey().pkcs8();
  temp.Write("plain", pkcs8);
  for (const char* cipher : {"aes128", "aes192", "aes256", "des3"}) {
    for (const char* prf :
         {"hmacWithSHA1", "hmacWithSHA224", "hmacWithSHA256", "hmacWithSHA384", "hmacWithSHA512"}) {
      const auto made =
          RunProgram({"openssl", "pkcs8", "-topk8", "-inform", "DER", "-in", temp / "plain",
                      "-outform", "DER", "-out", temp / "key", "-v2", cipher, "-v2prf", prf,
                      "-iter", "3", "-passout", "file:" + temp / "phrase"});
      ASSERT_TRUE(made.ok()) << made;
      const Bytes key = ReadFileBytes(temp / "key");
      EXPECT_EQ(DecryptPkcs8(key, AsBytes(kPhrase)), pkcs8) << cipher << " " << prf;
      EXPECT_THROW(DecryptPkcs8(key, AsBytes("wrong")), Error) << cipher << " " << prf;
    }
  }
}

TEST(Pbes2Test, RoundTripsEveryLengthAndTellsTheIterations) {
  SystemRandom random;
  for (std::size_t length = 0; length <= 33; ++length) {
    const SecretBytes plain(length, 0xA5);
    const Sealed sealed = Pbes2Encrypt(plain, AsBytes("p"), 7, random);
    EXPECT_EQ(sealed.ciphertext.size(), (length / 16 + 1) * 16);
    BerReader algorithm = BerReader(sealed.algorithm).Enter(ber::kSequence, "algorithm");
    EXPECT_EQ(algorithm.Oid(), oid::kPbes2);
    std::uint32_t iterations = 0;
    EXPECT_EQ(Pbes2Decrypt(algorithm.Next().encoded, sealed.ciphertext, AsBytes("p"), &iterations),
              plain);
    EXPECT_EQ(iterations, 7u);
  }
}

// Padding alone accepts one wrong password in 256; the structure of the key must refuse those too.
TEST(Pbes2Test, NoneOfThousandsOfWrongPasswordsOpensAKey) {
  const Bytes key = Encrypted(TestEcKey().pkcs8());
  std::size_t opened = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string wrong = "wrong " + std::to_string(i);
    const auto error = ThrownBy([&] { DecryptPkcs8(key, AsBytes(wrong)); });
    if (!error) ++opened;
    if (error) {
      EXPECT_EQ(error->kind(), ErrorKind::kInput);
      EXPECT_EQ(error->cause(), ErrorCause::kWrongPassword);
      EXPECT_STREQ(error->what(), "wrong password or damaged");
    }
  }
  EXPECT_EQ(opened, 0u);
}

std::string Verdict(ByteView file, std::string_view password = kPhrase) {
  return VerdictOf([&] { DecryptPkcs8(file, AsBytes(password)); });
}

// If one of these failed, a user would be asked for a passphrase that opens nothing, or be sent to
// the backup over a slip of the finger.
TEST(Pbes2Test, EveryTruncationIsDamageUnderEveryPassword) {
  const Bytes key = Encrypted(TestEcKey().pkcs8());
  for (std::size_t size = 0; size < key.size(); ++size) {
    EXPECT_EQ(Verdict(ByteView(key).first(size)), "damaged") << size;
    EXPECT_EQ(Verdict(ByteView(key).first(size), "wrong"), "damaged") << size;
  }
}

TEST(Pbes2Test, AFlippedByteIsOneOfThreeVerdicts) {
  const auto met = VerdictsOfFlippedBytes(Encrypted(TestEcKey().pkcs8()),
                                          [](const Bytes& changed) { return Verdict(changed); });
  for (const char* verdict : {"wrong password", "damaged", "unsupported"}) {
    EXPECT_TRUE(met.contains(verdict)) << verdict;
  }
}

TEST(Pbes2Test, AWrongPasswordOfAnyLengthIsAWrongPassword) {
  for (const std::string& password :
       {std::string(), std::string(100'000, 'a'), std::string("\0", 1), std::string("\xFF\xFE"),
        std::string(kPhrase) + " "}) {
    EXPECT_EQ(Verdict(Encrypted(TestEcKey().pkcs8()), password), "wrong password");
  }
}

// A right padding is one wrong password in 256; what it may leave behind is no key.
TEST(Pbes2Test, WhatDecryptsToNoKeyIsAWrongPassword) {
  const auto verdict = [](const char* hex) {
    const Bytes plain = FromHex(hex);
    return Verdict(Encrypted({plain.begin(), plain.end()}));
  };
  EXPECT_EQ(verdict("300d02010030060604434142430400"), "opened");
  EXPECT_EQ(verdict("3004040241ff"), "opened");  // a fleet key
  for (const char* plain : {"", "00", "3000", "0400", "3003020200", "30040500", "300404030000",
                            "30030500020100", "300d020100300606044341424304000000"}) {
    EXPECT_EQ(verdict(plain), "wrong password") << plain;
  }
}

// PBES2 parameters with these iterations and PRF.
Bytes Parameters(std::uint64_t iterations, const char* kdf = "1.2.840.113549.1.5.12",
                 const char* prf = "1.2.840.113549.2.9",
                 const char* cipher = "2.16.840.1.101.3.4.1.42") {
  DerWriter writer;
  writer.Sequence([&](DerWriter& parameters) {
    parameters.Sequence([&](DerWriter& id) {
      id.Oid(kdf).Sequence([&](DerWriter& values) {
        values.OctetString(Bytes(8)).Integer(iterations);
        values.Sequence([&](DerWriter& function) { function.Oid(prf).Null(); });
      });
    });
    parameters.Sequence([&](DerWriter& id) { id.Oid(cipher).OctetString(Bytes(16)); });
  });
  return writer.Take();
}

// A key file must not keep the program busy for years.
TEST(Pbes2Test, IterationsAreCappedBeforeTheyAreRun) {
  for (const std::uint64_t iterations :
       {std::uint64_t{0}, std::uint64_t{kMostIterations} + 1, (std::uint64_t{1} << 32U) + 1}) {
    const auto begin = std::chrono::steady_clock::now();
    const std::string message =
        MessageOf([&] { Pbes2Decrypt(Parameters(iterations), Bytes(16), AsBytes("p")); });
    EXPECT_NE(message.find("iterations are out of range"), std::string::npos) << message;
    EXPECT_EQ(VerdictOf([&] { Pbes2Decrypt(Parameters(iterations), Bytes(16), AsBytes("p")); }),
              iterations == 0 ? "damaged" : "unsupported");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  }
}

TEST(Pbes2Test, WhatIsNotSupportedIsNamed) {
  struct Case {
    Bytes parameters;
    const char* reason;
  };
  for (const Case& c :
       {Case{Parameters(1, "1.3.6.1.4.1.11591.4.11"),
             "unsupported key derivation function 1.3.6.1.4.1.11591.4.11"},
        Case{Parameters(1, "1.2.840.113549.1.5.12", "1.2.3.4"), "unsupported PRF 1.2.3.4"},
        Case{Parameters(1, "1.2.840.113549.1.5.12", "1.2.840.113549.2.9", "1.2.3.5"),
             "unsupported cipher 1.2.3.5"}}) {
    const auto decrypt = [&] { Pbes2Decrypt(c.parameters, Bytes(16), AsBytes("p")); };
    EXPECT_NE(MessageOf(decrypt).find(c.reason), std::string::npos) << MessageOf(decrypt);
    EXPECT_EQ(VerdictOf(decrypt), "unsupported") << c.reason;
  }
}

TEST(Pbes2Test, LengthsThatNoCipherGivesAreDamage) {
  const Bytes key(32), iv(16);
  for (const std::size_t size : {0, 1, 15, 17, 33}) {
    EXPECT_EQ(VerdictOf([&] { CbcDecrypt("AES-256/CBC/PKCS7", key, iv, Bytes(size)); }), "damaged")
        << size;
  }
  for (const std::size_t size : {0, 8, 15, 17}) {
    EXPECT_EQ(VerdictOf([&] { CbcDecrypt("AES-256/CBC/PKCS7", key, Bytes(size), Bytes(16)); }),
              "damaged")
        << size;
  }
}

}  // namespace
}  // namespace fleetmint
