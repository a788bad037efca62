// The PFX decoder: our files, those of other programs, and files that are damaged or hostile.
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "output/pfx_oids.h"
#include "tests/output/pfx_files.h"
#include "tests/support/thrown.h"
#include "tests/support/verdict.h"

namespace fleetmint {
namespace {

// The key itself, without the attributes that travel in a PKCS#8.
SecretBytes KeyBits(ByteView pkcs8) {
  return LoadPkcs8({pkcs8.begin(), pkcs8.end()})->private_key_bits();
}

TEST(PfxDecodeTest, GivesBackWhatWasEncoded) {
  for (const TestIdentity* identity : {&RsaIdentity(), &EcIdentity()}) {
    for (const PfxEncryption encryption : {PfxEncryption::kModern, PfxEncryption::kLegacy}) {
      PfxContents contents = FullContents(*identity, encryption);
      contents.iterations = 1000;
      for (const WindowsKeySpec spec :
           {WindowsKeySpec::kNone, WindowsKeySpec::kSignature, WindowsKeySpec::kExchange}) {
        contents.key_spec = spec;
        const DecodedPfx pfx = DecodePfx(Encode(contents), AsBytes(kPassword));
        EXPECT_EQ(KeyBits(pfx.pkcs8), KeyBits(contents.pkcs8));
        EXPECT_EQ(pfx.key_spec, spec);
        EXPECT_EQ(pfx.encryption, encryption);
        ASSERT_EQ(pfx.certificates.size(), 3u);
        EXPECT_EQ(pfx.certificates[0], identity->certificate);
        EXPECT_EQ(pfx.certificates[1], identity->chain[0]);
        EXPECT_EQ(pfx.certificates[2], identity->chain[1]);
        EXPECT_EQ(pfx.key_certificate, 0u);
        EXPECT_EQ(pfx.friendly_name, contents.friendly_name);
        EXPECT_EQ(pfx.description, contents.description);
        EXPECT_EQ(pfx.key_container_name, contents.key_container_name);
        EXPECT_EQ(pfx.csp, contents.csp);
        EXPECT_TRUE(pfx.machine_keys);
        EXPECT_EQ(pfx.iterations, 1000u);
      }
    }
  }
}

TEST(PfxDecodeTest, WhatIsAbsentStaysEmpty) {
  const PfxContents contents = BareContents(EcIdentity(), PfxEncryption::kModern);
  const DecodedPfx pfx = DecodePfx(Encode(contents), AsBytes(kPassword));
  EXPECT_EQ(pfx.pkcs8, SecretBytes(contents.pkcs8.begin(), contents.pkcs8.end()));
  EXPECT_EQ(pfx.certificates.size(), 1u);
  EXPECT_EQ(pfx.friendly_name + pfx.description + pfx.key_container_name + pfx.csp, "");
  EXPECT_EQ(pfx.key_spec, WindowsKeySpec::kNone);
  EXPECT_FALSE(pfx.machine_keys);
}

// Names beyond the Basic Multilingual Plane survive as surrogate pairs.
TEST(PfxDecodeTest, NamesOfAnyScriptRoundTrip) {
  PfxContents contents = BareContents(EcIdentity(), PfxEncryption::kModern);
  contents.friendly_name = "a \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80";
  contents.description = "\xF0\x9F\x94\x91 \xE3\x82\xAD\xE3\x83\xBC";
  const DecodedPfx pfx = DecodePfx(Encode(contents), AsBytes(kPassword));
  EXPECT_EQ(pfx.friendly_name, contents.friendly_name);
  EXPECT_EQ(pfx.description, contents.description);
}

// PEM files of an identity, for the programs that make PFX files from them.
class ForeignPfxTest : public testing::Test {
 protected:
  void SetUp() override {
    temp_.Write("password", kPassword);
    temp_.Write("key.pem", PemEncode("PRIVATE KEY", identity_.key.pkcs8()));
    temp_.Write("crt.pem", PemEncode("CERTIFICATE", identity_.certificate));
    temp_.Write("chain.pem", PemEncode("CERTIFICATE", identity_.chain[0]) +
                                 PemEncode("CERTIFICATE", identity_.chain[1]));
  }

  ProgramResult OpensslExport(std::vector<std::string> options) {
    std::vector<std::string> argv{"openssl",           "pkcs12", "-export",         "-inkey",
                                  temp_ / "key.pem",   "-in",    temp_ / "crt.pem", "-certfile",
                                  temp_ / "chain.pem", "-name",  "foreign",         "-out",
                                  temp_ / "f.pfx"};
    argv.insert(argv.end(), options.begin(), options.end());
    return RunProgram(argv);
  }

  void ExpectOurIdentity(std::optional<ByteView> password, std::size_t certificates) {
    const DecodedPfx pfx = DecodePfx(ReadFileBytes(temp_ / "f.pfx"), password);
    EXPECT_EQ(KeyBits(pfx.pkcs8), KeyBits(identity_.key.pkcs8()));
    ASSERT_TRUE(pfx.key_certificate);
    EXPECT_EQ(pfx.certificates[*pfx.key_certificate], identity_.certificate);
    EXPECT_EQ(pfx.certificates.size(), certificates);
    EXPECT_EQ(pfx.friendly_name, "foreign");
  }

  const TestIdentity& identity_ = RsaIdentity();
  TempDir temp_;
};

TEST_F(ForeignPfxTest, OpensslsAreRead) {
  const std::string pass = "file:" + temp_ / "password";
  const std::vector<std::vector<std::string>> variants{
      {},
      {"-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"},
      {"-certpbe", "NONE"},
      {"-keypbe", "NONE"},
      {"-keypbe", "AES-128-CBC", "-certpbe", "AES-192-CBC"},
      {"-nomaciter"},
  };
  for (std::vector<std::string> options : variants) {
    SCOPED_TRACE(testing::PrintToString(options));
    options.insert(options.end(), {"-passout", pass});
    const auto made = OpensslExport(options);
    ASSERT_TRUE(made.ok()) << made;
    ExpectOurIdentity(AsBytes(kPassword), 3);
    EXPECT_THROW(DecodePfx(ReadFileBytes(temp_ / "f.pfx"), AsBytes("wrong")), Error);
  }
}

// "" and no password at all are two passwords; a file opens with its own alone.
TEST_F(ForeignPfxTest, TheEmptyPasswordIsNotTheNullOne) {
  const auto made = OpensslExport({"-passout", "pass:"});
  ASSERT_TRUE(made.ok()) << made;
  ExpectOurIdentity(AsBytes(""), 3);
  EXPECT_THROW(DecodePfx(ReadFileBytes(temp_ / "f.pfx"), std::nullopt), Error);
  if (!HasProgram("certtool")) return;
  const auto null = RunProgram({"certtool", "--to-p12", "--load-privkey", temp_ / "key.pem",
                                "--load-certificate", temp_ / "crt.pem", "--p12-name", "foreign",
                                "--null-password", "--outder", "--outfile", temp_ / "f.pfx"});
  if (null.exit_code > 128) GTEST_SKIP() << "this certtool crashes with --null-password: " << null;
  ASSERT_TRUE(null.ok()) << null;
  ExpectOurIdentity(std::nullopt, 1);
  EXPECT_THROW(DecodePfx(ReadFileBytes(temp_ / "f.pfx"), AsBytes("")), Error);
}

// Each refusal names its reason: nobody shall search for a wrong password that is none.
TEST_F(ForeignPfxTest, WhatIsNotSupportedIsNamed) {
  const std::string pass = "file:" + temp_ / "password";
  struct Case {
    std::vector<std::string> options;
    const char* reason;
  };
  for (const Case& c :
       {Case{{"-nomac"}, "without a MAC"},
        Case{{"-legacy"}, "unsupported encryption 1.2.840.113549.1.12.1.6"},
        Case{{"-macalg", "sha512"}, "unsupported MAC digest 2.16.840.1.101.3.4.2.3"}}) {
    std::vector<std::string> options = c.options;
    options.insert(options.end(), {"-passout", pass});
    const auto made = OpensslExport(options);
    ASSERT_TRUE(made.ok()) << made;
    const auto error =
        ThrownBy([&] { DecodePfx(ReadFileBytes(temp_ / "f.pfx"), AsBytes(kPassword)); });
    ASSERT_TRUE(error) << c.reason;
    EXPECT_EQ(error->kind(), ErrorKind::kInput);
    EXPECT_EQ(error->cause(), ErrorCause::kUnsupported);
    EXPECT_NE(std::string(error->what()).find(c.reason), std::string::npos) << error->what();
  }
}

TEST_F(ForeignPfxTest, GnutlssAreRead) {
  if (!HasProgram("certtool")) GTEST_SKIP() << "certtool is not installed";
  for (const char* cipher : {"aes-256", "aes-128", "3des-pkcs12"}) {
    const auto made =
        RunProgram({"certtool", "--to-p12", "--load-privkey", temp_ / "key.pem",
                    "--load-certificate", temp_ / "crt.pem", "--p12-name", "foreign", "--password",
                    kPassword, "--pkcs-cipher", cipher, "--outder", "--outfile", temp_ / "f.pfx"});
    ASSERT_TRUE(made.ok()) << made;
    ExpectOurIdentity(AsBytes(kPassword), 1);
  }
}

// NSS writes BER with indefinite lengths and octet strings in pieces.
TEST_F(ForeignPfxTest, NsssAreRead) {
  if (!HasProgram("pk12util") || !HasProgram("certutil")) GTEST_SKIP() << "NSS is not installed";
  std::filesystem::create_directory(temp_ / "db");
  const std::string db = "sql:" + temp_ / "db";
  ASSERT_TRUE(RunProgram({"certutil", "-N", "-d", db, "--empty-password"}).ok());
  const std::string ours =
      temp_.Write("ours.pfx", Encode(BareContents(identity_, PfxEncryption::kModern)));
  const auto imported =
      RunProgram({"pk12util", "-i", ours, "-d", db, "-w", temp_ / "password", "-n", "foreign"});
  ASSERT_TRUE(imported.ok()) << imported;
  const auto list = RunProgram({"certutil", "-L", "-d", db});
  const std::string name = "ws-0001.corp.example.com";
  ASSERT_NE(list.out.find(name), std::string::npos) << list;
  const auto made = RunProgram({"pk12util", "-o", temp_ / "f.pfx", "-n", name, "-d", db, "-w",
                                temp_ / "password", "-C", "AES-256-CBC", "-c", "AES-128-CBC"});
  ASSERT_TRUE(made.ok()) << made;
  const Bytes file = ReadFileBytes(temp_ / "f.pfx");
  ASSERT_EQ(file[1], 0x80) << "no indefinite length: this test tests nothing";
  const DecodedPfx pfx = DecodePfx(file, AsBytes(kPassword));
  EXPECT_EQ(KeyBits(pfx.pkcs8), KeyBits(identity_.key.pkcs8()));
  ASSERT_TRUE(pfx.key_certificate);
  EXPECT_EQ(pfx.certificates[*pfx.key_certificate], identity_.certificate);
}

TEST_F(ForeignPfxTest, KeytoolsAreRead) {
  if (!HasProgram("keytool")) GTEST_SKIP() << "keytool is not installed";
  temp_.Write("simple", "changeit");
  const auto made =
      RunProgram({"keytool", "-genkeypair", "-alias", "foreign", "-keyalg", "EC", "-groupname",
                  "secp256r1", "-dname", "CN=java", "-storetype", "PKCS12", "-keystore",
                  temp_ / "f.pfx", "-storepass:file", temp_ / "simple"});
  ASSERT_TRUE(made.ok()) << made;
  const DecodedPfx pfx = DecodePfx(ReadFileBytes(temp_ / "f.pfx"), AsBytes("changeit"));
  EXPECT_EQ(LoadPkcs8(pfx.pkcs8)->algo_name(), "ECDSA");
  EXPECT_EQ(pfx.key_certificate, 0u);
}

// A file of one iteration a KDF, so that thousands of damaged copies are tried in a moment.
Bytes SmallPfx(PfxEncryption encryption) {
  PfxContents contents = BareContents(EcIdentity(), encryption);
  contents.iterations = 1;
  return Encode(contents);
}

std::string Verdict(ByteView file, std::optional<std::string_view> password = kPassword) {
  return VerdictOf([&] {
    DecodePfx(file, password ? std::optional<ByteView>(AsBytes(*password)) : std::nullopt);
  });
}

TEST(PfxDamageTest, EveryTruncationIsDamageUnderEveryPassword) {
  for (const PfxEncryption encryption : {PfxEncryption::kModern, PfxEncryption::kLegacy}) {
    const Bytes file = SmallPfx(encryption);
    for (std::size_t length = 0; length < file.size(); ++length) {
      EXPECT_EQ(Verdict(ByteView(file).first(length)), "damaged") << length;
      EXPECT_EQ(Verdict(ByteView(file).first(length), "wrong"), "damaged") << length;
    }
  }
}

TEST(PfxDamageTest, AWrongPasswordIsAWrongPasswordAlways) {
  for (const PfxEncryption encryption : {PfxEncryption::kModern, PfxEncryption::kLegacy}) {
    const Bytes file = SmallPfx(encryption);
    for (int i = 0; i < 1000; ++i) {
      ASSERT_EQ(Verdict(file, "wrong " + std::to_string(i)), "wrong password") << i;
    }
    EXPECT_EQ(Verdict(file, std::nullopt), "wrong password");
    EXPECT_EQ(Verdict(file, ""), "wrong password");
    EXPECT_EQ(Verdict(file, "\xFF\xFE"), "wrong password");
    EXPECT_EQ(Verdict(file, std::string(100'000, 'a')), "wrong password");
    EXPECT_EQ(Verdict(file, kPassword), "opened");
  }
}

// The MAC keeps watch over the contents, so a changed byte there never opens; outside, a byte that
// means nothing may change.
TEST(PfxDamageTest, AFlippedByteIsOneOfThreeVerdicts) {
  std::set<std::string> met;
  for (const PfxEncryption encryption : {PfxEncryption::kModern, PfxEncryption::kLegacy}) {
    met.merge(VerdictsOfFlippedBytes(SmallPfx(encryption),
                                     [](const Bytes& changed) { return Verdict(changed); }));
  }
  for (const char* verdict : {"wrong password", "damaged", "unsupported"}) {
    EXPECT_TRUE(met.contains(verdict)) << verdict;
  }
}

// Behind the MAC stands what the maker of a hostile file that knows the password wrote.
Bytes PfxAround(const Bytes& safe, std::uint64_t mac_iterations) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& pfx) {
    pfx.Integer(3);
    pfx.Sequence([&](DerWriter& info) {
      info.Oid(pfx_oid::kData).Context(0, [&](DerWriter& content) { content.OctetString(safe); });
    });
    pfx.Sequence([&](DerWriter& mac) {
      mac.Sequence([&](DerWriter& info) {
        info.Sequence([](DerWriter& id) { id.Oid(pfx_oid::kSha256).Null(); });
        info.OctetString(Bytes(32));
      });
      mac.OctetString(Bytes(8)).Integer(mac_iterations);
    });
  });
  return writer.Take();
}

// Without the cap a file of a hundred bytes would keep `verify` busy for years.
TEST(PfxDamageTest, IterationsAreCappedBeforeTheyAreRun) {
  for (const std::uint64_t iterations :
       {std::uint64_t{0}, std::uint64_t{10'000'001}, std::uint64_t{1} << 32U,
        (std::uint64_t{1} << 32U) + 1, std::uint64_t{0x7FFFFFFFFFFFFFFF}}) {
    const auto begin = std::chrono::steady_clock::now();
    const std::string message = MessageOf([&] {
      DecodePfx(PfxAround(Bytes{0x30, 0x00}, iterations), AsBytes("x"));
    });
    EXPECT_NE(message.find("iterations are out of range"), std::string::npos) << message;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  }
}

TEST(PfxDamageTest, OtherFilesAreNamedNotMisread) {
  struct Case {
    Bytes file;
    const char* reason;
  };
  for (const Case& c : {Case{{}, "not valid BER"}, Case{{'M', 'Z', 0x90, 0x00}, "not valid BER"},
                        Case{EcIdentity().certificate, "not valid BER"},
                        Case{{0x30, 0x03, 0x02, 0x01, 0x02}, "not a PFX of version 3"}}) {
    const std::string message = MessageOf([&] { DecodePfx(c.file, AsBytes("x")); });
    EXPECT_NE(message.find(c.reason), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace fleetmint
