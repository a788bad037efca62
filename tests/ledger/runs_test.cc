// Runs and issuers: how far a fleet has come, what backups hold, which CA signs.
#include "tests/ledger/ledger_fixture.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

using RunsTest = LedgerFixture;
using IssuersTest = LedgerFixture;

TEST_F(RunsTest, TheHeadIsTheLastRunThatHasCommitted) {
  EXPECT_FALSE(ledger_.HeadOf("acme"));
  EXPECT_EQ(ledger_.FindRun(run_.token, "acme")->commits, 0u);
  Issue("ws-1");
  Issue("ws-2");
  Issue("x", "beta");
  const fleetmint::Run empty = ledger_.BeginRun("acme", {"missing", kNow}, random_, kNow);
  const auto head = ledger_.HeadOf("acme");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->run, run_.id) << "a run without a commit is no head";
  EXPECT_EQ(head->token, run_.token);
  EXPECT_EQ(head->commits, 2u);
  EXPECT_EQ(ledger_.HeadOf("beta")->token, beta_.token);
  EXPECT_EQ(ledger_.FindRun(empty.token, "acme")->run, empty.id);
  EXPECT_FALSE(ledger_.FindRun(RunToken{}, "acme"));
  EXPECT_FALSE(ledger_.FindRun(run_.token, "beta")) << "a run of another fleet";
}

TEST_F(RunsTest, TokensAreNeverTheSame) {
  EXPECT_NE(run_.token, beta_.token);
  EXPECT_NE(ledger_.BeginRun("acme", {"missing", kNow}, random_, kNow).token, run_.token);
}

TEST_F(RunsTest, ABackupHoldsTheRunsThatHadEnded) {
  EXPECT_TRUE(ledger_.EndedRuns().empty());
  ledger_.EndRun(run_, kNow + Seconds{1});
  const auto held = ledger_.EndedRuns();
  EXPECT_EQ(held, std::vector<RunToken>{run_.token});
  EXPECT_TRUE(ledger_.BackedUpRuns("acme").empty());
  ledger_.EndRun(beta_, kNow + Seconds{2});  // after the copy was made
  ledger_.MarkBackedUp(held);
  EXPECT_EQ(ledger_.BackedUpRuns("acme"), std::vector<RunToken>{run_.token});
  EXPECT_TRUE(ledger_.BackedUpRuns("beta").empty());
  EXPECT_EQ(ledger_.EndedRuns(), std::vector<RunToken>{beta_.token});
}

TEST_F(RunsTest, AFleetStaysInItsOutput) {
  EXPECT_FALSE(ledger_.OutputOf("acme")) << "nothing was issued yet";
  ledger_.BindOutput("acme", "moved");
  Issue("ws-1");
  EXPECT_EQ(ledger_.OutputOf("acme"), "moved");
  EXPECT_NO_THROW(ledger_.BindOutput("acme", "moved"));
  EXPECT_THROW(ledger_.BindOutput("acme", "elsewhere"), Error);
  EXPECT_THROW(ledger_.BindOutput("beta", "moved"), Error) << "two fleets in one output";
  EXPECT_EQ(ledger_.Fleets(), (std::vector<std::string>{"acme", "beta"}));
}

TEST_F(RunsTest, LatestTimeIsTheLatest) {
  EXPECT_EQ(ledger_.LatestTime(), kNow);
  Issue("ws-1", "acme", kNow + Seconds{500});
  EXPECT_EQ(ledger_.LatestTime(), kNow + Seconds{500});
  ledger_.EndRun(run_, kNow + Seconds{900});
  EXPECT_EQ(ledger_.LatestTime(), kNow + Seconds{900});
}

TEST_F(IssuersTest, AnIssuerIsReservedThenCurrent) {
  const NewIssuer sub{.tier = "sub",
                      .generation = 1,
                      .parent = issuer_,
                      .leaves = false,
                      .key_file = "sub.key",
                      .der = {},
                      .scope = {}};
  Reservation reservation = ledger_.ReserveIssuer(sub, random_, kNow);
  EXPECT_EQ(reservation.issuer(), issuer_) << "its parent signs it";
  EXPECT_EQ(ledger_.Issuers().back().state, IssuerState::kReserved);
  const std::int64_t id =
      ledger_.CommitIssuer(std::move(reservation), Bytes{9, 9}, {8}, IssuerState::kCurrent);
  const IssuerRow row = ledger_.Issuers().back();
  EXPECT_EQ(row.id, id);
  EXPECT_EQ(row.tier, "sub");
  EXPECT_EQ(row.state, IssuerState::kCurrent);
  EXPECT_EQ(row.der, (Bytes{9, 9}));
  EXPECT_EQ(row.scope, Sha256Digest{8});
  EXPECT_EQ(row.parent, issuer_);
  EXPECT_EQ(row.key_file, "sub.key");
  EXPECT_FALSE(row.leaves);
}

TEST_F(IssuersTest, ATierHasOneCurrentGenerationAndOneCaSignsEndpoints) {
  NewIssuer again{.tier = "issuing",
                  .generation = 2,
                  .parent = std::nullopt,
                  .leaves = false,
                  .key_file = "issuing-2.key",
                  .der = {4},
                  .scope = {9}};
  EXPECT_THROW(ledger_.AddIssuers({&again, 1}, kNow), Error) << "two current generations";
  again.tier = "other";
  again.leaves = true;
  EXPECT_THROW(ledger_.AddIssuers({&again, 1}, kNow), Error) << "two CAs for endpoints";
  again.leaves = false;
  EXPECT_NO_THROW(ledger_.AddIssuers({&again, 1}, kNow));
  EXPECT_THROW(ledger_.AddIssuers({&again, 1}, kNow), Error) << "a generation twice";
}

TEST_F(IssuersTest, AWaitingIssuerGetsItsCertificateOnce) {
  Ledger ledger = Ledger::Create(dir_ / "waiting.db", "other");
  NewIssuer waiting;
  waiting.tier = "issuing";
  waiting.leaves = true;
  waiting.key_file = "issuing.key";
  const std::int64_t id = ledger.AddIssuers({&waiting, 1}, kNow).front();
  EXPECT_EQ(ledger.Issuers().front().state, IssuerState::kNext);
  NewIssuer root;
  root.tier = "root";
  root.der = {1};
  root.scope = {1};
  waiting.der = {2};
  waiting.scope = {2};
  ledger.InstallIssuer(id, waiting, {&root, 1}, true, kNow);
  const auto issuers = ledger.Issuers();
  ASSERT_EQ(issuers.size(), 2u);
  EXPECT_EQ(issuers[0].der, Bytes{2});
  EXPECT_EQ(issuers[0].parent, issuers[1].id);
  EXPECT_EQ(issuers[0].state, IssuerState::kCurrent);
  root.tier = "another";
  EXPECT_THROW(ledger.InstallIssuer(id, waiting, {&root, 1}, true, kNow), Error);
  EXPECT_EQ(ledger.Issuers().size(), 2u) << "a refused installation left its parents";
}

// RFC 5280 5.2.3, and a verifier takes the CRL with the later thisUpdate: neither goes back, also
// where the clock has, or the ledger was restored.
TEST_F(IssuersTest, CrlNumbersAndTimesNeverGoBack) {
  const Sha256Digest scope{1}, other{2};
  const auto first = ledger_.NextCrl(scope, kNow);
  EXPECT_EQ(first.number, static_cast<std::uint64_t>(kNow.time_since_epoch().count()) * 1'000'000);
  EXPECT_EQ(first.this_update, kNow);
  const auto again = ledger_.NextCrl(scope, kNow);
  EXPECT_EQ(again.number, first.number + 1);
  const auto back = ledger_.NextCrl(scope, kNow - std::chrono::days{1});
  EXPECT_EQ(back.number, first.number + 2);
  EXPECT_EQ(back.this_update, kNow);
  const auto later = ledger_.NextCrl(scope, kNow + Seconds{5});
  EXPECT_EQ(later.number, first.number + 5'000'000);
  EXPECT_EQ(later.this_update, kNow + Seconds{5});
  EXPECT_EQ(ledger_.NextCrl(other, kNow).number, first.number) << "each scope counts for itself";
  EXPECT_GT(Ledger::Open(path_, "test-authority").NextCrl(scope, kNow).number, later.number);
}

}  // namespace
}  // namespace fleetmint
