// Ledger: what becomes of a serial, from its reservation on, and what a reader is told of it.
#include "engine/ledger/ledger.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "engine/base/error.h"
#include "tests/base/stuck_source.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

const Time kNow = ParseRfc3339("2026-01-01T00:00:00Z");

class LedgerTest : public ::testing::Test {
 protected:
  std::vector<Reservation> Reserve(const std::vector<std::string>& endpoints,
                                   std::string_view fleet = "acme") {
    return ledger_.Reserve(run_, fleet, endpoints, random_, kNow);
  }
  Reservation ReserveOne(const std::string& endpoint, std::string_view fleet = "acme") {
    return std::move(Reserve({endpoint}, fleet).front());
  }
  // Issue reserves and commits; gives the serial.
  Serial Issue(const std::string& endpoint, std::string_view fleet = "acme") {
    Reservation reservation = ReserveOne(endpoint, fleet);
    const Serial serial = reservation.serial();
    Commit(std::move(reservation), Facts());
    return serial;
  }
  void Commit(Reservation reservation, IssuedFacts facts) {
    std::vector<CommitItem> items;
    items.push_back({std::move(reservation), std::move(facts)});
    ledger_.Commit(std::move(items), kNow + Seconds{60});
  }
  // Facts of a certificate with a key of its own.
  IssuedFacts Facts() {
    IssuedFacts facts;
    facts.fqdn = "ws-0001.corp";
    facts.profile = "mtls-client";
    facts.profile_fingerprint = "f1";
    facts.subject = "CN=ws-0001.corp, O=Example\\, Inc.";
    facts.dns = {"ws-0001.corp", "itAuth"};
    facts.ip = {"10.0.0.5", "2001:db8::1"};
    facts.not_before = kNow;
    facts.not_after = kNow + std::chrono::days{365};
    random_.Fill(facts.sha1);
    random_.Fill(facts.sha256);
    random_.Fill(facts.spki_sha256);
    facts.issuer = "abcd";
    facts.key = "rsa 2048";
    facts.encryption = "modern";
    facts.password = "derived";
    facts.friendly_name = "agent \xC3\xBC";
    facts.files = {{"pfx", 3000, facts.sha256}, {"chain.pem", 0, {}}};
    return facts;
  }
  CertificateState StateOf(const Serial& serial) { return ledger_.Find(serial).value().state; }

  TempDir dir_;
  SystemRandom random_;
  Ledger ledger_ = Ledger::Create(dir_ / "ledger.db", "test-authority");
  std::int64_t run_ = ledger_.BeginRun("acme", kNow);
};

TEST_F(LedgerTest, AReservationIsARecordOfItsOwn) {
  const auto reservations = Reserve({"WS-0001", "ws-0002"});
  ASSERT_EQ(reservations.size(), 2u);
  EXPECT_EQ(reservations[0].endpoint(), "WS-0001");
  EXPECT_EQ(reservations[1].fleet(), "acme");
  EXPECT_NE(reservations[0].serial(), reservations[1].serial());
  EXPECT_EQ(reservations[0].serial()[0] >> 6U, 1);
  const auto row = ledger_.Find(reservations[0].serial());
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->serial, reservations[0].serial());
  EXPECT_EQ(row->fleet, "acme");
  EXPECT_EQ(row->endpoint, "WS-0001") << "the user's spelling is kept";
  EXPECT_EQ(row->state, CertificateState::kReserved);
  EXPECT_EQ(row->run, run_);
  EXPECT_EQ(row->reserved_at, kNow);
  EXPECT_EQ(row->issued_at, std::nullopt);
  EXPECT_EQ(row->supersedes, std::nullopt);
  EXPECT_EQ(row->revoked_at, std::nullopt);
  EXPECT_EQ(ledger_.Current("acme", "WS-0001"), std::nullopt) << "nothing was issued";
}

TEST_F(LedgerTest, CommitKeepsEveryFact) {
  Reservation reservation = ReserveOne("ws-0001");
  const Serial serial = reservation.serial();
  const IssuedFacts facts = Facts();
  Commit(std::move(reservation), facts);
  const auto row = ledger_.Find(serial);
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->state, CertificateState::kIssued);
  EXPECT_EQ(row->issued_at, kNow + Seconds{60});
  EXPECT_EQ(row->supersedes, std::nullopt);
  const IssuedFacts& kept = row->facts;
  EXPECT_EQ(kept.fqdn, facts.fqdn);
  EXPECT_EQ(kept.profile, facts.profile);
  EXPECT_EQ(kept.profile_fingerprint, facts.profile_fingerprint);
  EXPECT_EQ(kept.subject, facts.subject);
  EXPECT_EQ(kept.dns, facts.dns);
  EXPECT_EQ(kept.ip, facts.ip);
  EXPECT_EQ(kept.not_before, facts.not_before);
  EXPECT_EQ(kept.not_after, facts.not_after);
  EXPECT_EQ(kept.sha1, facts.sha1);
  EXPECT_EQ(kept.sha256, facts.sha256);
  EXPECT_EQ(kept.spki_sha256, facts.spki_sha256);
  EXPECT_EQ(kept.issuer, facts.issuer);
  EXPECT_EQ(kept.key, facts.key);
  EXPECT_EQ(kept.encryption, facts.encryption);
  EXPECT_EQ(kept.password, facts.password);
  EXPECT_EQ(kept.friendly_name, facts.friendly_name);
  EXPECT_EQ(kept.files, facts.files);
}

// Endpoint names differ in letter case between inventories; the endpoint is the same.
TEST_F(LedgerTest, ARenewalSupersedesItsPredecessor) {
  const Serial first = Issue("ws-0001"), other = Issue("ws-0002"),
               foreign = Issue("ws-0001", "beta");
  const Serial second = Issue("WS-0001");
  EXPECT_EQ(StateOf(first), CertificateState::kSuperseded);
  EXPECT_EQ(StateOf(second), CertificateState::kIssued);
  EXPECT_EQ(ledger_.Find(second)->supersedes, first);
  EXPECT_EQ(StateOf(other), CertificateState::kIssued);
  EXPECT_EQ(StateOf(foreign), CertificateState::kIssued) << "another fleet's endpoint";
  EXPECT_EQ(ledger_.Current("acme", "Ws-0001")->serial, second);
  EXPECT_EQ(ledger_.Find(first)->facts.fqdn, "ws-0001.corp")
      << "the rollout removes it by its facts";
}

TEST_F(LedgerTest, AChunkIsCommittedWholeOrNotAtAll) {
  const Serial current = Issue("ws-0001");
  std::vector<CommitItem> items;
  for (Reservation& reservation : Reserve({"ws-0001", "ws-0002"})) {
    items.push_back({std::move(reservation), Facts()});
  }
  const Serial first = items[0].reservation.serial(), second = items[1].reservation.serial();
  EXPECT_EQ(ledger_.AbandonReserved(), 2u);  // as recovery by another process would
  const auto error = ThrownBy([&] { ledger_.Commit(std::move(items), kNow); });
  ASSERT_TRUE(error.has_value()) << "an abandoned serial was issued";
  EXPECT_EQ(error->kind(), ErrorKind::kLedger);
  EXPECT_NE(std::string(error->what()).find(SerialHex(first)), std::string::npos) << error->what();
  EXPECT_EQ(StateOf(current), CertificateState::kIssued)
      << "the renewal failed and lost the current one";
  EXPECT_EQ(StateOf(first), CertificateState::kAbandoned);
  EXPECT_EQ(StateOf(second), CertificateState::kAbandoned);
}

TEST_F(LedgerTest, AKeyThatWasUsedBeforeIsAnIntegrityFault) {
  const IssuedFacts facts = Facts();
  Commit(ReserveOne("ws-0001"), facts);
  Reservation again = ReserveOne("ws-0002");
  const Serial serial = again.serial();
  IssuedFacts same_key = Facts();
  same_key.spki_sha256 = facts.spki_sha256;
  const auto error = ThrownBy([&] { Commit(std::move(again), same_key); });
  ASSERT_TRUE(error.has_value()) << "one key was given to two endpoints";
  EXPECT_EQ(error->kind(), ErrorKind::kIntegrity);
  EXPECT_EQ(StateOf(serial), CertificateState::kReserved);
  EXPECT_NO_THROW(Issue("ws-0003")) << "the ledger is not usable after a refused commit";
}

TEST_F(LedgerTest, ASerialThatRepeatsIsRefused) {
  StuckSource stuck;
  const std::vector<std::string> two{"ws-0001", "ws-0002"}, one{"ws-0003"};
  EXPECT_THROW(ledger_.Reserve(run_, "acme", two, stuck, kNow), Error);
  EXPECT_EQ(ledger_.Count().reserved, 0u) << "a refused chunk left a reservation behind";
  ledger_.Reserve(run_, "acme", one, stuck, kNow);
  const auto error = ThrownBy([&] { ledger_.Reserve(run_, "acme", one, stuck, kNow); });
  ASSERT_TRUE(error.has_value()) << "a serial was reserved twice";
  EXPECT_EQ(error->kind(), ErrorKind::kLedger);
  EXPECT_NE(std::string(error->what()).find("serial"), std::string::npos) << error->what();
  EXPECT_EQ(ledger_.Count().reserved, 1u);
}

TEST_F(LedgerTest, AbandonEndsReservationsAlone) {
  const Serial issued = Issue("ws-0001");
  std::vector<Reservation> reservations = Reserve({"ws-0002", "ws-0003"});
  const Serial abandoned = reservations[0].serial(), live = reservations[1].serial();
  reservations.pop_back();
  ledger_.Abandon(std::move(reservations));
  EXPECT_EQ(StateOf(abandoned), CertificateState::kAbandoned);
  EXPECT_EQ(StateOf(live), CertificateState::kReserved);
  EXPECT_EQ(StateOf(issued), CertificateState::kIssued);
}

// A CA whose certificate is being signed elsewhere keeps its reservation over a recovery.
TEST_F(LedgerTest, RecoveryAbandonsReservationsOfEndpointsAlone) {
  const Serial issued = Issue("ws-0001");
  const Serial ca = ReserveOne("issuing", "").serial();
  const Serial crashed = ReserveOne("ws-0002").serial(),
               other_fleet = ReserveOne("x", "beta").serial();
  EXPECT_EQ(ledger_.AbandonReserved(), 2u);
  EXPECT_EQ(StateOf(crashed), CertificateState::kAbandoned);
  EXPECT_EQ(StateOf(other_fleet), CertificateState::kAbandoned);
  EXPECT_EQ(StateOf(ca), CertificateState::kReserved);
  EXPECT_EQ(StateOf(issued), CertificateState::kIssued);
  EXPECT_EQ(ledger_.AbandonReserved(), 0u);
}

TEST_F(LedgerTest, CountsAreOfEndpointCertificates) {
  Issue("ws-0001");
  Issue("ws-0001");
  Issue("root", "");
  Reserve({"a", "b", "c"});
  ledger_.Abandon(Reserve({"d", "e"}));
  const Ledger::Counts counts = ledger_.Count();
  EXPECT_EQ(counts.issued, 1u);
  EXPECT_EQ(counts.superseded, 1u);
  EXPECT_EQ(counts.reserved, 3u);
  EXPECT_EQ(counts.abandoned, 2u);
}

TEST_F(LedgerTest, ForEachCurrentIsOrderedAndLeavesTheRestOut) {
  Issue("ws-0002");
  Issue("WS-0001");
  Issue("ws-0002");
  Issue("a", "beta");
  Issue("root", "");
  Reserve({"ws-0009"});
  const auto names = [&](std::string_view fleet) {
    std::string text;
    ledger_.ForEachCurrent(fleet, [&](const LedgerRow& row) {
      EXPECT_EQ(row.state, CertificateState::kIssued);
      EXPECT_TRUE(ledger_.Find(row.serial).has_value()) << "the visitor may call Find";
      text += row.fleet + "/" + row.endpoint + " ";
    });
    return text;
  };
  EXPECT_EQ(names("acme"), "acme/WS-0001 acme/ws-0002 ");
  EXPECT_EQ(names("beta"), "beta/a ");
  EXPECT_EQ(names(""), "acme/WS-0001 acme/ws-0002 beta/a ");
  EXPECT_EQ(names("none"), "");
}

TEST_F(LedgerTest, CurrentNamesAreLowerCaseAndSorted) {
  Issue("ws-0002");
  Issue("WS-0001");
  Issue("WS-0001");
  Issue("x", "beta");
  Reserve({"ws-0009"});
  const auto names = ledger_.CurrentNames("acme");
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0].endpoint_key, "ws-0001");
  EXPECT_EQ(names[0].profile_fingerprint, "f1");
  EXPECT_EQ(names[1].endpoint_key, "ws-0002");
}

TEST_F(LedgerTest, ForEachVisitsEveryRowInTheOrderOfReservation) {
  const Serial first = Issue("z"), second = Issue("z");
  const Serial third = ReserveOne("a").serial(), ca = ReserveOne("root", "").serial();
  std::vector<Serial> serials;
  ledger_.ForEach([&](const LedgerRow& row) { serials.push_back(row.serial); });
  EXPECT_EQ(serials, (std::vector<Serial>{first, second, third, ca}));
}

TEST_F(LedgerTest, WhatIsNotThereIsNothing) {
  EXPECT_EQ(ledger_.Find(Serial{}), std::nullopt);
  EXPECT_EQ(ledger_.Current("acme", "ws-0001"), std::nullopt);
  EXPECT_NO_THROW(ledger_.Commit({}, kNow));
  EXPECT_NO_THROW(ledger_.Abandon({}));
  EXPECT_TRUE(Reserve({}).empty());
}

TEST_F(LedgerTest, RunsAndCrlNumbersCountUp) {
  const std::int64_t next = ledger_.BeginRun("acme", kNow);
  EXPECT_GT(next, run_);
  ledger_.EndRun(next, kNow + Seconds{1});
  EXPECT_EQ(ledger_.NextCrlNumber("aa"), 1u);
  EXPECT_EQ(ledger_.NextCrlNumber("aa"), 2u);
  EXPECT_EQ(ledger_.NextCrlNumber("bb"), 1u) << "each issuer counts for itself";
  EXPECT_EQ(Ledger::Open(dir_ / "ledger.db", "test-authority").NextCrlNumber("aa"), 3u)
      << "a CRL number came twice";
}

TEST_F(LedgerTest, EverythingIsThereAfterReopening) {
  const Serial issued = Issue("ws-0001");
  const Serial reserved = ReserveOne("ws-0002").serial();
  ledger_ = Ledger::Open(dir_ / "ledger.db", "test-authority");
  EXPECT_EQ(StateOf(issued), CertificateState::kIssued);
  EXPECT_EQ(StateOf(reserved), CertificateState::kReserved)
      << "a dropped reservation was forgotten";
  EXPECT_GT(ledger_.BeginRun("acme", kNow), run_);
  EXPECT_TRUE(ledger_.IntegrityFaults().empty());
}

// After MakeDurable the database's own file has everything; what is in the write-ahead log, whose
// sync may have failed, is not needed.
TEST_F(LedgerTest, MakeDurableDoesWithoutTheLog) {
  const Serial serial = Issue("ws-1");
  const std::string copy = dir_ / "copy.db";
  ledger_.MakeDurable();
  std::filesystem::copy_file(dir_ / "ledger.db", copy);
  ASSERT_FALSE(std::filesystem::exists(copy + "-wal"));
  const auto row = Ledger::Open(copy, "test-authority").Find(serial);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, CertificateState::kIssued);
}

// Two processes: both reserve, commit and count at the same time, and nothing is lost or doubled.
TEST_F(LedgerTest, ConnectionsOfTwoThreadsNeverShareASerial) {
  constexpr int kRounds = 20;
  std::vector<Serial> serials[2];
  std::vector<std::uint64_t> numbers[2];
  std::atomic<int> waiting{2};
  const auto work = [&](int who) {
    Ledger ledger = Ledger::Open(dir_ / "ledger.db", "test-authority");
    SystemRandom random;
    const std::int64_t run = ledger.BeginRun("acme", kNow);
    waiting.fetch_sub(1);
    while (waiting.load() > 0) std::this_thread::yield();
    for (int i = 0; i < kRounds; ++i) {
      const std::vector<std::string> names{"a" + std::to_string(who), "b" + std::to_string(who)};
      for (const Reservation& reservation : ledger.Reserve(run, "acme", names, random, kNow)) {
        serials[who].push_back(reservation.serial());
      }
      numbers[who].push_back(ledger.NextCrlNumber("aa"));
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
  EXPECT_EQ(*drawn.rbegin(), 2u * kRounds);
}

}  // namespace
}  // namespace fleetmint
