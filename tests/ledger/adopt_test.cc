// What an older ledger learns of an output.
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/ledger/adoption.h"
#include "tests/ledger/ledger_fixture.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

using As = AdoptedCertificate::As;

class AdoptTest : public LedgerFixture {
 protected:
  AdoptTest() {
    adoption_.fleet = "acme";
    adoption_.output = "out of acme";
    adoption_.token = {9};
  }
  AdoptedCertificate& Add(As as, const std::string& endpoint, std::uint8_t number,
                          Time issued_at = kNow + std::chrono::days{1}) {
    AdoptedCertificate& one = adoption_.certificates.emplace_back();
    one.as = as;
    one.serial = Serial{0x40, number};
    one.endpoint = endpoint;
    one.issuer = issuer_;
    one.issued_at = issued_at;
    one.not_after = kNow + std::chrono::days{100};
    one.sha1 = Sha1Digest{number};
    one.sha256 = Sha256Digest{number};
    one.spki_sha256 = Sha256Digest{number};
    one.der = {number};
    one.settings = {1, "mtls-client", "all", "subject=CN={fqdn}\n"};
    one.files = {{"pfx", 3000, Sha256Digest{number}}};
    return one;
  }
  void List(const Serial& serial, int reason = 1, std::uint64_t number = 7) {
    adoption_.lists.push_back({Sha256Digest{7},
                               {number, kNow + std::chrono::days{2}},
                               kEnd,
                               {{serial, kNow + std::chrono::days{2}, reason}}});
  }
  AdoptionCount Adopt() { return ledger_.Adopt(adoption_, kNow + std::chrono::days{3}); }
  std::vector<std::string> Listed(Time not_ended = kNow) {
    std::vector<std::string> serials;
    for (const CrlEntry& entry : ledger_.CrlEntries(Sha256Digest{7}, not_ended)) {
      serials.push_back(SerialHex(entry.serial));
    }
    return serials;
  }
  static RevocationFilter Of(const std::vector<std::string>& endpoints) {
    RevocationFilter filter;
    filter.endpoints = endpoints;
    return filter;
  }
  static Serial Number(std::uint8_t number) { return Serial{0x40, number}; }
  Adoption adoption_;
};

TEST_F(AdoptTest, CertificatesSupersedeOneAnotherInTheirOrder) {
  const Serial first = Issue("ws-1");
  Add(As::kIssued, "ws-1", 2);
  Add(As::kIssued, "WS-1", 3).delivered = true;
  Add(As::kIssued, "ws-2", 4);
  const AdoptionCount count = Adopt();
  EXPECT_EQ(count.issued, 3U);
  EXPECT_EQ(StateOf(first), CertificateState::kSuperseded);
  EXPECT_EQ(StateOf(Number(2)), CertificateState::kSuperseded);
  const auto row = ledger_.Current("acme", "ws-1");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->serial, Number(3));
  EXPECT_EQ(row->der, Bytes{3});
  EXPECT_TRUE(row->delivered_at);
  EXPECT_EQ(ledger_.Predecessors(*row).size(), 2U);
  EXPECT_TRUE(ledger_.Misfits().empty());
  EXPECT_TRUE(ledger_.IntegrityFaults().empty());
}

TEST_F(AdoptTest, TheRunsAreTakenOver) {
  adoption_.runs = {{{1}, 3, kNow, kNow}, {run_.token, 5, kNow, kNow}, {{2}, 4, kNow, kNow}};
  Add(As::kIssued, "ws-1", 2).run = RunToken{1};
  Adopt();
  EXPECT_EQ(ledger_.FindRun(RunToken{1}, "acme")->commits, 3U);
  EXPECT_EQ(ledger_.FindRun(run_.token, "acme")->commits, 5U);
  EXPECT_EQ(ledger_.HeadOf("acme")->token, RunToken{2});
  EXPECT_EQ(ledger_.Find(Number(2))->run, ledger_.FindRun(RunToken{1}, "acme")->run);
}

// What a backup has as reserved, and recovery may have abandoned, was issued since.
TEST_F(AdoptTest, AReservationBecomesWhatItWas) {
  for (const bool abandoned : {false, true}) {
    const Reservation open = ReserveOne(abandoned ? "ws-2" : "ws-1");
    const Reservation said = ReserveOne(abandoned ? "ws-4" : "ws-3");
    if (abandoned) ledger_.AbandonReserved(kNow);
    adoption_.certificates.clear();
    Add(As::kIssued, open.endpoint(), abandoned ? 2 : 1).serial = open.serial();
    Add(As::kReported, said.endpoint(), abandoned ? 4 : 3).serial = said.serial();
    Adopt();
    EXPECT_EQ(StateOf(open.serial()), CertificateState::kIssued);
    EXPECT_EQ(StateOf(said.serial()), CertificateState::kReported);
    EXPECT_TRUE(Listed().empty());
  }
}

TEST_F(AdoptTest, WhatIsReportedCanBeRevokedAndIsNotForgotten) {
  const Serial old = Issue("ws-1"), current = Issue("ws-2");
  Add(As::kFormer, "ws-1", 2);
  Add(As::kFormer, "ws-2", 4);
  Add(As::kReported, "ws-1", 3);
  EXPECT_EQ(Adopt().reported, 3U);
  EXPECT_EQ(StateOf(current), CertificateState::kIssued) << "it came later";
  EXPECT_EQ(StateOf(old), CertificateState::kSuperseded);
  const auto reported = ledger_.Reported("acme");
  ASSERT_EQ(reported.size(), 1U);
  EXPECT_EQ(reported.front().serial, Number(3));
  EXPECT_TRUE(ledger_.Misfits().empty());
  EXPECT_EQ(ledger_.Revoke(Of({"ws-1"}), 1, kNow).revoked, 3U);
  EXPECT_EQ(Listed().size(), 3U);
  // A renewal goes on with the line.
  const Serial fresh = Issue("ws-1", "acme", kNow + std::chrono::days{4});
  EXPECT_TRUE(ledger_.Reported("acme").empty());
  EXPECT_EQ(ledger_.Predecessors(*ledger_.Find(fresh)).size(), 3U);
  EXPECT_TRUE(ledger_.Misfits().empty());
}

TEST_F(AdoptTest, ASignedButUnknownCertificateIsOnTheCrl) {
  Add(As::kAbandoned, "ws-1", 2);
  EXPECT_EQ(Adopt().abandoned, 1U);
  EXPECT_EQ(Listed(), std::vector{SerialHex(Number(2))});
}

TEST_F(AdoptTest, CrlsRevokeWhatIsKnownAndListTheRest) {
  const Serial old = Issue("ws-1");
  Add(As::kIssued, "ws-2", 2);
  List(old, 4);
  List(Number(2));
  List(Number(3));  // of nobody
  const AdoptionCount count = Adopt();
  EXPECT_EQ(count.revoked, 2U);
  EXPECT_EQ(count.listed, 1U);
  EXPECT_EQ(Listed().size(), 3U);
  EXPECT_EQ(ledger_.Find(old)->reason, 4);
  EXPECT_EQ(ledger_.Find(old)->revoked_at, kNow + std::chrono::days{2});
  EXPECT_EQ(ledger_.LastCrlNumber(), 7U);
  // Whose it was is learned of another output.
  adoption_ = Adoption{};
  adoption_.fleet = "beta";
  adoption_.output = "out of beta";
  adoption_.token = {8};
  Add(As::kIssued, "x-1", 3);
  EXPECT_EQ(Adopt().revoked, 1U);
  EXPECT_TRUE(ledger_.Find(Number(3))->revoked_at);
  EXPECT_EQ(Listed().size(), 3U) << "an entry stands twice, or was lost";
  EXPECT_TRUE(Listed(kEnd).empty());
}

TEST_F(AdoptTest, NumbersOfCrlsNeverGoBack) {
  const CrlStamp stamp = ledger_.NextCrl(Sha256Digest{7}, kNow);
  List(Number(3), 1, stamp.number - 1);
  Adopt();
  EXPECT_EQ(ledger_.LastCrlNumber(), stamp.number);
}

// After the restore somebody has revoked a host whose newest certificate was not known yet.
TEST_F(AdoptTest, ARevocationOfTheHostReachesItsNewestCertificate) {
  Issue("ws-1");
  Issue("ws-2");
  ledger_.Revoke(Of({"ws-2"}), 1, kNow + std::chrono::hours{1});
  ledger_.Revoke(Of({"ws-1"}), 1, kNow + std::chrono::days{2});
  Add(As::kIssued, "ws-1", 2);
  Add(As::kIssued, "ws-1", 3);
  Add(As::kIssued, "ws-2", 4);
  EXPECT_EQ(Adopt().revoked, 2U);
  EXPECT_TRUE(ledger_.Find(Number(2))->revoked_at);
  EXPECT_TRUE(ledger_.Find(Number(3))->revoked_at);
  EXPECT_FALSE(ledger_.Find(Number(4))->revoked_at) << "it was issued after that";
}

TEST_F(AdoptTest, AllOrNothing) {
  const Serial taken = Issue("ws-1");
  Add(As::kIssued, "ws-2", 2);
  Add(As::kIssued, "ws-3", 3).serial = taken;
  adoption_.runs = {{{1}, 3, kNow, kNow}};
  EXPECT_TRUE(ThrownBy([&] { Adopt(); }));
  EXPECT_FALSE(ledger_.Find(Number(2)));
  EXPECT_FALSE(ledger_.FindRun(RunToken{1}, "acme"));
}

TEST_F(AdoptTest, FleetsAreAskedOneByOne) {
  EXPECT_TRUE(ledger_.Unasked().empty());
  ledger_.AskFleets("unknown");
  EXPECT_EQ(ledger_.Unasked(), (std::vector<std::string>{"acme", "beta", "unknown"}));
  Adopt();
  EXPECT_TRUE(ledger_.FleetAsked("beta"));
  EXPECT_FALSE(ledger_.FleetAsked("beta"));
  EXPECT_EQ(ledger_.Unasked(), std::vector<std::string>{"unknown"});
  ledger_.AskFleets("unknown");  // the same command again
  EXPECT_EQ(ledger_.Unasked(), std::vector<std::string>{"unknown"});
}

}  // namespace
}  // namespace fleetmint
