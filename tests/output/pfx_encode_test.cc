// The PFX encoder: its files as DER, as Windows lays them out, and as other programs open them.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "output/pfx_oids.h"
#include "tests/output/pfx_files.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

struct Case {
  const char* name;
  bool rsa;
  PfxEncryption encryption;
  bool full;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

PfxContents ContentsOf(const Case& c) {
  const TestIdentity& identity = c.rsa ? RsaIdentity() : EcIdentity();
  return c.full ? FullContents(identity, c.encryption) : BareContents(identity, c.encryption);
}

class PfxEncodeTest : public testing::TestWithParam<Case> {
 protected:
  TempDir temp_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, PfxEncodeTest,
                         testing::Values(Case{"RsaModernFull", true, PfxEncryption::kModern, true},
                                         Case{"RsaModernBare", true, PfxEncryption::kModern, false},
                                         Case{"RsaLegacyFull", true, PfxEncryption::kLegacy, true},
                                         Case{"RsaLegacyBare", true, PfxEncryption::kLegacy, false},
                                         Case{"EcModernFull", false, PfxEncryption::kModern, true},
                                         Case{"EcModernBare", false, PfxEncryption::kModern, false},
                                         Case{"EcLegacyFull", false, PfxEncryption::kLegacy, true},
                                         Case{"EcLegacyBare", false, PfxEncryption::kLegacy,
                                              false}),
                         [](const auto& info) { return std::string(info.param.name); });

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<Bytes> DersOf(const std::string& pem, std::string_view label) {
  std::vector<Bytes> ders;
  for (const PemBlock& block : PemDecodeAll(pem)) {
    if (block.label == label) ders.emplace_back(block.der.begin(), block.der.end());
  }
  return ders;
}

// The certificate, the chain in its order, and the very key come out of OpenSSL.
TEST_P(PfxEncodeTest, OpensslFindsKeyAndCertificates) {
  const PfxContents contents = ContentsOf(GetParam());
  const std::string file = temp_.Write("f.pfx", Encode(contents));
  const auto own = OpensslPkcs12(temp_, file, kPassword, {"-clcerts", "-nokeys"});
  ASSERT_TRUE(own.ok()) << own;
  EXPECT_EQ(DersOf(own.out, "CERTIFICATE"),
            (std::vector<Bytes>{{contents.certificate.begin(), contents.certificate.end()}}));
  const auto others = OpensslPkcs12(temp_, file, kPassword, {"-cacerts", "-nokeys"});
  ASSERT_TRUE(others.ok()) << others;
  EXPECT_EQ(DersOf(others.out, "CERTIFICATE"),
            std::vector<Bytes>(contents.chain.begin(), contents.chain.end()));
  const auto key = OpensslPkcs12(temp_, file, kPassword, {"-nocerts", "-nodes"});
  ASSERT_TRUE(key.ok()) << key;
  const auto ders = DersOf(key.out, "PRIVATE KEY");
  ASSERT_EQ(ders.size(), 1u);
  EXPECT_EQ(LoadPkcs8({ders[0].begin(), ders[0].end()})->private_key_bits(),
            LoadPkcs8({contents.pkcs8.begin(), contents.pkcs8.end()})->private_key_bits());
}

TEST_P(PfxEncodeTest, OpensslSeesTheEncryption) {
  const std::string file = temp_.Write("f.pfx", Encode(ContentsOf(GetParam())));
  const auto info = OpensslPkcs12(temp_, file, kPassword, {"-info", "-noout"});
  ASSERT_TRUE(info.ok()) << info;
  if (GetParam().encryption == PfxEncryption::kModern) {
    EXPECT_TRUE(Contains(info.err, "MAC: sha256, Iteration 2048\nMAC length: 32, salt length: 20"))
        << info;
    EXPECT_TRUE(Contains(info.err,
                         "Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF "
                         "hmacWithSHA256"))
        << info;
  } else {
    EXPECT_TRUE(Contains(info.err, "MAC: sha1, Iteration 2048\nMAC length: 20, salt length: 20"))
        << info;
    EXPECT_TRUE(Contains(info.err, "Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC")) << info;
  }
}

TEST_P(PfxEncodeTest, OtherReadersOpenIt) {
  const std::string file = temp_.Write("f.pfx", Encode(ContentsOf(GetParam())));
  temp_.Write("password", kPassword);
  if (HasProgram("certtool")) {
    const auto result = RunProgram(
        {"certtool", "--p12-info", "--inder", "--infile", file, "--password", kPassword});
    EXPECT_TRUE(result.ok() && Contains(result.out, "BEGIN CERTIFICATE")) << result;
  }
  if (HasProgram("pk12util")) {
    const auto result = RunProgram({"pk12util", "-l", file, "-w", temp_ / "password"});
    EXPECT_TRUE(result.ok() && Contains(result.out, "Certificate")) << result;
  }
  if (HasProgram("node")) {
    static constexpr const char* kScript =
        "const fs = require('fs'), [file, password] = process.argv.slice(1);"
        "require('tls').createSecureContext({pfx: fs.readFileSync(file),"
        " passphrase: fs.readFileSync(password, 'utf8')})";
    const auto result = RunProgram({"node", "-e", kScript, file, temp_ / "password"});
    EXPECT_TRUE(result.ok()) << result;
  }
}

TEST(PfxEncodeJavaTest, KeytoolFindsAPrivateKeyEntry) {
  if (!HasProgram("keytool")) GTEST_SKIP() << "keytool is not installed";
  const TempDir temp;
  temp.Write("password", kPassword);
  for (const PfxEncryption encryption : {PfxEncryption::kModern, PfxEncryption::kLegacy}) {
    const std::string file = temp.Write("f.pfx", Encode(FullContents(RsaIdentity(), encryption)));
    const auto result = RunProgram({"keytool", "-J-Xshare:auto", "-list", "-v", "-keystore", file,
                                    "-storetype", "PKCS12", "-storepass:file", temp / "password"});
    EXPECT_TRUE(result.ok() && Contains(result.out, "PrivateKeyEntry") &&
                Contains(result.out, "Certificate chain length: 3"))
        << result;
  }
}

TEST_P(PfxEncodeTest, AWrongPasswordIsRefused) {
  const Bytes pfx = Encode(ContentsOf(GetParam()));
  const std::string file = temp_.Write("f.pfx", pfx);
  for (const char* wrong : {"wrong", "Zx9 ~!\"$&'\\`pasS", "Zx9 ~!\"$&'\\`pass "}) {
    EXPECT_FALSE(OpensslPkcs12(temp_, file, wrong, {"-noout"}).ok()) << wrong;
    EXPECT_THROW(DecodePfx(pfx, AsBytes(wrong)), Error) << wrong;
  }
}

// Text between "Bag Attributes" and the next PEM block, one entry a bag.
std::vector<std::string> BagTexts(const std::string& info) {
  std::vector<std::string> bags;
  for (std::size_t at = info.find("Bag Attributes"); at != std::string::npos;) {
    const std::size_t end = info.find("-----BEGIN", at);
    bags.push_back(info.substr(at, end - at));
    at = info.find("Bag Attributes", end);
  }
  return bags;
}

// The attributes that Windows reads, in the bags where it looks for them (pfx.h).
TEST(PfxEncodeAttributesTest, OpensslShowsThemWhereWindowsLooks) {
  const TempDir temp;
  for (const PfxEncryption encryption : {PfxEncryption::kModern, PfxEncryption::kLegacy}) {
    const std::string file = temp.Write("f.pfx", Encode(FullContents(RsaIdentity(), encryption)));
    const auto info = OpensslPkcs12(temp, file, kPassword, {"-info", "-nodes"});
    ASSERT_TRUE(info.ok()) << info;
    const auto bags = BagTexts(info.out);
    ASSERT_GE(bags.size(), 2u) << info;
    const std::string &key = bags[0], &certificate = bags[1];
    EXPECT_TRUE(Contains(key, "localKeyID: 01 00 00 00")) << key;
    EXPECT_TRUE(Contains(key, "friendlyName: acme-agents-ws-0001-4f2a9c01")) << key;
    EXPECT_TRUE(Contains(key, std::string("Microsoft CSP Name: ") + kCapi)) << key;
    EXPECT_TRUE(Contains(key, "Microsoft Local Key set: <No Values>")) << key;
    EXPECT_TRUE(Contains(key, "X509v3 Key Usage: 80")) << key;
    EXPECT_TRUE(Contains(certificate, "localKeyID: 01 00 00 00")) << certificate;
    EXPECT_TRUE(Contains(certificate, "friendlyName: ObserveIT agent w")) << certificate;
    EXPECT_TRUE(Contains(certificate, "1.3.6.1.4.1.311.17.3.13: 6D 00 54 00 4C 00 53 00 "))
        << certificate;
    EXPECT_FALSE(Contains(certificate, "Microsoft")) << certificate;
    for (std::size_t i = 2; i < bags.size(); ++i) {
      EXPECT_FALSE(Contains(bags[i], "localKeyID")) << "a CA certificate claims the key";
    }
  }
}

TEST(PfxEncodeAttributesTest, WhatIsNotAskedForIsAbsent) {
  const TempDir temp;
  const std::string file =
      temp.Write("f.pfx", Encode(BareContents(RsaIdentity(), PfxEncryption::kModern)));
  const auto info = OpensslPkcs12(temp, file, kPassword, {"-info", "-nodes"});
  ASSERT_TRUE(info.ok()) << info;
  for (const char* absent : {"friendlyName", "Microsoft", "Key Usage", "311.17"}) {
    EXPECT_FALSE(Contains(info.out, absent)) << absent;
  }
  EXPECT_TRUE(Contains(info.out, "Key Attributes: <No Attributes>")) << info;
}

TEST(PfxEncodeAttributesTest, EachKeySpecIsItsKeyUsage) {
  const TempDir temp;
  for (const auto& [spec, shown] : {std::pair{WindowsKeySpec::kSignature, "X509v3 Key Usage: 80"},
                                    std::pair{WindowsKeySpec::kExchange, "X509v3 Key Usage: 10"}}) {
    PfxContents contents = BareContents(RsaIdentity(), PfxEncryption::kModern);
    contents.key_spec = spec;
    const auto info =
        OpensslPkcs12(temp, temp.Write("f.pfx", Encode(contents)), kPassword, {"-info", "-nodes"});
    ASSERT_TRUE(info.ok()) << info;
    EXPECT_TRUE(Contains(info.out, shown)) << info;
  }
}

// Every element of `der` has a definite length in the fewest octets (X.690 10.1).
void ExpectDer(ByteView der, const std::string& where) {
  while (!der.empty()) {
    ASSERT_GE(der.size(), 2u) << where;
    std::size_t length = der[1], header = 2;
    if (der[1] >= 0x80) {
      const std::size_t octets = der[1] & 0x7FU;
      ASSERT_TRUE(octets >= 1 && octets <= 4 && der.size() >= 2 + octets)
          << where << ": indefinite or overlong";
      length = 0;
      for (std::size_t i = 0; i < octets; ++i) length = length << 8U | der[2 + i];
      header += octets;
      ASSERT_TRUE(length >= 0x80 && der[2] != 0) << where << ": more octets than needed";
    }
    ASSERT_LE(header + length, der.size()) << where;
    const ByteView content = der.subspan(header, length);
    if ((der[0] & 0x20U) != 0) ExpectDer(content, where + "/" + ToHex(der.first(1)));
    der = der.subspan(header + length);
  }
}

TEST_P(PfxEncodeTest, IsDerInTheLayoutOfWindows) {
  const Bytes file = Encode(ContentsOf(GetParam()));
  ExpectDer(file, "PFX");
  BerReader whole(file);
  BerReader pfx = whole.Enter(ber::kSequence, "a PFX");
  whole.ExpectEnd("the PFX");
  EXPECT_EQ(pfx.SmallInteger(), 3u);
  BerReader auth = pfx.Enter(ber::kSequence, "authSafe");
  EXPECT_EQ(auth.Oid(), pfx_oid::kData);
  const SecretBytes safe_bytes = auth.Enter(ber::Context(0), "content").OctetString();
  ExpectDer(safe_bytes, "AuthenticatedSafe");
  BerReader mac = pfx.Enter(ber::kSequence, "MacData");
  pfx.ExpectEnd("the MacData");
  BerReader info = mac.Enter(ber::kSequence, "DigestInfo");
  const bool modern = GetParam().encryption == PfxEncryption::kModern;
  EXPECT_EQ(info.Enter(ber::kSequence, "digest").Oid(), modern ? pfx_oid::kSha256 : pfx_oid::kSha1);
  EXPECT_EQ(info.OctetString().size(), modern ? 32u : 20u);
  EXPECT_EQ(mac.OctetString().size(), 20u);
  EXPECT_EQ(mac.SmallInteger(), 2048u);

  BerReader safes = BerReader(safe_bytes).Enter(ber::kSequence, "AuthenticatedSafe");
  BerReader first = safes.Enter(ber::kSequence, "the key's safe");
  EXPECT_EQ(first.Oid(), pfx_oid::kData);
  const SecretBytes key_safe = first.Enter(ber::Context(0), "content").OctetString();
  ExpectDer(key_safe, "key safe");
  BerReader bags = BerReader(key_safe).Enter(ber::kSequence, "SafeContents");
  EXPECT_EQ(bags.Enter(ber::kSequence, "bag").Oid(), pfx_oid::kShroudedKeyBag);
  bags.ExpectEnd("the one key bag");
  BerReader second = safes.Enter(ber::kSequence, "the certificates' safe");
  EXPECT_EQ(second.Oid(), pfx_oid::kEncryptedData);
  safes.ExpectEnd("the second safe");
}

// NotingSource gives fresh random bytes and keeps what it gave.
class NotingSource final : public RandomSource {
 public:
  void Fill(std::span<std::uint8_t> out) override {
    system_.Fill(out);
    given.emplace_back(out.begin(), out.end());
  }
  std::vector<Bytes> given;

 private:
  SystemRandom system_;
};

// Each salt and IV is drawn for one use: a repeated one would tell which contents are equal.
TEST_P(PfxEncodeTest, SaltsAreDrawnForOneUseEach) {
  NotingSource source;
  const Bytes file = EncodePfx(ContentsOf(GetParam()), AsBytes(kPassword), source);
  std::vector<std::size_t> sizes;
  for (const Bytes& salt : source.given) {
    sizes.push_back(salt.size());
    const auto found = std::search(file.begin(), file.end(), salt.begin(), salt.end());
    ASSERT_NE(found, file.end()) << "a salt of " << salt.size() << " bytes is not in the file";
    EXPECT_EQ(std::search(found + 1, file.end(), salt.begin(), salt.end()), file.end());
  }
  const bool modern = GetParam().encryption == PfxEncryption::kModern;
  EXPECT_EQ(sizes, modern ? (std::vector<std::size_t>{16, 16, 16, 16, 20})
                          : (std::vector<std::size_t>{8, 8, 20}));
}

TEST(PfxPasswordTest, AsciiThatEveryImporterReadsAlike) {
  struct Rule {
    std::string password;
    const char* fault;
  };
  for (const Rule& rule : {Rule{"", "is empty"}, Rule{std::string(129, 'a'), "longer than 128"},
                           Rule{"tab\t", "outside ASCII"}, Rule{"new\nline", "outside ASCII"},
                           Rule{"p\xC3\xA4ss", "outside ASCII"}, Rule{"del\x7F", "outside ASCII"},
                           Rule{std::string("nul\0", 4), "outside ASCII"}}) {
    const auto error = ThrownBy([&] { CheckPassword(AsBytes(rule.password)); });
    ASSERT_TRUE(error) << rule.fault;
    EXPECT_EQ(error->kind(), ErrorKind::kInput);
    EXPECT_TRUE(Contains(error->what(), rule.fault)) << error->what();
    SystemRandom random;
    EXPECT_THROW(EncodePfx(BareContents(EcIdentity(), PfxEncryption::kModern),
                           AsBytes(rule.password), random),
                 Error);
  }
  for (const std::string& password : {std::string("~"), std::string(" "), std::string(128, 'z')}) {
    EXPECT_NO_THROW(CheckPassword(AsBytes(password)));
  }
}

// These words stand in ledgers and manifests.

}  // namespace
}  // namespace fleetmint
