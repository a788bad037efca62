// Which endpoints a run is for, case by case.
#include "engine/pipeline/selection.h"

#include <gtest/gtest.h>

#include "engine/ledger/sqlite.h"
#include "tests/pipeline/fleet_fixture.h"

namespace fleetmint {
namespace {

const Time kNow = ParseRfc3339("2026-06-01T00:00:00Z");

CurrentName Current(bool revoked = false) {
  return {.endpoint_key = "h-1",
          .settings = 1,
          .not_after = kNow + std::chrono::days{30},
          .issuer = 2,
          .run = 7,
          .revoked = revoked};
}

bool Wants(const Selection& selection, const CurrentName& current,
           const std::vector<SettingChange>& changes = {}) {
  return selection.Wants({current.endpoint_key, &current, changes});
}

TEST(Selection, WithoutACertificateAnEndpointIsForIssueAlone) {
  const Candidate fresh{"h-1", nullptr, {}};
  EXPECT_TRUE(Selection::Missing().Wants(fresh));
  EXPECT_TRUE(Selection::MissingOrLost({}).Wants(fresh));
  for (const Selection& renewal :
       {Selection::All(), Selection::Only({"h-1"}, true), Selection::Changed({}),
        Selection::Expiring(std::chrono::days{90}, kNow), Selection::IssuerRetired(9)}) {
    EXPECT_FALSE(renewal.Wants(fresh)) << renewal.text();
    EXPECT_TRUE(renewal.renews());
  }
  EXPECT_FALSE(Selection::Missing().renews());
  EXPECT_FALSE(Selection::MissingOrLost({"h-1"}).renews());
}

TEST(Selection, ExpiringTakesWhatEndsUpToTheCutoff) {
  const auto within = [](int days) {
    return Wants(Selection::Expiring(std::chrono::days{days}, kNow), Current());
  };
  EXPECT_FALSE(within(29));
  EXPECT_TRUE(within(30));
  EXPECT_TRUE(within(31));
  const RunPurpose purpose = Selection::Expiring(std::chrono::days{30}, kNow).Purpose(kNow);
  EXPECT_EQ(purpose.selection, "within 30d");
  EXPECT_EQ(purpose.cutoff, kNow + std::chrono::days{30});
  EXPECT_EQ(Selection::All().Purpose(kNow).cutoff, kNow);
}

TEST(Selection, ChangedTakesWhatDiffersInOneOfTheKeys) {
  const std::vector<SettingChange> changes{{"validity", "1y", "90d"}};
  EXPECT_TRUE(Wants(Selection::Changed({}), Current(), changes));
  EXPECT_TRUE(Wants(Selection::Changed({"san.dns", "validity"}), Current(), changes));
  EXPECT_FALSE(Wants(Selection::Changed({"san.dns"}), Current(), changes));
  EXPECT_FALSE(Wants(Selection::Changed({}), Current()));
  EXPECT_EQ(Selection::Changed({"b", "a", "b"}).text(), "changed a b");
}

TEST(Selection, IssuerRetiredTakesWhatAnotherIssuerHasSigned) {
  EXPECT_FALSE(Wants(Selection::IssuerRetired(2), Current()));
  EXPECT_TRUE(Wants(Selection::IssuerRetired(3), Current()));
}

TEST(Selection, OnlyTakesWhatIsNamedInAnyCase) {
  EXPECT_TRUE(Wants(Selection::Only({"H-1", "h-3"}, false), Current()));
  EXPECT_FALSE(Wants(Selection::Only({"h-10"}, false), Current()));
  EXPECT_EQ(Selection::Only({"H-3", "h-1", "h-3"}, false).text(), "only h-1 h-3");
  EXPECT_NE(Selection::Only({"h-1"}, true).text(), Selection::Only({"h-1"}, false).text());
}

// A lost laptop must not get its access back because somebody renews the fleet.
TEST(Selection, ARevokedCertificateIsNobodysUnlessItIsNamedAndReinstated) {
  const std::vector<SettingChange> changes{{"validity", "1y", "90d"}};
  for (const Selection& selection :
       {Selection::Missing(), Selection::MissingOrLost({"h-1"}), Selection::All(),
        Selection::Only({"h-1"}, false), Selection::Changed({}), Selection::IssuerRetired(9),
        Selection::Expiring(std::chrono::days{90}, kNow)}) {
    EXPECT_FALSE(Wants(selection, Current(true), changes)) << selection.text();
  }
  EXPECT_TRUE(Wants(Selection::Only({"h-1"}, true), Current(true)));
}

TEST(Selection, ARenewalThatGoesOnLeavesOutWhatItHasDone) {
  for (Selection selection : {Selection::All(), Selection::Only({"h-1"}, false)}) {
    EXPECT_TRUE(selection.must_resume());
    EXPECT_TRUE(Wants(selection, Current()));
    selection.Resume(8);
    EXPECT_TRUE(Wants(selection, Current())) << "issued by run 7, before the renewal began";
    selection.Resume(7);
    EXPECT_FALSE(Wants(selection, Current())) << "issued by the renewal itself";
    EXPECT_EQ(selection.Purpose(kNow).resumes, 7);
  }
  EXPECT_FALSE(Selection::Changed({}).must_resume());
}

using RenewTest = FleetFixture;

TEST_F(RenewTest, ARenewalSupersedesAndIsNamedInTheManifest) {
  RunHosts("h-[1-3]");
  const auto before = Manifest();
  SystemStreams streams(random_);
  IssueFleetOptions options = Options(streams);
  options.selection = Selection::Only({"h-1", "H-3"}, false);
  EXPECT_EQ(IssueFleet(MakePlan("h-[1-4]"), options).issued, 2U);
  const auto after = Manifest();
  ASSERT_EQ(after.size(), 3U) << "h-4 is for issue";
  for (const char* name : {"h-1", "h-3"}) {
    EXPECT_NE(after.at(name)["spki_sha256"], before.at(name)["spki_sha256"]) << "a new key";
    ASSERT_EQ(after.at(name)["supersedes"].size(), 1U);
    EXPECT_EQ(after.at(name)["supersedes"][0]["serial"], before.at(name)["serial"]);
  }
  EXPECT_EQ(after.at("h-2"), before.at("h-2"));
  Ledger ledger = Authority::Open(dir_ / "ca").OpenLedger();
  EXPECT_FALSE(ledger.LastRunOf("test", "only h-1 h-3")->complete) << "nobody has said so";
  ledger.Complete("test", "only h-1 h-3");
  EXPECT_TRUE(ledger.LastRunOf("test", "only h-1 h-3")->complete);
  EXPECT_FALSE(ledger.LastRunOf("test", "missing")->complete);
  EXPECT_FALSE(ledger.LastRunOf("test", "all"));
}

// What would end with the CA, and hardly later than what is there, is no renewal.
TEST_F(RenewTest, WhatGainsTooLittleIsHeldBack) {
  RunHosts("h-[1-3]");
  Plan plan = MakePlan("h-[1-3]", "overrides:\n  h-2: {validity: 30d, jitter: 0s}\n");
  const Authority authority = Authority::Open(dir_ / "ca");
  const Time now = clock_.Now() + std::chrono::days{60};
  const Time end = authority.ledger().Current("test", "h-1")->not_after;
  const Seconds tenth = ParseDuration("1y") / 10;
  const auto held_back = [&](std::optional<Time> issuer_end) {
    plan.Compare(authority.ledger(), now,
                 issuer_end ? std::optional(IssuerThatEnds(*issuer_end)) : std::nullopt);
    plan.Select(Selection::Only({"h-1"}, false));
    EXPECT_EQ(plan.size(), 1U) << "who names a host knows why";
    plan.Select(Selection::Expiring(ParseDuration("2y"), now));
    EXPECT_EQ(plan.size(), 3 - plan.summary().held_back);
    return plan.EndpointName(0) != "h-1";
  };
  EXPECT_FALSE(held_back(std::nullopt));
  EXPECT_FALSE(held_back(end + std::chrono::days{500})) << "the CA lives long enough";
  EXPECT_TRUE(held_back(end + tenth - Seconds{1}));
  EXPECT_FALSE(held_back(end + tenth));
  plan.Compare(authority.ledger(), now, IssuerThatEnds(end + Seconds{1}));
  plan.Select(Selection::All());
  EXPECT_EQ(plan.size(), 1U) << "h-2's new validity is not cut by the CA's end";
  EXPECT_EQ(plan.summary().held_back, 2U);
}

// What a revoked CA has signed is renewed, however little later the new one ends.
TEST_F(RenewTest, WhatARevokedCaHasSignedIsNotHeldBack) {
  RunHosts("h-[1-3]");
  Plan plan = MakePlan("h-[1-3]", "");
  Authority authority = Authority::Open(dir_ / "ca");
  const Time now = clock_.Now() + std::chrono::days{60};
  const Time end = authority.ledger().Current("test", "h-1")->not_after;
  const auto selected = [&] {
    plan.Compare(authority.ledger(), now, IssuerThatEnds(end + Seconds{1}));
    plan.Select(Selection::IssuerRetired(99));
    return plan.size();
  };
  EXPECT_EQ(selected(), 0U);
  Connection(dir_ / "ca/ledger.db", false)
      .Execute("UPDATE issuer SET state = 'retired', revoked_at = 1, reason = 1 WHERE leaves = 1");
  EXPECT_EQ(selected(), 3U);
}

}  // namespace
}  // namespace fleetmint
