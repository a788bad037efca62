// Bundles: what PackBundle writes by the BundleSpec, and what OpenBundle finds wrong with one.
#include "output/pack.h"

#include <gtest/gtest.h>

#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "tests/output/pfx_files.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

std::vector<BundleFile> Pack(const TestIdentity& identity, const BundleSpec& spec,
                             std::string_view password = kPassword) {
  SystemRandom random;
  return PackBundle({.spec = spec,
                     .pkcs8 = identity.key.pkcs8(),
                     .certificate = identity.certificate,
                     .chain = identity.chain,
                     .key_container_name = "acme-ws-0001",
                     .password = AsBytes(password),
                     .iterations = 1000},
                    random);
}

BundleSpec SpecOf(bool pfx, bool pem, BundleChain chain = BundleChain::kFull) {
  BundleSpec spec;
  spec.pfx = pfx;
  spec.pem = pem;
  spec.chain = chain;
  return spec;
}

std::vector<std::string> Extensions(const std::vector<BundleFile>& files) {
  std::vector<std::string> extensions;
  for (const BundleFile& file : files) extensions.push_back(file.extension);
  return extensions;
}

// The file with the key is first: the manifest's `bundle` is that one.
TEST(PackBundleTest, MakesTheFilesOfTheSpec) {
  struct Case {
    bool pfx, pem;
    BundleChain chain;
    std::vector<std::string> extensions;
  };
  for (const Case& c :
       {Case{true, false, BundleChain::kFull, {"pfx"}},
        Case{false, true, BundleChain::kFull, {"key.pem", "crt.pem", "chain.pem"}},
        Case{false, true, BundleChain::kNone, {"key.pem", "crt.pem"}},
        Case{true, true, BundleChain::kIssuing, {"pfx", "key.pem", "crt.pem", "chain.pem"}}}) {
    EXPECT_EQ(Extensions(Pack(EcIdentity(), SpecOf(c.pfx, c.pem, c.chain))), c.extensions);
  }
}

TEST(PackBundleTest, TheChainIsCutAsTheSpecSays) {
  const TestIdentity& identity = EcIdentity();
  struct Case {
    BundleChain chain;
    std::vector<Bytes> expected;
  };
  for (const Case& c :
       {Case{BundleChain::kNone, {}}, Case{BundleChain::kIssuing, {identity.chain[0]}},
        Case{BundleChain::kFull, identity.chain}}) {
    for (const bool pem : {false, true}) {
      const auto files = Pack(identity, SpecOf(!pem, pem, c.chain));
      EXPECT_EQ(OpenBundle(files, AsBytes(kPassword)).chain, c.expected);
    }
  }
}

// Every setting of the BundleSpec reaches the PFX.
TEST(PackBundleTest, TheSpecReachesThePfx) {
  BundleSpec spec = SpecOf(true, false);
  spec.encryption = PfxEncryption::kLegacy;
  spec.csp = kCapi;
  spec.key_spec = WindowsKeySpec::kExchange;
  spec.machine_keys = true;
  spec.friendly_name = "agent";
  spec.description = "described";
  const DecodedPfx pfx = DecodePfx(Pack(RsaIdentity(), spec)[0].content, AsBytes(kPassword));
  EXPECT_EQ(pfx.encryption, PfxEncryption::kLegacy);
  EXPECT_EQ(pfx.csp, kCapi);
  EXPECT_EQ(pfx.key_spec, WindowsKeySpec::kExchange);
  EXPECT_TRUE(pfx.machine_keys);
  EXPECT_EQ(pfx.friendly_name, "agent");
  EXPECT_EQ(pfx.description, "described");
  EXPECT_EQ(pfx.key_container_name, "acme-ws-0001");
  EXPECT_EQ(pfx.iterations, 1000u);
}

TEST(PackBundleTest, OpensslOpensThePemFiles) {
  const TempDir temp;
  for (const TestIdentity* identity : {&RsaIdentity(), &EcIdentity()}) {
    for (const BundleFile& file : Pack(*identity, SpecOf(false, true))) {
      temp.Write(file.extension, file.content);
    }
    temp.Write("password", kPassword);
    const auto key = RunProgram({"openssl", "pkey", "-in", temp / "key.pem", "-passin",
                                 "file:" + temp / "password", "-pubout"});
    const auto certificate =
        RunProgram({"openssl", "x509", "-in", temp / "crt.pem", "-noout", "-pubkey"});
    ASSERT_TRUE(key.ok()) << key;
    EXPECT_EQ(key.out, certificate.out) << "key and certificate do not belong together";
    const auto verified =
        RunProgram({"openssl", "verify", "-x509_strict", "-CAfile", temp / "chain.pem", "-purpose",
                    "sslclient", temp / "crt.pem"});
    EXPECT_TRUE(verified.ok()) << verified;
    temp.Write("password", "wrong");
    EXPECT_FALSE(RunProgram({"openssl", "pkey", "-in", temp / "key.pem", "-passin",
                             "file:" + temp / "password", "-noout"})
                     .ok());
  }
}

TEST(PackBundleTest, APasswordThatImportersMisreadIsRefused) {
  for (const bool pem : {false, true}) {
    const auto error = ThrownBy([&] { Pack(EcIdentity(), SpecOf(!pem, pem), "p\xC3\xA4ss"); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::kInput);
  }
}

TEST(OpenBundleTest, GivesBackKeyCertificateAndChain) {
  for (const auto& [pfx, pem] : {std::pair{true, false}, {false, true}, {true, true}}) {
    BundleSpec spec = SpecOf(pfx, pem);
    spec.key_spec = pfx ? WindowsKeySpec::kSignature : WindowsKeySpec::kNone;
    const OpenedBundle bundle = OpenBundle(Pack(RsaIdentity(), spec), AsBytes(kPassword));
    EXPECT_EQ(LoadPkcs8(bundle.pkcs8)->private_key_bits(),
              LoadPkcs8(RsaIdentity().key.pkcs8())->private_key_bits());
    EXPECT_EQ(bundle.certificate, RsaIdentity().certificate);
    EXPECT_EQ(bundle.chain, RsaIdentity().chain);
  }
}

// Files as one bundle, the one with `extension` exchanged for that of another bundle.
std::vector<BundleFile> Mixed(const std::string& extension, const std::vector<BundleFile>& other) {
  auto files = Pack(RsaIdentity(), SpecOf(true, true));
  for (BundleFile& file : files) {
    for (const BundleFile& foreign : other) {
      if (file.extension == extension && foreign.extension == extension) file = foreign;
    }
  }
  return files;
}

void ExpectFinding(const std::vector<BundleFile>& files, std::string_view reason,
                   std::string_view password = kPassword) {
  const auto error = ThrownBy([&] { OpenBundle(files, AsBytes(password)); });
  ASSERT_TRUE(error) << reason;
  EXPECT_EQ(error->kind(), ErrorKind::kFindings);
  EXPECT_NE(std::string(error->what()).find(reason), std::string::npos) << error->what();
}

// PFX and PEM of one endpoint are one key, one certificate and one chain: files that were mixed up
// would work or not depending on which of them a host installs.
TEST(OpenBundleTest, FormatsThatDisagreeAreFound) {
  const auto other = Pack(EcIdentity(), SpecOf(true, true));
  ExpectFinding(Mixed("pfx", other), "hold different certificates");
  ExpectFinding(Mixed("crt.pem", other), "hold different certificates");
  ExpectFinding(Mixed("key.pem", other), "hold different keys");
  const auto shorter = Pack(RsaIdentity(), SpecOf(true, true, BundleChain::kIssuing));
  ExpectFinding(Mixed("chain.pem", shorter), "hold different chains");
}

TEST(OpenBundleTest, WhatIsNoBundleIsFound) {
  const auto pem = Pack(EcIdentity(), SpecOf(false, true));
  ExpectFinding({}, "holds no key");
  ExpectFinding({pem[1]}, "holds no key");
  ExpectFinding({pem[0]}, "not one key and one certificate");
  ExpectFinding({pem[0], {"crt.pem", pem[2].content}}, "not one key and one certificate");
  ExpectFinding({{"key.pem", pem[1].content}, pem[1]}, ".key.pem holds a 'CERTIFICATE'");
  const std::string plain = PemEncode("PRIVATE KEY", EcIdentity().key.pkcs8());
  ExpectFinding({{"key.pem", {plain.begin(), plain.end()}}, pem[1]},
                ".key.pem holds a 'PRIVATE KEY'");
  ExpectFinding({{"pfx", {0x30, 0x00}}}, "not valid BER");
}

TEST(OpenBundleTest, AWrongPasswordIsAFinding) {
  ExpectFinding(Pack(EcIdentity(), SpecOf(true, false)), "wrong password or damaged", "wrong");
  ExpectFinding(Pack(EcIdentity(), SpecOf(false, true)), "wrong password or damaged", "wrong");
}

// Whoever is told of a finding also needs what to do about it.
TEST(OpenBundleTest, CauseAndHintOfAnErrorAreKept) {
  const auto opened =
      ThrownBy([&] { OpenBundle(Pack(EcIdentity(), SpecOf(true, false)), AsBytes("wrong")); });
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->cause(), ErrorCause::kWrongPassword);
  DerWriter key;
  key.Sequence([](DerWriter& info) {
    info.Sequence([](DerWriter& id) { id.Oid("1.2.840.113549.1.5.3").Null(); });
    info.OctetString(Bytes(8));
  });
  auto files = Pack(EcIdentity(), SpecOf(false, true));
  const std::string pem = PemEncode("ENCRYPTED PRIVATE KEY", key.bytes());
  files[0].content.assign(pem.begin(), pem.end());
  const auto unsupported = ThrownBy([&] { OpenBundle(files, AsBytes(kPassword)); });
  ASSERT_TRUE(unsupported);
  EXPECT_EQ(unsupported->cause(), ErrorCause::kUnsupported);
  EXPECT_NE(unsupported->faults()[0].hint.find("convert it"), std::string::npos);
}

}  // namespace
}  // namespace fleetmint
