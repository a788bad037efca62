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

// What is below `path`, but what SQLite keeps beside an open ledger.
std::vector<std::string> FilesOf(const std::string& path) {
  std::vector<std::string> names = ListTree(path);
  std::erase_if(names, [](const std::string& name) { return name.starts_with("ledger.db-"); });
  return names;
}

TEST_F(AuthorityInitTest, TwoTiersAreWholeAndClosedToOthers) {
  FixedPassphrase phrase(kPhrase);
  const Authority authority = InitTwoTier(&phrase);
  EXPECT_EQ(phrase.asked, 1);
  EXPECT_TRUE(phrase.confirmed) << "a new passphrase is asked twice";
  EXPECT_EQ(FilesOf(ca_), (std::vector<std::string>{"authority.yaml", "crl", "crl/root.crl",
                                                    "fleet.key", "issuing.crt", "issuing.key",
                                                    "ledger.db", "root.crt", "root.key"}));
  EXPECT_EQ(ListTree(temp_.path()).front(), "ca") << "a temporary directory stayed";
  EXPECT_EQ(ModeOf(ca_), 0700u);
  for (const std::string& name : ListTree(ca_)) {
    EXPECT_EQ(ModeOf(ca_ + "/" + name), name == "crl" ? 0700u : 0600u) << name;
  }
  EXPECT_EQ(authority.id().size(), 32u);
  EXPECT_TRUE(authority.encrypted());
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
  EXPECT_NE(crl.out.find("X509v3 CRL Number: \n"), std::string::npos) << crl;
}

// RSA as the catalog's authorities have it, and one tier that signs itself and endpoints.
TEST_F(AuthorityInitTest, OneRsaTierIssuesByItself) {
  const Authority authority = Init({IssuingTier({KeyAlgorithm::kRsa, 2048})}, nullptr);
  EXPECT_FALSE(authority.encrypted());
  EXPECT_EQ(FilesOf(ca_), (std::vector<std::string>{"authority.yaml", "fleet.key", "issuing.crt",
                                                    "issuing.key", "ledger.db"}));
  EXPECT_EQ(authority.Chain().size(), 1u);
  EXPECT_EQ(authority.Tiers().front().key, "RSA 2048");
  const auto verified = OpensslVerify(authority, IssueLeaf(authority));
  EXPECT_TRUE(verified.ok()) << verified;
}

// CA certificates are in the ledger too: they may have to be revoked. They are those that count:
// the .crt files are copies for people.
TEST_F(AuthorityInitTest, TheLedgerKnowsEveryTier) {
  const Authority authority = InitTwoTier();
  const auto tiers = authority.Tiers();
  ASSERT_EQ(tiers.size(), 2u);
  const auto rows = authority.ledger().Issuers();
  ASSERT_EQ(rows.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(rows[i].tier, tiers[i].name);
    EXPECT_EQ(rows[i].generation, 1);
    EXPECT_EQ(rows[i].state, IssuerState::kCurrent);
    EXPECT_EQ(rows[i].der, tiers[i].certificate);
    EXPECT_EQ(rows[i].leaves, i == 1);
    EXPECT_EQ(rows[i].key_file, tiers[i].name + ".key");
    const Certificate certificate = Certificate::Parse(rows[i].der);
    Bytes scope = certificate.subject();
    scope.insert(scope.end(), certificate.spki().begin(), certificate.spki().end());
    EXPECT_EQ(rows[i].scope, Sha256(scope));
    EXPECT_EQ(authority.FindIssuer(rows[i].id)->der(), rows[i].der);
  }
  EXPECT_EQ(rows[1].parent, rows[0].id);
  EXPECT_FALSE(rows[0].parent);
  EXPECT_EQ(tiers[0].subject, "CN=Root CA, O=Test");
  EXPECT_EQ(tiers[1].key, "ECDSA P-256");
  EXPECT_TRUE(tiers[0].key_present && tiers[1].key_present);
  const auto chain = authority.ChainDers();
  EXPECT_EQ(std::vector<Bytes>(chain.begin(), chain.end()),
            (std::vector<Bytes>{tiers[1].certificate, tiers[0].certificate}));
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
  Tier outlives = IssuingTier();
  outlives.certificate.key_usage = key_usage::kCrlSign;  // the lint refuses a CA that may not sign
  const auto init = [&](std::vector<Tier> tiers, PassphraseSource* phrase, StreamFactory& streams) {
    Authority::Init(ca_, ProfileOf(std::move(tiers)),
                    {.random = random_, .streams = streams, .clock = clock_, .passphrase = phrase});
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
  ExpectRefused([&] { Authority::Init(temp_ / "file", ProfileOf({RootTier()}), Options()); },
                "exists already");
  EXPECT_EQ(ReadFileText(temp_ / "file"), "x");
  std::filesystem::create_directory(temp_ / "empty");
  EXPECT_NO_THROW(Authority::Init(temp_ / "empty/", ProfileOf({RootTier()}), Options()));
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
  IssueLeaf(authority, authority.Unlock(&phrase, clock_));
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
  // One key less, one key more, another value: authority.yaml is read as strictly as it is written.
  const auto without = [&](const std::string& key) {
    std::string text = good;
    const std::size_t at = text.find(key + ":");
    return text.erase(at, text.find('\n', at) + 1 - at);
  };
  std::vector<std::string> texts{"",
                                 "authority: x\n",
                                 good + "tiers: [root]\n",
                                 good + "signer: file\n",
                                 good + "extra: 1\n",
                                 "- a\n"};
  for (const char* key : {"authority", "encrypted", "signer", "fleet_key"}) {
    texts.push_back(without(key));
    texts.push_back(without(key) + key + ": [x]\n");
    texts.push_back(without(key) + key + ": xyz\n");
    texts.push_back(without(key) + key + ":\n");
  }
  for (const std::string& text : texts) {
    temp_.Write("ca/authority.yaml", text);
    ExpectRefused([&] { Authority::Open(ca_); }, "authority.yaml", /*hint=*/false);
  }
  temp_.Write("ca/authority.yaml", good);
  EXPECT_NO_THROW(Authority::Open(ca_));
}

// What people can read and replace is not what is gone by.
TEST_F(AuthorityOpenTest, TheCertificatesAreThoseOfTheLedger) {
  const Bytes issuing = InitTwoTier().Tiers().back().certificate;
  temp_.Write("ca/issuing.crt", PemEncode("CERTIFICATE", EcIdentity().certificate));
  std::filesystem::remove(ca_ + "/root.crt");
  const Authority authority = Authority::Open(ca_);
  EXPECT_EQ(authority.Tiers().back().certificate, issuing);
  EXPECT_TRUE(OpensslVerify(authority, IssueLeaf(authority)).ok());
}

TEST_F(AuthorityUnlockTest, AsksForThePassphraseOnce) {
  FixedPassphrase phrase(kPhrase);
  InitTwoTier(&phrase);
  const Authority authority = Authority::Open(ca_);
  FixedPassphrase again(kPhrase);
  const UnlockedAuthority unlocked = authority.Unlock(&again, clock_);
  EXPECT_EQ(again.asked, 1);
  EXPECT_FALSE(again.confirmed);
  const auto verified = OpensslVerify(authority, IssueLeaf(authority, unlocked));
  EXPECT_TRUE(verified.ok()) << verified;
}

TEST_F(AuthorityUnlockTest, AWrongPassphraseIsSaid) {
  FixedPassphrase phrase(kPhrase), wrong("canary passphrase 7c1e9b");
  Authority authority = InitTwoTier(&phrase);
  ExpectRefused([&] { authority.Unlock(&wrong, clock_); },
                "wrong passphrase for the issuing CA key",
                /*hint=*/false);
  ExpectRefused([&] { authority.UnlockPasswords(&wrong); }, "wrong passphrase for the fleet key",
                /*hint=*/false);
  ExpectRefused([&] { authority.Unlock(nullptr, clock_); }, "no passphrase was given");
  ExpectRefused([&] { authority.UnlockPasswords(nullptr); }, "no passphrase was given");
}

// The fleet key is the same after every opening, whichever way it was unlocked: the passwords of
// all bundles hang on it.
TEST_F(AuthorityUnlockTest, PasswordsAreTheSameAtEveryOpening) {
  FixedPassphrase phrase(kPhrase);
  InitTwoTier(&phrase);
  const UnlockedAuthority first = Authority::Open(ca_).Unlock(&phrase, clock_);
  std::filesystem::remove(ca_ + "/issuing.key");
  const PasswordMaker second = Authority::Open(ca_).UnlockPasswords(&phrase);
  const Serial serial{1};
  EXPECT_EQ(first.passwords().Derive(1, "ws-0001", serial), second.Derive(1, "ws-0001", serial));
}

// Another authority's fleet key would change every password, silently.
TEST_F(AuthorityUnlockTest, TheFleetKeyIsTheOneOfTheAuthority) {
  InitTwoTier();
  Authority::Init(temp_ / "other", ProfileOf({RootTier()}), Options());
  std::filesystem::copy_file(temp_ / "other/fleet.key", ca_ + "/fleet.key",
                             std::filesystem::copy_options::overwrite_existing);
  ExpectRefused([&] { Authority::Open(ca_).UnlockPasswords(nullptr); },
                "is not the one that this authority was made with");
  ExpectRefused([&] { Authority::Open(ca_).Unlock(nullptr, clock_); },
                "is not the one that this authority was made with");
}

TEST_F(AuthorityUnlockTest, TheRootKeyMayBeOffline) {
  InitTwoTier();
  std::filesystem::remove(ca_ + "/root.key");
  const Authority authority = Authority::Open(ca_);
  EXPECT_FALSE(authority.Tiers()[0].key_present);
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
  ExpectRefused([&] { Authority::Open(ca_).UnlockPasswords(nullptr); }, "the fleet key", false);
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

}  // namespace
}  // namespace fleetmint
