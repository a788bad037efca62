// Revocation, retirement, receipts: whom each filter hits, what stays as it was, and what a CRL has
// to name, and until when.
#include <algorithm>

#include "tests/ledger/ledger_fixture.h"

namespace fleetmint {
namespace {

class RevocationsTest : public LedgerFixture {
 protected:
  static RevocationFilter Named(const std::vector<std::string>& endpoints,
                                const std::string& fleet = "") {
    RevocationFilter filter;
    filter.endpoints = endpoints;
    filter.fleet = fleet;
    return filter;
  }
  std::vector<Serial> Hits(const RevocationFilter& filter, Time now = kNow) {
    std::vector<Serial> serials;
    for (const RevocableRow& row : ledger_.Revocable(filter, now)) serials.push_back(row.serial);
    return serials;
  }
  std::vector<Serial> Listed(Time not_ended = kNow) {
    std::vector<Serial> serials;
    for (const CrlEntry& entry : ledger_.CrlEntries(kScope, not_ended)) {
      serials.push_back(entry.serial);
    }
    return serials;
  }
  static std::vector<Serial> Sorted(std::vector<Serial> serials) {
    std::sort(serials.begin(), serials.end());
    return serials;
  }
  static constexpr Sha256Digest kScope{7};
  static inline const Time kExpiry = kNow + std::chrono::days{365};
};

TEST_F(RevocationsTest, ANameIsEveryCertificateOfItThatHasNotEnded) {
  const Serial old = Issue("h-1"), current = Issue("H-1");
  Issue("h-2");
  const Serial elsewhere = Issue("h-1", "beta");
  EXPECT_EQ(Hits(Named({"h-1"})), (std::vector{old, current, elsewhere}));
  EXPECT_EQ(Hits(Named({"H-1", "h-1"}, "acme")), (std::vector{old, current}));
  EXPECT_TRUE(Hits(Named({"h-3"})).empty());
  EXPECT_TRUE(Hits(Named({"h-1"}), kExpiry).empty()) << "at its notAfter a certificate has ended";
  EXPECT_EQ(Hits(Named({"h-1"}), kExpiry - Seconds{1}).size(), 3U);
}

TEST_F(RevocationsTest, FiltersNarrowEachOther) {
  const Serial old = Issue("h-1", "acme", kNow + Seconds{10});
  const Serial current = Issue("h-1", "acme", kNow + Seconds{20});
  RevocationFilter filter;
  EXPECT_EQ(Hits(filter), (std::vector{old, current}));
  filter.superseded = true;
  EXPECT_EQ(Hits(filter), std::vector{old});
  filter.installed = true;
  EXPECT_TRUE(Hits(filter).empty()) << "nobody has said that the newer one is installed";
  filter = {};
  filter.issued_before = kNow + Seconds{20};
  EXPECT_EQ(Hits(filter), std::vector{old});
  filter = {};
  filter.under = [](std::int64_t) { return false; };
  EXPECT_TRUE(Hits(filter).empty());
  filter = {};
  filter.serials = {current, current};
  EXPECT_EQ(Hits(filter), std::vector{current});
}

TEST_F(RevocationsTest, WhatWasNeverSignedIsNotRevoked) {
  Reservation reserved = ReserveOne("h-1");
  EXPECT_TRUE(Hits(Named({"h-1"})).empty());
  std::vector<Reservation> never;
  never.push_back(std::move(reserved));
  ledger_.GiveUp(std::move(never), {});
  EXPECT_TRUE(Hits(Named({"h-1"})).empty());
  EXPECT_TRUE(Listed().empty()) << "void: on no CRL";
}

TEST_F(RevocationsTest, ARevocationKeepsItsTimeAndReason) {
  const Serial serial = Issue("h-1");
  const RevocationCount first = ledger_.Revoke(Named({"h-1"}), 1, kNow + Seconds{90});
  EXPECT_EQ(first.revoked, 1U);
  EXPECT_EQ(first.already, 0U);
  const RevocationCount second = ledger_.Revoke(Named({"h-1"}), 4, kNow + Seconds{99});
  EXPECT_EQ(second.revoked, 0U);
  EXPECT_EQ(second.already, 1U);
  const LedgerRow row = ledger_.Find(serial).value();
  EXPECT_EQ(row.revoked_at, kNow + Seconds{90});
  EXPECT_EQ(row.reason, 1);
  EXPECT_EQ(row.state, CertificateState::kIssued);
}

// RFC 5280 5.3.1: certificateHold (6) and removeFromCRL (8) can be taken back; 7 is not used.
TEST_F(RevocationsTest, OnlyFinalReasonsAreTaken) {
  Issue("h-1");
  for (const int reason : {-1, 6, 7, 8, 11}) {
    EXPECT_THROW(ledger_.Revoke(Named({"h-1"}), reason, kNow), Error) << reason;
  }
  EXPECT_EQ(ledger_.Revoke(Named({"h-1"}), 10, kNow).revoked, 1U);
}

TEST_F(RevocationsTest, ACrlNamesWhatIsRevokedOrAbandonedUntilItsEnd) {
  const Serial revoked = Issue("h-1"), kept = Issue("h-2");
  Reservation reserved = ReserveOne("h-3");
  const Serial abandoned = reserved.serial();
  ledger_.Revoke(Named({"h-1"}), 4, kNow + Seconds{90});
  EXPECT_EQ(Listed(), std::vector{revoked}) << "a reservation may be a live run's";
  ledger_.AbandonReserved(kNow);
  EXPECT_EQ(Listed(), Sorted({revoked, abandoned}));
  EXPECT_EQ(Listed(kExpiry - Seconds{1}), Sorted({revoked, abandoned}));
  EXPECT_EQ(Listed(kExpiry), std::vector{abandoned}) << "its end is not known: the latest";
  EXPECT_TRUE(Listed(kEnd).empty());
  EXPECT_TRUE(ledger_.CrlEntries({9}, kNow).empty()) << "another CA's";
  EXPECT_TRUE(ledger_.HasUnexpired(kScope, kEnd - Seconds{1}));
  EXPECT_FALSE(ledger_.HasUnexpired(kScope, kEnd));
  const std::vector<CrlEntry> entries = ledger_.CrlEntries(kScope, kNow);
  const auto place = std::find_if(entries.begin(), entries.end(),
                                  [&](const CrlEntry& entry) { return entry.serial == revoked; });
  EXPECT_EQ(place->reason, 4);
  EXPECT_EQ(place->revoked_at, kNow + Seconds{90});
  EXPECT_EQ(StateOf(kept), CertificateState::kIssued);
}

// Revoked while its renewal was under way: the host must not have its access back by it.
TEST_F(RevocationsTest, ASuccessorOfARevokedOneIsRevokedUnlessItIsToBeReinstated) {
  Issue("h-1");
  Reservation reservation = ReserveOne("h-1");
  const Serial serial = reservation.serial();
  ledger_.Revoke(Named({"h-1"}), 5, kNow);
  Commit(Item(std::move(reservation)), kNow + Seconds{70});
  EXPECT_EQ(ledger_.Find(serial)->revoked_at, kNow + Seconds{70});
  EXPECT_EQ(ledger_.Find(serial)->reason, 5);
  EXPECT_EQ(Listed().size(), 2U);
  run_.reinstates = true;
  EXPECT_FALSE(ledger_.Find(Issue("h-1"))->revoked_at);
}

TEST_F(RevocationsTest, ARenewalTakesNoRevocationBack) {
  const Serial old = Issue("h-1");
  ledger_.Revoke(Named({"h-1"}), 1, kNow);
  run_.reinstates = true;
  const Serial fresh = Issue("h-1");
  EXPECT_EQ(StateOf(old), CertificateState::kSuperseded);
  EXPECT_EQ(Listed(), std::vector{old});
  EXPECT_FALSE(ledger_.Find(fresh)->revoked_at);
  EXPECT_FALSE(ledger_.CurrentNames("acme").front().revoked);
  ledger_.Revoke(Named({"h-1"}), 1, kNow);
  EXPECT_TRUE(ledger_.CurrentNames("acme").front().revoked);
}

TEST_F(RevocationsTest, RetiredOnesEndAndComeBackWithTheirLine) {
  const Serial old = Issue("h-1"), retired = Issue("h-1");
  Issue("h-2");
  const RetiredCount count = ledger_.Retire("acme", {"H-1", "nobody"}, std::nullopt, kNow);
  EXPECT_EQ(count.retired, 1U);
  EXPECT_EQ(count.revoked, 0U);
  EXPECT_EQ(StateOf(retired), CertificateState::kRetired);
  EXPECT_EQ(ledger_.CurrentNames("acme").size(), 1U);
  std::vector<Serial> visited;
  const auto damaged = [](const LedgerRow&, const std::string& damage) { ADD_FAILURE() << damage; };
  ledger_.ForEachRetired(
      "acme", [&](const IssuedRow& row) { visited.push_back(row.serial); }, damaged);
  EXPECT_EQ(visited, std::vector{retired});

  const Serial again = Issue("h-1");
  const auto predecessors = ledger_.Predecessors(*ledger_.Find(again));
  ASSERT_EQ(predecessors.size(), 2U);
  EXPECT_EQ(predecessors[0].serial, old);
  EXPECT_EQ(predecessors[1].serial, retired);
  visited.clear();
  ledger_.ForEachRetired(
      "acme", [&](const IssuedRow& row) { visited.push_back(row.serial); }, damaged);
  EXPECT_TRUE(visited.empty()) << "its place is taken: another bundle lies there";
  EXPECT_EQ(ledger_.Retire("acme", {"h-1"}, 5, kNow).revoked, 3U) << "older ones, too";
}

TEST_F(RevocationsTest, AFormerNameIsSupersededOnlyWhereThereIsNoneOfItsOwn) {
  const Serial old = Issue("old-name");
  const std::vector<std::string> endpoint{"new-name"};
  const std::vector<std::vector<std::string>> formerly{{"older-name", "OLD-NAME"}};
  auto reserved = ledger_.Reserve(run_, endpoint, {issuer_, kEnd}, streams_, kNow, formerly);
  const Serial fresh = reserved.front().serial();
  const auto replaced = Commit(Item(std::move(reserved.front())));
  ASSERT_EQ(replaced.size(), 1U);
  EXPECT_EQ(replaced[0].endpoint, "old-name");
  EXPECT_EQ(StateOf(old), CertificateState::kSuperseded);
  EXPECT_EQ(ledger_.Predecessors(*ledger_.Find(fresh)).front().serial, old);

  const Serial other = Issue("old-name");  // a second host is called so now
  EXPECT_TRUE(ledger_.Predecessors(*ledger_.Find(other)).empty())
      << "the first one's line is not its";
  // Whom a name means: a host, with what it had under former names.
  EXPECT_EQ(Hits(Named({"new-name"})), (std::vector{old, fresh}));
  EXPECT_EQ(Hits(Named({"old-name"})), std::vector{other});
  auto again = ledger_.Reserve(run_, endpoint, {issuer_, kEnd}, streams_, kNow, formerly);
  EXPECT_EQ(Commit(Item(std::move(again.front()))).at(0).endpoint, "new-name");
  EXPECT_EQ(StateOf(other), CertificateState::kIssued);
}

// Its lines are several: all of them end, and only what came after them counts as later.
TEST_F(RevocationsTest, AHostWithSeveralFormerNamesSupersedesWhatItHadUnderAllOfThem) {
  const Serial oldest = Issue("a"), a = Issue("a"), retired = Issue("b"), c = Issue("c");
  const Serial own = Issue("new");
  ledger_.Retire("acme", {"b", "new"}, std::nullopt, kNow);
  const std::vector<std::string> endpoint{"new"};
  const std::vector<std::vector<std::string>> formerly{{"nobody", "b", "A", "c"}};
  const auto issue = [&] {
    auto reserved = ledger_.Reserve(run_, endpoint, {issuer_, kEnd}, streams_, kNow, formerly);
    const Serial serial = reserved.front().serial();
    return std::pair(serial, Commit(Item(std::move(reserved.front()))));
  };
  const auto [fresh, replaced] = issue();
  ASSERT_EQ(replaced.size(), 2U);
  EXPECT_EQ(replaced[0].endpoint, "a");
  EXPECT_EQ(replaced[1].endpoint, "c");
  EXPECT_EQ(StateOf(a), CertificateState::kSuperseded);
  EXPECT_EQ(StateOf(c), CertificateState::kSuperseded);
  EXPECT_EQ(ledger_.CurrentNames("acme").size(), 1U);
  const auto predecessors_of = [&](const Serial& serial) {
    std::vector<Serial> serials;
    for (const Predecessor& old : ledger_.Predecessors(*ledger_.Find(serial)))
      serials.push_back(old.serial);
    return serials;
  };
  EXPECT_EQ(predecessors_of(fresh), (std::vector{oldest, a, retired, c, own}));
  EXPECT_EQ(ledger_.Superseded(*ledger_.Find(fresh)),
            (std::vector{ledger_.Find(a)->id, ledger_.Find(c)->id}));
  EXPECT_TRUE(ledger_.Misfits().empty());

  const Serial later = issue().first;  // no former name is looked at any more
  EXPECT_EQ(predecessors_of(later), (std::vector{oldest, a, retired, c, own, fresh}));
  EXPECT_EQ(Hits(Named({"new"})), (std::vector{oldest, a, retired, c, own, fresh, later}));
  // Another host of the name begins anew, whether the last one was superseded or retired.
  for (const char* name : {"b", "c"}) EXPECT_TRUE(predecessors_of(Issue(name)).empty()) << name;
  EXPECT_TRUE(ledger_.Misfits().empty());
}

TEST_F(RevocationsTest, WhatIsInstalledUnderOneFormerNameEndsNothingUnderAnother) {
  const Serial a = Issue("a"), c = Issue("c");
  const std::vector<std::string> endpoint{"new"};
  const std::vector<std::vector<std::string>> formerly{{"a", "c"}};
  auto reserved = ledger_.Reserve(run_, endpoint, {issuer_, kEnd}, streams_, kNow, formerly);
  const Serial fresh = reserved.front().serial();
  Commit(Item(std::move(reserved.front())));
  RevocationFilter filter;
  filter.superseded = filter.installed = true;
  const auto install = [&](const std::string& name, const Serial& serial) {
    const Receipt receipt{name, ledger_.Find(serial)->sha1, {}, {}, kNow};
    EXPECT_EQ(ledger_.TakeReceipts({&receipt, 1}).front(), ReceiptVerdict::kNew);
  };
  install("c", c);
  EXPECT_TRUE(Hits(filter).empty());
  install("new", a);
  EXPECT_TRUE(Hits(filter).empty());
  install("new", fresh);
  EXPECT_EQ(Hits(filter), (std::vector{a, c}));
}

// A retire may come between reservation and commit.
TEST_F(RevocationsTest, AFormerNameRetiredMeanwhileIsAPredecessorAllTheSame) {
  const Serial a = Issue("a");
  const std::vector<std::string> endpoint{"new"};
  const std::vector<std::vector<std::string>> formerly{{"a"}};
  auto reserved = ledger_.Reserve(run_, endpoint, {issuer_, kEnd}, streams_, kNow, formerly);
  const Serial fresh = reserved.front().serial();
  ledger_.Retire("acme", {"a"}, std::nullopt, kNow);
  EXPECT_TRUE(Commit(Item(std::move(reserved.front()))).empty());
  EXPECT_EQ(ledger_.Predecessors(*ledger_.Find(fresh)).at(0).serial, a);
  EXPECT_TRUE(ledger_.Predecessors(*ledger_.Find(Issue("a"))).empty()) << "another host";
  EXPECT_TRUE(ledger_.Misfits().empty());
}

TEST_F(RevocationsTest, ReceiptsMayComeLateTwiceAndInAnyOrder) {
  Issue("h-1");
  const LedgerRow old = *ledger_.Current("acme", "h-1");
  const Serial fresh = Issue("h-1");
  const LedgerRow current = *ledger_.Find(fresh);
  const auto take = [&](const std::string& endpoint, const Sha1Digest& sha1, int at) {
    const Receipt receipt{endpoint, sha1, {}, {}, kNow + Seconds{at}};
    return ledger_.TakeReceipts({&receipt, 1}).front();
  };
  RevocationFilter filter;
  filter.superseded = filter.installed = true;
  EXPECT_EQ(take("H-1", old.sha1, 5), ReceiptVerdict::kNew);
  EXPECT_TRUE(Hits(filter).empty()) << "the older one's own receipt says nothing of the newer one";
  EXPECT_EQ(take("h-1", {}, 5), ReceiptVerdict::kOther);
  EXPECT_EQ(take("h-2", current.sha1, 5), ReceiptVerdict::kUnknownEndpoint);
  EXPECT_TRUE(Hits(filter).empty());
  EXPECT_EQ(take("h-1", current.sha1, 9), ReceiptVerdict::kNew);
  EXPECT_EQ(take("h-1", current.sha1, 7), ReceiptVerdict::kKnown);
  EXPECT_EQ(Hits(filter), std::vector{old.serial});
  const Receipt wrong{"h-1", current.sha1, Sha256Digest{1}, {}, kNow};
  EXPECT_EQ(ledger_.TakeReceipts({&wrong, 1}).front(), ReceiptVerdict::kOther);
  const std::vector<FleetStatus> status = ledger_.Status(kNow);
  ASSERT_EQ(status.size(), 1U);
  EXPECT_EQ(status[0].current, 1U);
  EXPECT_EQ(status[0].renewed_installed, 1U);
  EXPECT_EQ(status[0].weeks.at(52), 1U);
  EXPECT_EQ(ledger_.Status(kExpiry + Seconds{1})[0].expired, 1U);
}

// It may still have what it was given under its former name.
TEST_F(RevocationsTest, ARenamedHostSpeaksForItsFormerCertificate) {
  const LedgerRow old = *ledger_.Find(Issue("old-name"));
  const std::vector<std::string> endpoint{"new-name"};
  const std::vector<std::vector<std::string>> formerly{{"old-name"}};
  auto made = ledger_.Reserve(run_, endpoint, {issuer_, kEnd}, streams_, kNow, formerly);
  Commit(Item(std::move(made.front())));
  const Receipt receipt{"new-name", old.sha1, {}, {}, kNow};
  EXPECT_EQ(ledger_.TakeReceipts({&receipt, 1}).front(), ReceiptVerdict::kNew);
  Issue("stranger");
  const Receipt strange{"stranger", old.sha1, {}, {}, kNow};
  EXPECT_EQ(ledger_.TakeReceipts({&strange, 1}).front(), ReceiptVerdict::kOther);
}

// Trust is the host's: a renewal keeps it. It counts for the hosts whose certificate counts.
TEST_F(RevocationsTest, TrustIsCountedByHost) {
  Issue("h-1");
  Issue("h-2");
  const Serial lost = Issue("h-3");
  const auto count = [&](Time now) {
    const TrustCount trust = ledger_.CountTrust(issuer_, now);
    return std::pair{trust.trusting, trust.hosts};
  };
  const auto take = [&](const std::string& endpoint) {
    const Receipt receipt{endpoint, {}, {}, issuer_, kNow};
    return ledger_.TakeReceipts({&receipt, 1}).front();
  };
  EXPECT_EQ(count(kNow), (std::pair<std::size_t, std::size_t>{0, 3}));
  EXPECT_EQ(take("H-1"), ReceiptVerdict::kNew);
  EXPECT_EQ(take("h-1"), ReceiptVerdict::kKnown);
  EXPECT_EQ(take("h-9"), ReceiptVerdict::kUnknownEndpoint);
  EXPECT_EQ(take("h-3"), ReceiptVerdict::kNew);
  EXPECT_EQ(count(kNow), (std::pair<std::size_t, std::size_t>{2, 3}));
  Issue("h-1");
  EXPECT_EQ(count(kNow), (std::pair<std::size_t, std::size_t>{2, 3}));
  RevocationFilter filter;
  filter.serials = {lost};
  ledger_.Revoke(filter, 1, kNow);
  EXPECT_EQ(count(kNow), (std::pair<std::size_t, std::size_t>{1, 2}));
  EXPECT_EQ(count(kExpiry + Seconds{1}), (std::pair<std::size_t, std::size_t>{0, 0}));
}

TEST_F(RevocationsTest, WhatARevokedCaHasSignedIsCountedUntilItIsReplaced) {
  Issue("h-1");
  ledger_.Revoke({.endpoints = {}, .serials = {Issue("h-2")}, .fleet = "", .issued_before = {}}, 1,
                 kNow);
  const std::int64_t old = issuer_;
  const NewIssuer next{.tier = "issuing",
                       .generation = 2,
                       .parent = std::nullopt,
                       .leaves = true,
                       .key_file = "issuing-2.key",
                       .der = {1, 2, 4},
                       .scope = {8}};
  issuer_ = ledger_.InstallIssuer(std::nullopt, next, {}, true, kNow);
  Issue("h-3");
  EXPECT_EQ(ledger_.Status(kNow)[0].issuer_revoked, 0U) << "retired is not revoked";
  ASSERT_TRUE(ledger_.RevokeIssuer(old, 1, kNow));
  EXPECT_EQ(ledger_.Status(kNow)[0].issuer_revoked, 1U) << "h-2 is revoked itself";
  EXPECT_EQ(ledger_.Status(kExpiry + Seconds{1})[0].issuer_revoked, 0U);
  Issue("h-1");
  EXPECT_EQ(ledger_.Status(kNow)[0].issuer_revoked, 0U);
}

TEST_F(RevocationsTest, AThumbprintMayBeCutShort) {
  const Serial serial = Issue("h-1");
  Issue("h-2");
  const LedgerRow row = *ledger_.Find(serial);
  for (const std::string& hex : {ToHex(row.sha1), ToHex(row.sha256)}) {
    for (const std::size_t size : {std::size_t{12}, hex.size()}) {
      const auto found = ledger_.FindByThumbprint(hex.substr(0, size), 2);
      ASSERT_EQ(found.size(), 1U);
      EXPECT_EQ(found[0].serial, serial);
    }
  }
  EXPECT_EQ(ledger_.FindByThumbprint("", 2).size(), 2U);
  EXPECT_TRUE(ledger_.FindByThumbprint(ToHex(row.sha1).substr(1), 2).empty());
}

}  // namespace
}  // namespace fleetmint
