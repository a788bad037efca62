// Ledger: what becomes of a serial, from its reservation on, and what a reader is told of it.
#include "engine/ledger/ledger.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "tests/base/stuck_source.h"
#include "tests/ledger/ledger_fixture.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

using LedgerTest = LedgerFixture;

TEST_F(LedgerTest, AReservationIsARecordOfItsOwn) {
  const auto reservations = Reserve({"WS-0001", "ws-0002"});
  ASSERT_EQ(reservations.size(), 2u);
  EXPECT_EQ(reservations[0].endpoint(), "WS-0001");
  EXPECT_EQ(reservations[1].fleet(), "acme");
  EXPECT_EQ(reservations[0].issuer(), issuer_);
  EXPECT_EQ(reservations[0].end_bound(), kEnd);
  EXPECT_EQ(reservations[1].row(), reservations[0].row() + 1);
  EXPECT_NE(reservations[0].serial(), reservations[1].serial());
  EXPECT_EQ(reservations[0].serial()[0] >> 6U, 1);
  const auto row = ledger_.Find(reservations[0].serial());
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->serial, reservations[0].serial());
  EXPECT_EQ(row->fleet, "acme");
  EXPECT_EQ(row->endpoint, "WS-0001") << "the user's spelling is kept";
  EXPECT_EQ(row->state, CertificateState::kReserved);
  EXPECT_EQ(row->run, run_.id);
  EXPECT_EQ(row->issuer, issuer_);
  EXPECT_EQ(row->end_bound, kEnd);
  EXPECT_EQ(row->reserved_at, kNow);
  EXPECT_EQ(row->issued_at, std::nullopt);
  EXPECT_EQ(row->supersedes, std::nullopt);
  EXPECT_EQ(row->revoked_at, std::nullopt);
  EXPECT_FALSE(ledger_.Current("acme", "WS-0001")) << "nothing was issued";
  EXPECT_FALSE(ledger_.FindIssued(row->serial));
}

TEST_F(LedgerTest, CommitKeepsCertificateSettingsAndFiles) {
  Reservation reservation = ReserveOne("ws-0001");
  const Serial serial = reservation.serial();
  CommitItem item = Item(std::move(reservation));
  const Bytes der = item.der;
  const auto sha1 = item.sha1;
  const auto sha256 = item.sha256, spki = item.spki_sha256;
  const auto files = item.files;
  const SettingsRecord settings = item.settings;
  Commit(std::move(item));
  const auto row = ledger_.FindIssued(serial);
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->state, CertificateState::kIssued);
  EXPECT_EQ(row->issued_at, kNow + Seconds{60});
  EXPECT_EQ(row->not_after, kNow + std::chrono::days{365});
  EXPECT_EQ(row->der, der);
  EXPECT_EQ(row->files, files);
  EXPECT_EQ(row->sha1, sha1);
  EXPECT_EQ(row->sha256, sha256);
  EXPECT_EQ(row->spki_sha256, spki);
  EXPECT_EQ(ledger_.SettingsOf(row->settings), settings);
  EXPECT_EQ(ledger_.FindIssued(row->id)->serial, serial);
}

// A layer's settings are one row, whatever the number of its endpoints, over runs and connections.
TEST_F(LedgerTest, EqualSettingsAreKeptOnce) {
  const Serial first = Issue("a"), second = Issue("b");
  ledger_ = Ledger::Open(path_, "test-authority");
  const Serial third = Issue("c");
  CommitItem other = Item(ReserveOne("d"));
  const Serial fourth = other.reservation.serial();
  other.settings.group = "another";
  Commit(std::move(other));
  const auto of = [&](const Serial& serial) { return ledger_.Find(serial)->settings; };
  EXPECT_EQ(of(first), of(second));
  EXPECT_EQ(of(first), of(third));
  EXPECT_NE(of(first), of(fourth));
}

// Endpoint names differ in letter case between inventories; the endpoint is the same.
TEST_F(LedgerTest, ARenewalSupersedesItsPredecessor) {
  const Serial first = Issue("ws-0001"), other = Issue("ws-0002"),
               foreign = Issue("ws-0001", "beta");
  CommitItem renewal = Item(ReserveOne("WS-0001"));
  const Serial second = renewal.reservation.serial();
  const auto replaced = Commit(std::move(renewal));
  ASSERT_EQ(replaced.size(), 1u);
  EXPECT_EQ(replaced[0].endpoint, "ws-0001") << "as it was written then: so are its files";
  EXPECT_EQ(replaced[0].files, ledger_.FindIssued(first)->files);
  EXPECT_EQ(StateOf(first), CertificateState::kSuperseded);
  EXPECT_EQ(StateOf(second), CertificateState::kIssued);
  EXPECT_EQ(ledger_.Find(second)->supersedes, ledger_.Find(first)->id);
  EXPECT_EQ(StateOf(other), CertificateState::kIssued);
  EXPECT_EQ(StateOf(foreign), CertificateState::kIssued) << "another fleet's endpoint";
  EXPECT_EQ(ledger_.Current("acme", "Ws-0001")->serial, second);
}

// A host that missed a rollout must still lose every certificate that it may hold.
TEST_F(LedgerTest, PredecessorsAreAllThatHadNotExpired) {
  CommitItem expired = Item(ReserveOne("ws-0001"));
  const Serial gone = expired.reservation.serial();
  expired.not_after = kNow + Seconds{100};
  Commit(std::move(expired));
  const Serial second = Issue("ws-0001"), third = Issue("WS-0001");
  Issue("ws-0002");
  CommitItem last = Item(ReserveOne("ws-0001"));
  const Serial current = last.reservation.serial();
  Commit(std::move(last), kNow + Seconds{200});
  const auto serials = [&](const Serial& of) {
    std::vector<Serial> list;
    for (const Predecessor& old : ledger_.Predecessors(*ledger_.Find(of))) {
      EXPECT_EQ(old.sha1, ledger_.Find(old.serial)->sha1);
      EXPECT_EQ(old.sha256, ledger_.Find(old.serial)->sha256);
      list.push_back(old.serial);
    }
    return list;
  };
  EXPECT_EQ(serials(current), (std::vector<Serial>{second, third}));
  EXPECT_EQ(serials(third), (std::vector<Serial>{gone, second}))
      << "the first one had not expired then";
  EXPECT_TRUE(serials(gone).empty());
  const std::int64_t lineage = ledger_.Find(gone)->id;
  for (const Serial& one : {gone, second, third, current}) {
    EXPECT_EQ(ledger_.Find(one)->lineage, lineage);
  }
}

TEST_F(LedgerTest, AChunkIsCommittedWholeOrNotAtAll) {
  const Serial current = Issue("ws-0001");
  std::vector<CommitItem> items;
  for (Reservation& reservation : Reserve({"ws-0001", "ws-0002"})) {
    items.push_back(Item(std::move(reservation)));
  }
  const Serial first = items[0].reservation.serial(), second = items[1].reservation.serial();
  EXPECT_EQ(ledger_.AbandonReserved(kNow), 2u);  // as recovery by another process would
  const std::uint64_t commits = ledger_.FindRun(run_.token, "acme")->commits;
  const auto error = ThrownBy([&] { ledger_.Commit(run_, commits + 1, std::move(items), kNow); });
  ASSERT_TRUE(error.has_value()) << "an abandoned serial was issued";
  EXPECT_EQ(error->kind(), ErrorKind::kLedger);
  EXPECT_NE(std::string(error->what()).find(SerialHex(first)), std::string::npos) << error->what();
  EXPECT_EQ(StateOf(current), CertificateState::kIssued)
      << "the renewal failed and lost the current one";
  EXPECT_EQ(StateOf(first), CertificateState::kAbandoned);
  EXPECT_EQ(StateOf(second), CertificateState::kAbandoned);
  EXPECT_EQ(ledger_.FindRun(run_.token, "acme")->commits, commits);
  EXPECT_NO_THROW(Issue("ws-0003")) << "settings of a transaction that was rolled back are known";
}

TEST_F(LedgerTest, AKeyThatWasUsedBeforeIsAnIntegrityFault) {
  CommitItem one = Item(ReserveOne("ws-0001"));
  const Sha256Digest key = one.spki_sha256;
  Commit(std::move(one));
  CommitItem same_key = Item(ReserveOne("ws-0002"));
  const Serial serial = same_key.reservation.serial();
  same_key.spki_sha256 = key;
  const auto error = ThrownBy([&] { Commit(std::move(same_key)); });
  ASSERT_TRUE(error.has_value()) << "one key was given to two endpoints";
  EXPECT_EQ(error->kind(), ErrorKind::kIntegrity);
  EXPECT_EQ(StateOf(serial), CertificateState::kReserved);
  EXPECT_NO_THROW(Issue("ws-0003")) << "the ledger is not usable after a refused commit";
}

// Every stream is the same.
class StuckStreams final : public StreamFactory {
 public:
  RandomStream Open(const StreamLabel&) override {
    return RandomStream(std::array<std::uint8_t, kSeedBytes>{});
  }
};

TEST_F(LedgerTest, ASerialThatRepeatsIsRefused) {
  StuckStreams stuck;
  const auto reserve = [&](const std::vector<std::string>& names) {
    return ledger_.Reserve(run_, names, {issuer_, kEnd}, stuck, kNow);
  };
  EXPECT_THROW(reserve({"ws-0001", "ws-0002"}), Error);
  EXPECT_EQ(ledger_.Count().reserved, 0u) << "a refused chunk left a reservation behind";
  reserve({"ws-0003"});
  const auto error = ThrownBy([&] { reserve({"ws-0003"}); });
  ASSERT_TRUE(error.has_value()) << "a serial was reserved twice";
  EXPECT_EQ(error->kind(), ErrorKind::kLedger);
  EXPECT_NE(std::string(error->what()).find("serial"), std::string::npos) << error->what();
  EXPECT_EQ(ledger_.Count().reserved, 1u);
}

// What the signer never saw is on no CRL, what it may have seen is.
TEST_F(LedgerTest, WhatIsGivenUpIsVoidOrAbandoned) {
  const Serial issued = Issue("ws-0001");
  std::vector<Reservation> reservations = Reserve({"ws-0002", "ws-0003", "ws-0004"});
  std::vector<Reservation> never, perhaps;
  const Serial voided = reservations[0].serial(), abandoned = reservations[1].serial(),
               live = reservations[2].serial();
  never.push_back(std::move(reservations[0]));
  perhaps.push_back(std::move(reservations[1]));
  ledger_.GiveUp(std::move(never), std::move(perhaps));
  EXPECT_EQ(StateOf(voided), CertificateState::kVoid);
  EXPECT_EQ(StateOf(abandoned), CertificateState::kAbandoned);
  EXPECT_EQ(StateOf(live), CertificateState::kReserved);
  EXPECT_EQ(StateOf(issued), CertificateState::kIssued);
}

// Recovery ends reservations and runs that did not end themselves. A CA whose certificate is being
// made keeps its reservation.
TEST_F(LedgerTest, RecoveryAbandonsReservationsOfEndpointsAlone) {
  const Serial issued = Issue("ws-0001");
  ledger_.ReserveIssuer({.tier = "other",
                         .generation = 1,
                         .parent = {},
                         .leaves = false,
                         .key_file = "other.key",
                         .der = {},
                         .scope = {}},
                        random_, kNow);
  const Serial crashed = ReserveOne("ws-0002").serial(),
               other_fleet = ReserveOne("x", "beta").serial();
  EXPECT_TRUE(ledger_.EndedRuns().empty());
  EXPECT_EQ(ledger_.AbandonReserved(kNow), 2u);
  EXPECT_EQ(ledger_.EndedRuns().size(), 2u);
  EXPECT_EQ(StateOf(crashed), CertificateState::kAbandoned);
  EXPECT_EQ(StateOf(other_fleet), CertificateState::kAbandoned);
  EXPECT_EQ(StateOf(issued), CertificateState::kIssued);
  EXPECT_EQ(ledger_.Issuers().back().state, IssuerState::kReserved);
  EXPECT_EQ(ledger_.AbandonReserved(kNow), 0u);
}

TEST_F(LedgerTest, Counts) {
  Issue("ws-0001");
  Issue("ws-0001");
  Reserve({"a", "b", "c"});
  ledger_.GiveUp(Reserve({"d", "e"}), Reserve({"f"}));
  const Counts counts = ledger_.Count();
  EXPECT_EQ(counts.issued, 1u);
  EXPECT_EQ(counts.superseded, 1u);
  EXPECT_EQ(counts.reserved, 3u);
  EXPECT_EQ(counts.voided, 2u);
  EXPECT_EQ(counts.abandoned, 1u);
}

TEST_F(LedgerTest, ForEachCurrentIsOrderedAndLeavesTheRestOut) {
  Issue("ws-0002");
  Issue("WS-0001");
  Issue("ws-0002");
  Issue("a", "beta");
  Reserve({"ws-0009"});
  const auto names = [&](std::string_view fleet) {
    std::string text;
    ledger_.ForEachCurrent(
        fleet,
        [&](const IssuedRow& row) {
          EXPECT_EQ(row.state, CertificateState::kIssued);
          EXPECT_FALSE(row.der.empty());
          EXPECT_EQ(row.files.size(), 2u);
          EXPECT_TRUE(ledger_.Find(row.serial).has_value()) << "the visitor may ask the ledger";
          text += row.fleet + "/" + row.endpoint + " ";
        },
        NoDamage);
    return text;
  };
  EXPECT_EQ(names("acme"), "acme/WS-0001 acme/ws-0002 ");
  EXPECT_EQ(names("beta"), "beta/a ");
  EXPECT_EQ(names(""), "acme/WS-0001 acme/ws-0002 beta/a ");
  EXPECT_EQ(names("none"), "");
}

// Sorted as Selection and Plan search: by their lower case.
TEST_F(LedgerTest, CurrentNamesAreLowerCaseAndSorted) {
  for (const char* name : {"ws-0002", "WS-0001", "WS-0001", "a_b", "A-B", "Zz", "a.b"}) Issue(name);
  Issue("x", "beta");
  Reserve({"ws-0009"});
  const auto names = ledger_.CurrentNames("acme");
  std::vector<std::string> keys;
  for (const CurrentName& name : names) {
    keys.push_back(name.endpoint_key);
    EXPECT_EQ(name.not_after, kNow + std::chrono::days{365});
    EXPECT_EQ(ledger_.SettingsOf(name.settings).profile, "mtls-client");
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"a-b", "a.b", "a_b", "ws-0001", "ws-0002", "zz"}));
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
}

TEST_F(LedgerTest, ForEachVisitsEveryRowInTheOrderOfReservation) {
  const Serial first = Issue("z"), second = Issue("z");
  const Serial third = ReserveOne("a").serial();
  std::vector<Serial> serials;
  ledger_.ForEach([&](const LedgerRow& row) { serials.push_back(row.serial); }, NoDamage);
  EXPECT_EQ(serials, (std::vector<Serial>{first, second, third}));
}

TEST_F(LedgerTest, WhatIsNotThereIsNothing) {
  EXPECT_EQ(ledger_.Find(Serial{}), std::nullopt);
  EXPECT_FALSE(ledger_.Current("acme", "ws-0001"));
  EXPECT_NO_THROW(ledger_.Commit(run_, 1, {}, kNow));
  EXPECT_NO_THROW(ledger_.GiveUp({}, {}));
  EXPECT_TRUE(Reserve({}).empty());
  EXPECT_THROW(ledger_.SettingsOf(99), Error);
  EXPECT_THROW(ledger_.BeginRun("unknown", {"missing", kNow}, random_, kNow), Error);
}

TEST_F(LedgerTest, EverythingIsThereAfterReopening) {
  const Serial issued = Issue("ws-0001");
  const Serial reserved = ReserveOne("ws-0002").serial();
  ledger_ = Ledger::Open(path_, "test-authority");
  EXPECT_EQ(StateOf(issued), CertificateState::kIssued);
  EXPECT_EQ(StateOf(reserved), CertificateState::kReserved)
      << "a dropped reservation was forgotten";
  EXPECT_GT(ledger_.BeginRun("acme", {"missing", kNow}, random_, kNow).id, run_.id);
  EXPECT_TRUE(ledger_.IntegrityFaults().empty());
}

// After MakeDurable the database's own file has everything; what is in the write-ahead log, whose
// sync may have failed, is not needed.
TEST_F(LedgerTest, MakeDurableDoesWithoutTheLog) {
  const Serial serial = Issue("ws-1");
  const std::string copy = dir_ / "copy.db";
  ledger_.MakeDurable();
  std::filesystem::copy_file(path_, copy);
  ASSERT_FALSE(std::filesystem::exists(copy + "-wal"));
  const auto row = Ledger::Open(copy, "test-authority").Find(serial);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, CertificateState::kIssued);
}

// Two processes: both reserve and count at the same time, and nothing is lost or doubled.
TEST_F(LedgerTest, ConnectionsOfTwoThreadsNeverShareASerial) {
  constexpr int kRounds = 20;
  std::vector<Serial> serials[2];
  std::vector<std::uint64_t> numbers[2];
  std::atomic<int> waiting{2};
  const auto work = [&](int who) {
    Ledger ledger = Ledger::Open(path_, "test-authority");
    SystemRandom random;
    SystemStreams streams(random);
    const fleetmint::Run run = ledger.BeginRun("acme", {"missing", kNow}, random, kNow);
    waiting.fetch_sub(1);
    while (waiting.load() > 0) std::this_thread::yield();
    for (int i = 0; i < kRounds; ++i) {
      const std::vector<std::string> names{"a" + std::to_string(who), "b" + std::to_string(who)};
      for (const Reservation& reservation :
           ledger.Reserve(run, names, {issuer_, kEnd}, streams, kNow)) {
        serials[who].push_back(reservation.serial());
      }
      numbers[who].push_back(ledger.NextCrl(Sha256Digest{1}, kNow).number);
    }
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  std::set<Serial> distinct(serials[0].begin(), serials[0].end());
  distinct.insert(serials[1].begin(), serials[1].end());
  EXPECT_EQ(distinct.size(), 4u * kRounds);
  EXPECT_EQ(ledger_.Count().reserved, 4u * kRounds);
  std::set<std::uint64_t> drawn(numbers[0].begin(), numbers[0].end());
  drawn.insert(numbers[1].begin(), numbers[1].end());
  EXPECT_EQ(drawn.size(), 2u * kRounds);
}

}  // namespace
}  // namespace fleetmint
