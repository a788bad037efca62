// The organization's own CA, made by openssl: imported with its key.
#include <botan/bigint.h>
#include <botan/pkcs8.h>
#include <botan/rsa.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "engine/base/pem.h"
#include "engine/x509/certificate.h"
#include "tests/authority/openssl_ca_fixture.h"
#include "tests/support/painted_stack.h"
#include "tests/support/rsa_integers.h"
#include "tests/support/thrown.h"
#include "tests/support/weak_keys.h"

namespace fleetmint {
namespace {

using ImportTest = OpensslCaFixture;

// A CA whose key anybody can compute signs for anybody.
TEST_F(ImportTest, AWeakKeyIsRefused) {
  const Botan::BigInt p = RandomPrime(1024);
  Botan::BigInt q = p + 2;
  while (!IsPrime(q)) q += 2;
  const Botan::RSA_PrivateKey key(p, q, 65537);
  temp_.Write("weak.key", Botan::PKCS8::PEM_encode(key));
  Openssl({"req", "-x509", "-new", "-key", temp_ / "weak.key", "-config", temp_ / "openssl.cnf",
           "-extensions", "ca", "-subj", "/O=Example/CN=weak", "-days", "3650", "-out",
           temp_ / "weak.crt"});
  ExpectRefused(
      [&] { Import(ReadFileBytes(temp_ / "weak.key"), Chain({"weak"})); },
      "the key of the CA certificate 'CN=weak, O=Example' is weak: the primes of its modulus");
}

// Every way in which `openssl` writes a key that the header promises to read.
TEST_F(ImportTest, KeysInEachFormat) {
  MakeRoot("rsa", true);
  MakeRoot("ec");
  const std::string rsa = temp_ / "rsa.key", ec = temp_ / "ec.key";
  const std::string pass = "file:" + temp_ / "key-phrase";
  struct Case {
    const char* root;
    std::vector<std::string> convert;
    bool encrypted;
  };
  for (const Case& c : {
           Case{"rsa", {"pkcs8", "-topk8", "-nocrypt", "-in", rsa}, false},
           Case{"rsa", {"pkcs8", "-topk8", "-nocrypt", "-in", rsa, "-outform", "DER"}, false},
           Case{"rsa", {"pkcs8", "-topk8", "-v2", "aes256", "-passout", pass, "-in", rsa}, true},
           Case{"rsa",
                {"pkcs8", "-topk8", "-v2", "des3", "-v2prf", "hmacWithSHA1", "-passout", pass,
                 "-in", rsa},
                true},
           Case{
               "ec",
               {"pkcs8", "-topk8", "-v2", "aes128", "-passout", pass, "-in", ec, "-outform", "DER"},
               true},
           Case{"rsa", {"rsa", "-traditional", "-in", rsa}, false},
           Case{"rsa", {"rsa", "-traditional", "-aes128", "-passout", pass, "-in", rsa}, true},
           Case{"ec", {"ec", "-des3", "-passout", pass, "-in", ec}, true},
           Case{"rsa", {"rsa", "-traditional", "-in", rsa, "-outform", "DER"}, false},
           Case{"ec", {"ec", "-in", ec, "-outform", "DER"}, false},
           Case{"ec", {"ec", "-in", ec}, false},
           Case{"ec", {"ec", "-no_public", "-in", ec}, false},
       }) {
    SCOPED_TRACE(testing::PrintToString(c.convert));
    const Bytes key = Converted(c.convert);
    FixedPassphrase key_phrase(kPhrase);
    Authority authority = Import(key, Chain({c.root}), &key_phrase);
    EXPECT_EQ(key_phrase.asked, c.encrypted ? 1 : 0);
    ExpectIssues(authority);
    std::filesystem::remove_all(ca_);
  }
}

// If this fails, what factors the key of an organization's CA lies on a stack when it has been
// imported.
TEST_F(ImportTest, NothingOfTheKeyStaysOnTheStack) {
  if (FLEETMINT_SANITIZED) GTEST_SKIP() << "a sanitizer has frames of its own";
  MakeRoot("rsa");
  const Bytes key = ReadFileBytes(temp_ / "rsa.key");
  const std::string chain = Chain({"rsa"});
  std::optional<Authority> authority;
  PaintedStack stack;
  stack.Run([&] { authority.emplace(Import(key, chain)); });
  ExpectIssues(*authority);
  // The authority itself, moved from there, has 8 such words; a key's number has 16 and more.
  // Without the wipe there are 394.
  EXPECT_LT(stack.StackResidues(), 16U);
}

// The passphrase of the key that is imported and that of the new directory are two.
TEST_F(ImportTest, TheKeyIsStoredUnderTheNewPassphrase) {
  MakeRoot("ec");
  FixedPassphrase key_phrase(kPhrase), phrase("the new one");
  const Bytes key = Converted({"pkcs8", "-topk8", "-v2", "aes256", "-passout",
                               "file:" + temp_ / "key-phrase", "-in", temp_ / "ec.key"});
  Authority authority = Import(key, Chain({"ec"}), &key_phrase, &phrase);
  EXPECT_TRUE(authority.encrypted() && phrase.confirmed);
  EXPECT_FALSE(key_phrase.confirmed);
  EXPECT_THROW(authority.Unlock(&key_phrase, clock_), Error);
  ExpectIssues(authority, &phrase);
}

// Names in PrintableString stay so: a re-encoded issuer name breaks every chain (RFC 5280 7.1).
TEST_F(ImportTest, AChainOfThreeKeepsItsNamesByteForByte) {
  MakeRoot("top");
  MakeSub("middle", "top");
  MakeSub("low", "middle");
  Authority authority = Import(ReadFileBytes(temp_ / "low.key"), Chain({"low", "middle", "top"}));
  EXPECT_FALSE(authority.encrypted());
  const auto tiers = authority.Tiers();
  ASSERT_EQ(tiers.size(), 3u);
  EXPECT_EQ(tiers[0].name + " " + tiers[1].name + " " + tiers[2].name,
            "root intermediate-1 issuing");
  EXPECT_EQ(tiers[2].subject, "CN=low, O=Example");
  EXPECT_FALSE(tiers[0].key_present || tiers[1].key_present);
  EXPECT_TRUE(tiers[2].key_present);
  EXPECT_EQ(authority.ChainDers().back(), tiers[0].certificate);
  ExpectIssues(authority);
  const Certificate issuing = Certificate::Parse(tiers[2].certificate);
  EXPECT_NE(AsText(issuing.subject()).find("\x13\x03low"), std::string::npos)
      << "this CA has no PrintableString: the test tests nothing";
  EXPECT_EQ(Certificate::Parse(IssueLeaf(authority, "ws-0002")).issuer(), issuing.subject());
}

TEST_F(ImportTest, ChainsThatDoNotHoldAreRefused) {
  MakeRoot("top");
  MakeSub("low", "top");
  MakeSub("end", "top", "leaf");
  MakeRoot("other");
  const Bytes key = ReadFileBytes(temp_ / "low.key");
  struct Case {
    std::string chain;
    const char* reason;
  };
  const std::string good = Chain({"low", "top"});
  for (const Case& c : {Case{Chain({"top", "low"}), "is not signed by the next one"},
                        Case{Chain({"low"}), "not signed by itself"},
                        Case{Chain({"low", "other"}), "is not signed by the next one"},
                        Case{Chain({"end", "top"}), "not one of a CA"},
                        Case{"", "holds no certificate"}, Case{"some text", "holds no certificate"},
                        Case{std::string(AsText(key)), "holds no certificate"},
                        Case{good.substr(0, good.size() - 100), "cannot read the chain"},
                        Case{"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
                             "cannot read the chain"}}) {
    ExpectRefused([&] { Import(key, c.chain); }, c.reason);
  }
  EXPECT_NO_THROW(Import(key, good));
}

TEST_F(ImportTest, AChainThatIsNotValidNowIsRefused) {
  MakeRoot("top");
  const Time now = clock_.Now();
  for (const Time when : {now - std::chrono::days{2}, now + std::chrono::days{4000}}) {
    ExpectRefused(
        [&] {
          const FixedClock clock(when);
          const Bytes key = ReadFileBytes(temp_ / "top.key");
          const std::string chain = Chain({"top"});
          Authority::Import(ca_, {key, AsBytes(chain)},
                            {.random = random_, .streams = streams_, .clock = clock});
        },
        when < now ? "is not valid before" : "expired at");
  }
}

// A damaged key is no fault of the machine's; and no signature by it leaves, which would give the
// key away.
TEST_F(ImportTest, ADamagedKeyIsNamedAsOne) {
  MakeRoot("top", /*rsa=*/true);
  const Bytes good = ReadFileBytes(temp_ / "top.key");
  const SecretBytes pkcs8 = PemDecodeAll(AsText(good)).front().der;
  RsaIntegers numbers = ReadRsaIntegers(pkcs8);
  numbers.d_p += 2;
  const std::string damaged = PemEncode("PRIVATE KEY", EncodeIntegers(numbers));
  ExpectRefused([&] { Import(AsBytes(damaged), Chain({"top"})); }, "is not whole");

  Import(good, Chain({"top"}));
  temp_.Write("ca/issuing.key", damaged);
  const auto error = ThrownBy([&] { Authority::Open(ca_).Unlock(nullptr, clock_); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
  EXPECT_NE(std::string(error->what()).find("is not whole"), std::string::npos) << error->what();
}

// As certtool and keytool write them, and others may: imported, said, and signed with.
TEST_F(ImportTest, WhatIsOddAboutAKeyIsSaid) {
  MakeRoot("top", /*rsa=*/true);
  const Bytes good = ReadFileBytes(temp_ / "top.key");
  const RsaIntegers k = ReadRsaIntegers(PemDecodeAll(AsText(good)).front().der);
  const SecretBytes odd =
      EncodeIntegers(IntegersOf(std::min(k.p, k.q), std::max(k.p, k.q), k.e, /*phi=*/true));
  class Lines final : public Log {
   public:
    void Write(LogLevel level, std::string_view line) override {
      EXPECT_EQ(level, LogLevel::kWarning);
      text += std::string(line) + "\n";
    }
    std::string text;
  } log;
  NewAuthorityOptions options = Options(nullptr);
  options.log = &log;
  const std::string chain = Chain({"top"});
  Authority authority = Authority::Import(ca_, {odd, AsBytes(chain)}, options);
  EXPECT_EQ(std::count(log.text.begin(), log.text.end(), '\n'), 2) << log.text;
  ExpectIssues(authority);
}

// What cannot be read says how it can be converted.
TEST_F(ImportTest, KeysThatDoNotFitAreRefused) {
  MakeRoot("top");
  MakeKey("stranger");
  MakeKey("rsa", true);
  const std::string pass = "file:" + temp_ / "key-phrase";
  const std::string rsa = temp_ / "rsa.key";
  const Bytes encrypted =
      Converted({"pkcs8", "-topk8", "-v2", "aes256", "-passout", pass, "-in", temp_ / "top.key"});
  const Bytes traditional =
      Converted({"rsa", "-traditional", "-aes256", "-passout", pass, "-in", rsa});
  const Bytes camellia =
      Converted({"rsa", "-traditional", "-camellia256", "-passout", pass, "-in", rsa});
  const Bytes pbes1 =
      Converted({"pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-passout", pass, "-in", rsa});
  const Bytes scrypt = Converted({"pkcs8", "-topk8", "-scrypt", "-passout", pass, "-in", rsa});
  FixedPassphrase right(kPhrase), wrong("wrong");
  struct Case {
    Bytes key;
    PassphraseSource* phrase;
    const char* reason;
  };
  for (const Case& c :
       {Case{ReadFileBytes(temp_ / "stranger.key"), nullptr, "does not belong"},
        Case{encrypted, &wrong, "wrong passphrase for the CA key to import"},
        Case{encrypted, nullptr, "no passphrase was given"},
        Case{traditional, &wrong, "wrong passphrase for the CA key to import"},
        Case{traditional, nullptr, "no passphrase was given"},
        Case{camellia, &right, "hint: convert it: openssl pkcs8 -topk8"},
        Case{pbes1, &right, "hint: convert it: openssl pkcs8 -topk8"},
        Case{scrypt, &right, "unsupported key derivation function 1.3.6.1.4.1.11591.4.11"},
        Case{{}, nullptr, "cannot read the CA key to import"},
        Case{{'x'}, nullptr, "cannot read the CA key to import"},
        Case{ReadFileBytes(temp_ / "top.crt"), nullptr, "cannot read the CA key to import"}}) {
    ExpectRefused([&] { Import(c.key, Chain({"top"}), c.phrase); }, c.reason);
  }
}

}  // namespace
}  // namespace fleetmint
