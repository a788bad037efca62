// The generations of a CA: what a rotation makes, what it leaves alone, and what hosts have to
// trust.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/authority/new_tier.h"
#include "engine/x509/certificate_view.h"
#include "engine/x509/lint_reader.h"
#include "engine/x509/name.h"
#include "tests/authority/ca_fixture.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

class RotateTest : public AuthorityFixture {
 protected:
  static std::string Subject(const Authority& authority, std::int64_t issuer) {
    return NameToString(authority.FindIssuer(issuer)->subject());
  }
  static std::int64_t LastIssuer(const Authority& authority) {
    return authority.ledger().Issuers().back().id;
  }
  template <typename Call>
  static std::string Refusal(Call call, ErrorKind kind) {
    const auto error = ThrownBy(call);
    if (!error) return "nothing was thrown";
    EXPECT_EQ(error->kind(), kind) << error->what();
    return error->what();
  }
};

TEST_F(RotateTest, NamesGenerations) {
  const auto name = [](const std::string& text, std::int64_t generation) {
    return NameOfGeneration(Name::Parse(text), generation).ToString();
  };
  EXPECT_EQ(name("CN=Issuing CA, O=Acme", 2), "CN=Issuing CA G2, O=Acme");
  EXPECT_EQ(name("CN=Issuing CA G2", 3), "CN=Issuing CA G3");
  EXPECT_EQ(name("CN=Issuing CA G9", 10), "CN=Issuing CA G10");
  EXPECT_EQ(name("CN=Acme CA G4", 2), "CN=Acme CA G5");
  EXPECT_EQ(name("CN=Acme CA G99999999999999999999", 2), "CN=Acme CA G99999999999999999999 G2");
  EXPECT_EQ(name("CN=Acme GmbH G", 2), "CN=Acme GmbH G G2");
  EXPECT_EQ(name("CN=Acme Gx2", 2), "CN=Acme Gx2 G2");
  EXPECT_EQ(name("O=Acme", 2), "CN=G2, O=Acme");
}

// Like the one before but for key, name and serial; its constraints, too.
TEST_F(RotateTest, TheNextIsLikeTheCurrentOne) {
  Tier issuing = IssuingTier(kP384);
  issuing.certificate.permitted_dns = {"example.com", "itAuth"};
  Authority authority = Init({RootTier(), issuing}, nullptr);
  const std::int64_t current = *authority.issuing();
  authority.Rotate({}, Options());
  EXPECT_EQ(authority.issuing(), current) << "it waits for its turn";
  const std::int64_t next = LastIssuer(authority);
  const auto fields = [&](std::int64_t id) {
    return ReadTbs(CertificateView::Read(authority.FindIssuer(id)->der()).tbs());
  };
  const TbsFields before = fields(current), after = fields(next);
  EXPECT_EQ(Subject(authority, next), "CN=Issuing CA G2, O=Test");
  EXPECT_TRUE(std::ranges::equal(before.issuer, after.issuer));
  EXPECT_EQ(after.path_length, 0u);
  EXPECT_EQ(after.key_usage, before.key_usage);
  EXPECT_EQ(after.permitted_dns, before.permitted_dns);
  EXPECT_FALSE(std::ranges::equal(before.spki, after.spki));
  EXPECT_EQ(before.spki.size(), after.spki.size()) << "P-384, too";
  EXPECT_FALSE(std::ranges::equal(before.serial, after.serial));
  const auto life = [](const TbsFields& of) { return of.not_after - of.not_before; };
  EXPECT_LE(std::chrono::abs(life(after) - life(before)), std::chrono::seconds(1));
}

TEST_F(RotateTest, ActivateLetsItSignAndKeepsTheOtherKnown) {
  Authority authority = InitTwoTier();
  const Bytes old_leaf = IssueLeaf(authority, "ws-1");
  authority.Rotate({}, Options());
  EXPECT_FALSE(authority.NeedsTrust());
  EXPECT_NE(
      Refusal([&] { authority.Rotate({}, Options()); }, ErrorKind::kUsage).find("is there already"),
      std::string::npos);
  const Bytes still_old = IssueLeaf(authority, "ws-2");
  EXPECT_TRUE(OpensslVerify(authority, still_old).ok());
  EXPECT_EQ(authority.TrustDers(clock_.Now()).size(), 3u) << "the next one is known before";
  authority.Activate(clock_);
  EXPECT_NE(Refusal([&] { authority.Activate(clock_); }, ErrorKind::kUsage).find("no next"),
            std::string::npos);
  const Bytes new_leaf = IssueLeaf(authority, "ws-3");
  EXPECT_TRUE(OpensslVerify(authority, new_leaf).ok());
  EXPECT_FALSE(OpensslVerify(authority, old_leaf).ok()) << "not under today's chain";
  EXPECT_EQ(NameToString(Certificate::Parse(new_leaf).issuer()), "CN=Issuing CA G2, O=Test");
  EXPECT_EQ(authority.TrustDers(clock_.Now()).size(), 3u) << "what it has signed has not ended";
  const Authority again = Authority::Open(ca_);
  EXPECT_EQ(again.issuing(), authority.issuing());
  EXPECT_EQ(again.Tiers().size(), 2u);
}

// Before it has signed anything, a retired CA need not be known.
TEST_F(RotateTest, TrustForgetsWhatAnswersForNothing) {
  Authority authority = InitTwoTier();
  authority.Rotate({}, Options());
  authority.Activate(clock_);
  EXPECT_EQ(authority.TrustDers(clock_.Now()).size(), 2u);
}

TEST_F(RotateTest, ANewRootNeedsTrustAndBothAreKnown) {
  Authority authority = InitTwoTier();
  IssueLeaf(authority);
  const SecretBytes key = authority.directory().ReadSecret("root.key");
  EXPECT_NE(Refusal([&] { authority.Rotate({.root = true, .above_key = key}, Options()); },
                    ErrorKind::kUsage)
                .find("no CA above"),
            std::string::npos);
  authority.Rotate({.root = true}, Options());
  EXPECT_TRUE(authority.NeedsTrust());
  EXPECT_EQ(authority.TrustDers(clock_.Now()).size(), 4u);
  authority.Activate(clock_);
  EXPECT_EQ(authority.TrustDers(clock_.Now()).size(), 4u);
  const Bytes leaf = IssueLeaf(authority, "ws-2");
  EXPECT_TRUE(OpensslVerify(authority, leaf).ok());
  EXPECT_EQ(NameToString(authority.Chain().back().subject()), "CN=Root CA G2, O=Test");
  EXPECT_TRUE(authority.Crls().Exists("root-2.crl"));
}

TEST_F(RotateTest, ACaThatSignsItselfGetsASuccessorThatDoes) {
  Authority authority = Init({IssuingTier()}, nullptr);
  authority.Rotate({}, Options());
  EXPECT_TRUE(authority.NeedsTrust());
  authority.Activate(clock_);
  EXPECT_TRUE(OpensslVerify(authority, IssueLeaf(authority)).ok());
}

// One passphrase opens all keys, and no other one makes new ones.
TEST_F(RotateTest, NewKeysAreUnderThePassphraseOfTheOthers) {
  FixedPassphrase phrase(kPhrase), other("another one");
  Authority authority = InitTwoTier(&phrase);
  const auto before = ListTree(ca_);
  // Of a new root no key is opened that would tell.
  for (const bool root : {false, true}) {
    EXPECT_NE(
        Refusal([&] { authority.Rotate({.root = root}, Options(&other)); }, ErrorKind::kAuthority)
            .find("wrong passphrase"),
        std::string::npos);
  }
  EXPECT_EQ(ListTree(ca_), before);
  authority.Rotate({}, Options(&phrase));
  authority.Activate(clock_);
  authority.Unlock(&phrase, clock_);
  EXPECT_THROW(authority.Unlock(&other, clock_), Error);
  temp_.Write("phrase", kPhrase);
  EXPECT_TRUE(RunProgram({"openssl", "pkey", "-in", ca_ + "/issuing-2.key", "-passin",
                          "file:" + temp_ / "phrase", "-noout"})
                  .ok());
}

// A crash behind the reservation: the certificate may have been signed, so it is on the list of the
// CA above; its key is removed, and its number is not used again.
TEST_F(RotateTest, WhatACrashLeavesIsAbandoned) {
  Authority authority = InitTwoTier();
  const IssuerRow root = authority.ledger().Issuers().front();
  const Reservation lost = authority.ledger().ReserveIssuer({.tier = "issuing",
                                                             .generation = 2,
                                                             .parent = root.id,
                                                             .leaves = true,
                                                             .key_file = "issuing-2.key",
                                                             .der = {},
                                                             .scope = {}},
                                                            random_, clock_.Now());
  authority.directory().CreateDurably("issuing-2.key", Bytes{1, 2, 3});
  Authority later = Authority::Open(ca_);
  later.Rotate({}, Options());
  EXPECT_EQ(Subject(later, LastIssuer(later)), "CN=Issuing CA G3, O=Test");
  EXPECT_FALSE(later.directory().Exists("issuing-2.key"));
  EXPECT_TRUE(later.directory().Exists("issuing-3.key"));
  const auto entries = later.ledger().CrlEntries(root.scope, clock_.Now());
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries.front().serial, lost.serial());
}

// The same of a request, which no serial of ours was drawn for.
TEST_F(RotateTest, WhatACrashLeavesOfARequestIsClearedAway) {
  Authority authority = InitTwoTier();
  NewIssuer lost;
  lost.tier = "issuing";
  lost.generation = 2;
  lost.leaves = true;
  lost.key_file = "issuing-2.key";
  authority.ledger().ReserveWaiting(lost, clock_.Now());
  authority.directory().CreateDurably("issuing-2.key", Bytes{1, 2, 3});
  authority.directory().CreateDurably(".issuing-2.csr.tmp", Bytes{1});
  Authority later = Authority::Open(ca_);
  EXPECT_NE(Refusal([&] { later.RequestNext(IssuingTier(), Options()); }, ErrorKind::kUsage)
                .find("needs a new name"),
            std::string::npos);
  Tier wanted{"of a name that is not taken", CaSpec("CN=Another CA", "6y"), kP256};
  later.RequestNext(wanted, Options());
  EXPECT_FALSE(later.directory().Exists("issuing-2.key"));
  EXPECT_FALSE(later.directory().Exists(".issuing-2.csr.tmp"));
  const auto issuers = later.ledger().Issuers();
  ASSERT_EQ(issuers.size(), 4u);
  EXPECT_EQ(issuers[2].state, IssuerState::kAbandoned);
  EXPECT_EQ(issuers[3].state, IssuerState::kNext);
  EXPECT_EQ(issuers[3].key_file, "issuing-3.key");
  EXPECT_FALSE(issuers[3].own_serial) << "another CA gives it";
  const auto again = ThrownBy([&] { later.RequestNext(wanted, Options()); });
  ASSERT_TRUE(again);
  EXPECT_NE(again->faults().front().hint.find("issuing-3.csr"), std::string::npos)
      << "where the request is";
}

// It may be of a generation that a newer ledger knows, where only an older one was brought back.
TEST_F(RotateTest, AKeyThatTheLedgerDoesNotKnowIsLeftAlone) {
  Authority authority = InitTwoTier();
  authority.directory().CreateDurably("issuing-2.key", Bytes{1, 2, 3});
  authority.directory().CreateDurably("issuing-3.p2.key", Bytes{1, 2, 3});
  authority.Rotate({}, Options());
  EXPECT_EQ(Subject(authority, LastIssuer(authority)), "CN=Issuing CA G4, O=Test");
  authority.RemoveStaleKeys();
  EXPECT_EQ(authority.directory().Read("issuing-2.key"), (Bytes{1, 2, 3}));
  EXPECT_EQ(authority.directory().Read("issuing-3.p2.key"), (Bytes{1, 2, 3}));
}

// A crash between a new root and its issuing CA: that root has no turn, and the next call makes
// both.
TEST_F(RotateTest, ARootWithoutItsIssuingCaIsRetired) {
  Authority authority = InitTwoTier();
  const Tier tier{"root", CaSpec("CN=Root CA G2, O=Test", "20y"), kP256};
  MakeTier(tier, std::nullopt,
           {.directory = authority.directory(),
            .passphrase = std::nullopt,
            .ledger = authority.ledger(),
            .generation = 2,
            .state = IssuerState::kNext},
           Options());
  Authority later = Authority::Open(ca_);
  later.Rotate({}, Options());
  EXPECT_EQ(later.ledger().Issuers()[2].state, IssuerState::kRetired);
  const auto tiers = later.Tiers();
  ASSERT_EQ(tiers.size(), 3u);
  EXPECT_EQ(tiers.back().subject, "CN=Issuing CA G2, O=Test");
}

TEST_F(RotateTest, ARevokedGenerationIsOnTheListAboveAndTrustedByNobody) {
  Authority authority = InitTwoTier();
  IssueLeaf(authority);
  EXPECT_NE(Refusal([&] { authority.RevokeGeneration(1, 1, clock_.Now()); }, ErrorKind::kUsage)
                .find("is the current one"),
            std::string::npos);
  authority.Rotate({}, Options());
  authority.Activate(clock_);
  EXPECT_TRUE(authority.RevokeGeneration(1, 1, clock_.Now()));
  EXPECT_FALSE(authority.RevokeGeneration(1, 4, clock_.Now()));
  const IssuerRow root = authority.ledger().Issuers().front();
  const auto entries = authority.ledger().CrlEntries(root.scope, clock_.Now());
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries.front().reason, 1) << "the first one counts";
  EXPECT_EQ(authority.TrustDers(clock_.Now()).size(), 2u);
  EXPECT_THROW(authority.RevokeGeneration(9, 1, clock_.Now()), Error);
}

// Else it could neither be activated nor replaced by the next rotation.
TEST_F(RotateTest, WhatIsRevokedBeforeItsTurnHasNone) {
  Authority authority = InitTwoTier();
  authority.Rotate({}, Options());
  EXPECT_TRUE(authority.RevokeGeneration(2, 1, clock_.Now()));
  EXPECT_NE(Refusal([&] { authority.Activate(clock_); }, ErrorKind::kUsage)
                .find("there is no next generation"),
            std::string::npos);
  authority.Rotate({}, Options());
  authority.Activate(clock_);
  EXPECT_EQ(Subject(authority, *authority.issuing()), "CN=Issuing CA G3, O=Test");
}

TEST_F(RotateTest, TheKeyAboveMustBeItsOwn) {
  Authority authority = InitTwoTier();
  const SecretBytes issuing = authority.directory().ReadSecret("issuing.key");
  EXPECT_NE(
      Refusal([&] { authority.Rotate({.above_key = issuing}, Options()); }, ErrorKind::kAuthority)
          .find("not the key of"),
      std::string::npos);
  const SecretBytes root = authority.directory().ReadSecret("root.key");
  authority.directory().Remove("root.key");
  EXPECT_NE(
      Refusal([&] { authority.Rotate({}, Options()); }, ErrorKind::kUsage).find("is not here"),
      std::string::npos);
  authority.Rotate({.above_key = root}, Options());
  authority.Activate(clock_);
  EXPECT_TRUE(OpensslVerify(authority, IssueLeaf(authority)).ok());
}

}  // namespace
}  // namespace fleetmint
