// The authority directory: made whole or not at all, closed to others, and opened only when it is
// sound.
#include "engine/authority/authority.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/authority/ca_fixture.h"
#include "tests/base/stuck_source.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

using AuthorityInitTest = AuthorityFixture;
using AuthorityOpenTest = AuthorityFixture;
using AuthorityUnlockTest = AuthorityFixture;

// An Error(kAuthority) that has `reason` in its text; with a hint unless told otherwise.
template <typename Call>
void ExpectRefused(Call call, std::string_view reason, bool hint = true) {
  const auto error = ThrownBy(call);
  ASSERT_TRUE(error) << "nothing was thrown; expected: " << reason;
  EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
  EXPECT_NE(std::string(error->what()).find(reason), std::string::npos) << error->what();
  EXPECT_FALSE(hint && error->faults().front().hint.empty()) << error->what();
}

TEST_F(AuthorityInitTest, TwoTiersAreWholeAndClosedToOthers) {
  FixedPassphrase phrase(kPhrase);
  const Authority authority = InitTwoTier(&phrase);
  EXPECT_EQ(phrase.asked, 1);
  EXPECT_TRUE(phrase.confirmed) << "a new passphrase is asked twice";
  EXPECT_EQ(ListTree(ca_), (std::vector<std::string>{"authority.yaml", "crl", "crl/root.crl",
                                                     "fleet.key", "issuing.crt", "issuing.key",
                                                     "ledger.db", "root.crt", "root.key"}));
  EXPECT_EQ(ListTree(temp_.path()).front(), "ca") << "a temporary directory stayed";
  EXPECT_EQ(ModeOf(ca_), 0700u);
  for (const std::string& name : ListTree(ca_)) {
    EXPECT_EQ(ModeOf(ca_ + "/" + name), name == "crl" ? 0700u : 0600u) << name;
  }
  EXPECT_EQ(authority.id().size(), 32u);
  EXPECT_TRUE(authority.encrypted());
  EXPECT_EQ(authority.Crls().size(), 1u);
}

TEST_F(AuthorityInitTest, OpensslReadsKeysChainAndCrl) {
  FixedPassphrase phrase(kPhrase);
  InitTwoTier(&phrase);
  temp_.Write("phrase", kPhrase);
  for (const std::string tier : {"root", "issuing"}) {
    const auto key = RunProgram({"openssl", "pkey", "-in", ca_ + "/" + tier + ".key", "-passin",
                                 "file:" + temp_ / "phrase", "-pubout"});
    const auto certificate =
        RunProgram({"openssl", "x509", "-in", ca_ + "/" + tier + ".crt", "-noout", "-pubkey"});
    ASSERT_TRUE(key.ok() && certificate.ok()) << key << certificate;
    EXPECT_EQ(key.out, certificate.out) << tier;
  }
  const auto verified =
      RunProgram({"openssl", "verify", "-x509_strict", "-crl_check", "-CRLfile",
                  ca_ + "/crl/root.crl", "-CAfile", ca_ + "/root.crt", ca_ + "/issuing.crt"});
  EXPECT_TRUE(verified.ok()) << verified;
  const auto crl = RunProgram({"openssl", "crl", "-inform", "DER", "-in", ca_ + "/crl/root.crl",
                               "-noout", "-text", "-CAfile", ca_ + "/root.crt"});
  EXPECT_TRUE(crl.ok()) << crl;
  EXPECT_NE(crl.err.find("verify OK"), std::string::npos) << crl;
  EXPECT_NE(crl.out.find("No Revoked Certificates"), std::string::npos) << crl;
  EXPECT_NE(crl.out.find("X509v3 CRL Number: \n                1\n"), std::string::npos) << crl;
}

// RSA as the catalog's authorities have it, and one tier that signs itself and endpoints.
TEST_F(AuthorityInitTest, OneRsaTierIssuesByItself) {
  TierPlan tier = IssuingTier({KeyAlgorithm::kRsa, 2048});
  Authority authority = Init({tier}, nullptr);
  EXPECT_FALSE(authority.encrypted());
  EXPECT_EQ(ListTree(ca_), (std::vector<std::string>{"authority.yaml", "fleet.key", "issuing.crt",
                                                     "issuing.key", "ledger.db"}));
  EXPECT_EQ(authority.Chain().size(), 1u);
  EXPECT_EQ(authority.Tiers().front().key, "RSA 2048");
  authority.Unlock(nullptr, clock_);
  const auto verified = OpensslVerify(authority, IssueLeaf(authority));
  EXPECT_TRUE(verified.ok()) << verified;
}

// CA certificates are in the ledger too: they may have to be revoked.
TEST_F(AuthorityInitTest, TheLedgerKnowsEveryTier) {
  const Authority authority = InitTwoTier();
  const auto tiers = authority.Tiers();
  ASSERT_EQ(tiers.size(), 2u);
  std::vector<LedgerRow> rows;
  authority.OpenLedger().ForEach([&](const LedgerRow& row) { rows.push_back(row); });
  ASSERT_EQ(rows.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(rows[i].endpoint, tiers[i].name);
    EXPECT_EQ(rows[i].fleet, "");
    EXPECT_EQ(rows[i].state, CertificateState::kIssued);
    EXPECT_EQ(SerialHex(rows[i].serial), tiers[i].serial);
    EXPECT_EQ(rows[i].facts.sha256, Sha256(tiers[i].certificate));
    EXPECT_EQ(rows[i].facts.issuer, ToHex(Sha256(tiers[0].certificate)));
  }
  EXPECT_EQ(tiers[0].subject, "CN=Root CA, O=Test");
  EXPECT_EQ(tiers[1].key, "ECDSA P-256");
  EXPECT_TRUE(tiers[0].key_present && tiers[1].key_present);
  EXPECT_EQ(authority.Chain(), (std::vector<Bytes>{tiers[1].certificate, tiers[0].certificate}));
}

class NoPassphrase final : public PassphraseSource {
 public:
  SecretBytes Get(const std::string&, bool) override {
    throw Error::WithHint(ErrorKind::kAuthority, "no terminal", "give --passphrase-file");
  }
};

TEST_F(AuthorityInitTest, AFailureLeavesNothingBehind) {
  StuckSource stuck;
  SystemStreams stuck_streams(stuck);
  NoPassphrase none;
  FixedPassphrase empty("");
  TierPlan outlives = IssuingTier();
  outlives.certificate.key_usage = key_usage::kCrlSign;  // the lint refuses a CA that may not sign
  const auto init = [&](std::vector<TierPlan> tiers, PassphraseSource* phrase,
                        StreamFactory& streams) {
    Authority::Init(ca_, {std::move(tiers), ParseDuration("1y"), phrase}, random_, streams, clock_);
  };
  EXPECT_THROW(init({RootTier()}, nullptr, stuck_streams), Error);
  EXPECT_THROW(init({RootTier()}, &none, streams_), Error);
  EXPECT_THROW(init({RootTier()}, &empty, streams_), Error);
  EXPECT_THROW(init({RootTier(), outlives}, nullptr, streams_), Error);
  EXPECT_THROW(init({RootTier({KeyAlgorithm::kRsa, 1024})}, nullptr, streams_), Error);
  EXPECT_THROW(init({}, nullptr, streams_), Error);
  EXPECT_EQ(ListTree(temp_.path()), std::vector<std::string>{});
}

TEST_F(AuthorityInitTest, AnAuthorityIsNeverOverwritten) {
  const std::string id = InitTwoTier().id();
  ExpectRefused([&] { InitTwoTier(); }, "exists already");
  EXPECT_EQ(Authority::Open(ca_).id(), id);
  temp_.Write("file", "x");
  ExpectRefused(
      [&] {
        Authority::Init(temp_ / "file", {{RootTier()}, ParseDuration("1y"), nullptr}, random_,
                        streams_, clock_);
      },
      "exists already");
  EXPECT_EQ(ReadFileText(temp_ / "file"), "x");
  std::filesystem::create_directory(temp_ / "empty");
  EXPECT_NO_THROW(Authority::Init(temp_ / "empty/", {{RootTier()}, ParseDuration("1y"), nullptr},
                                  random_, streams_, clock_));
  EXPECT_EQ(ModeOf(temp_ / "empty"), 0700u);
}

// No file of the directory holds the passphrase or a key in the clear.
TEST_F(AuthorityInitTest, NoFileHoldsASecretInTheClear) {
  FixedPassphrase phrase(kPhrase);
  Authority authority = InitTwoTier(&phrase);
  std::vector<SecretBytes> canaries{{kPhrase, kPhrase + std::string_view(kPhrase).size()}};
  temp_.Write("phrase", kPhrase);
  for (const std::string tier : {"root", "issuing"}) {
    const auto pem = RunProgram({"openssl", "pkey", "-in", ca_ + "/" + tier + ".key", "-passin",
                                 "file:" + temp_ / "phrase"});
    ASSERT_TRUE(pem.ok()) << pem;
    const SecretBytes bits = LoadPkcs8(PemDecodeAll(pem.out).front().der)->private_key_bits();
    // ECPrivateKey: SEQUENCE { INTEGER 1, OCTET STRING scalar, ... }.
    canaries.emplace_back(bits.begin() + 7, bits.begin() + 7 + 32);
  }
  authority.Unlock(&phrase, clock_);
  IssueLeaf(authority);
  for (const std::string& name : ListTree(ca_)) {
    if (std::filesystem::is_directory(ca_ + "/" + name)) continue;
    const Bytes content = ReadFileBytes(ca_ + "/" + name);
    for (const SecretBytes& canary : canaries) {
      EXPECT_EQ(std::search(content.begin(), content.end(), canary.begin(), canary.end()),
                content.end())
          << name;
    }
    if (!name.ends_with(".key")) continue;
    const std::string text(AsText(content));
    EXPECT_TRUE(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----")) << name;
    const auto blocks = PemDecodeAll(text);
    const SecretBytes& der = blocks.front().der;
    const Bytes six_hundred_thousand = FromHex("02030927c0");
    EXPECT_NE(std::search(der.begin(), der.end(), six_hundred_thousand.begin(),
                          six_hundred_thousand.end()),
              der.end())
        << name << " has another number of iterations";
  }
}

// A key that others could read is refused, not mended: nobody knows for how long it has been so.
TEST_F(AuthorityOpenTest, LooserModesAreRefused) {
  InitTwoTier();
  struct Case {
    const char* name;
    mode_t loose, tight;
  };
  for (const Case& c : {Case{"", 0755, 0700}, Case{"", 0710, 0700}, Case{"", 0701, 0700},
                        Case{"root.key", 0644, 0600}, Case{"issuing.key", 0640, 0600},
                        Case{"fleet.key", 0604, 0600}, Case{"ledger.db", 0644, 0600}}) {
    const std::string path = ca_ + "/" + c.name;
    ASSERT_EQ(::chmod(path.c_str(), c.loose), 0);
    const auto error = ThrownBy([&] { Authority::Open(ca_); });
    ASSERT_TRUE(error) << c.name << " is accepted with mode " << std::oct << c.loose;
    EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
    EXPECT_NE(std::string(error->what()).find("open to other users"), std::string::npos);
    EXPECT_TRUE(error->faults().front().hint.starts_with("chmod ")) << error->what();
    ASSERT_EQ(::chmod(path.c_str(), c.tight), 0);
    EXPECT_NO_THROW(Authority::Open(ca_));
  }
}

TEST_F(AuthorityOpenTest, WhatIsNoAuthorityIsRefused) {
  ExpectRefused([&] { Authority::Open(temp_ / "absent"); }, "No such file");
  ExpectRefused([&] { Authority::Open(temp_.path()); }, "is not an authority");
  InitTwoTier();
  const std::string good = ReadFileText(ca_ + "/authority.yaml");
  for (const char* text :
       {"", "authority: x\n", "tiers: [root]\n", "authority: [x]\ntiers: [root]\n",
        "authority: x\ntiers: {a: b}\n", "authority: x\nauthority: y\n"}) {
    temp_.Write("ca/authority.yaml", text);
    ExpectRefused([&] { Authority::Open(ca_); }, "authority.yaml", /*hint=*/false);
  }
  temp_.Write("ca/authority.yaml", good);
  for (const char* text :
       {"", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n"}) {
    temp_.Write("ca/issuing.crt", text);
    ExpectRefused([&] { Authority::Open(ca_); }, "issuing.crt", /*hint=*/false);
  }
}

TEST_F(AuthorityUnlockTest, AsksForThePassphraseOnce) {
  FixedPassphrase phrase(kPhrase);
  InitTwoTier(&phrase);
  Authority authority = Authority::Open(ca_);
  FixedPassphrase again(kPhrase);
  authority.Unlock(&again, clock_);
  EXPECT_EQ(again.asked, 1);
  EXPECT_FALSE(again.confirmed);
  const auto verified = OpensslVerify(authority, IssueLeaf(authority));
  EXPECT_TRUE(verified.ok()) << verified;
}

TEST_F(AuthorityUnlockTest, AWrongPassphraseIsSaid) {
  FixedPassphrase phrase(kPhrase), wrong("canary passphrase 7c1e9b");
  Authority authority = InitTwoTier(&phrase);
  ExpectRefused([&] { authority.Unlock(&wrong, clock_); },
                "wrong passphrase for the issuing CA key",
                /*hint=*/false);
  ExpectRefused([&] { authority.UnlockFleetKey(&wrong); }, "wrong passphrase for the fleet key",
                /*hint=*/false);
  ExpectRefused([&] { authority.Unlock(nullptr, clock_); }, "no passphrase was given");
  ExpectRefused([&] { authority.UnlockFleetKey(nullptr); }, "no passphrase was given");
}

// The fleet key is the same after every opening, whichever way it was unlocked: the passwords of
// all bundles hang on it.
TEST_F(AuthorityUnlockTest, PasswordsAreTheSameAtEveryOpening) {
  FixedPassphrase phrase(kPhrase);
  InitTwoTier(&phrase);
  Authority first = Authority::Open(ca_), second = Authority::Open(ca_);
  first.Unlock(&phrase, clock_);
  std::filesystem::remove(ca_ + "/issuing.key");
  second.UnlockFleetKey(&phrase);
  const Serial serial{1};
  EXPECT_EQ(first.passwords().Derive(1, "ws-0001", serial),
            second.passwords().Derive(1, "ws-0001", serial));
}

TEST_F(AuthorityUnlockTest, TheRootKeyMayBeOffline) {
  InitTwoTier();
  std::filesystem::remove(ca_ + "/root.key");
  Authority authority = Authority::Open(ca_);
  EXPECT_FALSE(authority.Tiers()[0].key_present);
  authority.Unlock(nullptr, clock_);
  EXPECT_TRUE(OpensslVerify(authority, IssueLeaf(authority)).ok());
}

TEST_F(AuthorityUnlockTest, TheIssuingKeyMustBeThereAndItsOwn) {
  InitTwoTier();
  const std::string path = ca_ + "/issuing.key";
  std::filesystem::rename(path, temp_ / "kept.key");
  ExpectRefused([&] { Authority::Open(ca_).Unlock(nullptr, clock_); }, "issuing.key' is absent");
  std::filesystem::copy_file(ca_ + "/root.key", path);
  ExpectRefused([&] { Authority::Open(ca_).Unlock(nullptr, clock_); },
                "the CA key does not belong to the CA certificate");
  for (const char* damaged :
       {"", "nothing", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n????\n-----END PRIVATE KEY-----\n"}) {
    temp_.Write("ca/issuing.key", damaged);
    ExpectRefused([&] { Authority::Open(ca_).Unlock(nullptr, clock_); }, "", /*hint=*/false);
  }
}

TEST_F(AuthorityUnlockTest, ADamagedFleetKeyIsSaid) {
  InitTwoTier();
  std::filesystem::copy_file(ca_ + "/root.key", ca_ + "/fleet.key",
                             std::filesystem::copy_options::overwrite_existing);
  ExpectRefused([&] { Authority::Open(ca_).UnlockFleetKey(nullptr); }, "the fleet key", false);
}

TEST_F(AuthorityUnlockTest, TheIssuingCertificateMustBeValidNow) {
  Authority authority = InitTwoTier();
  const TierInfo issuing = authority.Tiers().back();
  struct Case {
    Time now;
    const char* reason;
  };
  for (const Case& c : {Case{issuing.not_after + Seconds{1}, "expired at"},
                        Case{issuing.not_before - Seconds{1}, "is not valid before"}}) {
    ExpectRefused([&] { authority.Unlock(nullptr, FixedClock(c.now)); }, c.reason);
  }
  EXPECT_NO_THROW(authority.Unlock(nullptr, FixedClock(issuing.not_after)));
  EXPECT_NO_THROW(authority.Unlock(nullptr, FixedClock(issuing.not_before)));
}

TEST_F(AuthorityUnlockTest, AnEndpointsCertificateIssuesNothing) {
  Authority authority = InitTwoTier();
  authority.Unlock(nullptr, clock_);
  temp_.Write("ca/issuing.crt", PemEncode("CERTIFICATE", EcIdentity().certificate));
  temp_.Write("ca/issuing.key", PemEncode("PRIVATE KEY", EcIdentity().key.pkcs8()));
  ExpectRefused([&] { Authority::Open(ca_).Unlock(nullptr, clock_); }, "not one of a CA");
}

}  // namespace
}  // namespace fleetmint
