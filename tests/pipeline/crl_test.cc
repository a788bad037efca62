// CRLs from the ledger: when one is signed, what it names, and what is refused.
#include "engine/pipeline/crl.h"

#include "engine/x509/cert_list_view.h"
#include "tests/pipeline/fleet_fixture.h"

namespace fleetmint {
namespace {

class ClockAt final : public Clock {
 public:
  explicit ClockAt(Time now) : now(now) {}
  Time Now() const override { return now; }
  Time now;
};

class CrlTest : public FleetFixture {
 protected:
  CrlTest() { RunHosts("h-[1-4]"); }

  CrlState Renew(const CrlOptions& options = {}) {
    const Authority authority = Authority::Open(dir_ / "ca");
    const auto states = RenewCrls(authority, nullptr, nullptr, at_, options);
    EXPECT_EQ(states.size(), 2U);
    EXPECT_EQ(states.back().file, "root.crl");
    return states.front();
  }
  void Revoke(const std::string& name) {
    RevocationFilter filter;
    filter.endpoints = {name};
    Authority::Open(dir_ / "ca").ledger().Revoke(filter, 1, at_.now);
  }
  Bytes File() { return Authority::Open(dir_ / "ca").Crls().Read("issuing.crl"); }
  std::vector<std::string> Serials() {
    const Bytes der = File();
    std::vector<std::string> serials;
    const CertListView view = CertListView::Read(der);
    for (const CertListEntry& entry : view.entries()) serials.push_back(ToHex(entry.serial));
    return serials;
  }
  std::string SerialOf(const std::string& name) {
    return SerialHex(Authority::Open(dir_ / "ca").ledger().Current("test", name)->serial);
  }

  ClockAt at_{clock_.Now() + Seconds{5}};
};

TEST_F(CrlTest, IsSignedOnlyIfItHasSomethingNewToSay) {
  const CrlState first = Renew();
  EXPECT_TRUE(first.signed_now);
  EXPECT_EQ(first.entries, 0U);
  EXPECT_EQ(first.next_update - first.this_update, kCrlValidity);
  const Bytes bytes = File();
  at_.now += kCrlValidity / 2 - Seconds{1};
  EXPECT_FALSE(Renew().signed_now);
  EXPECT_EQ(File(), bytes);
  at_.now += Seconds{1};
  const CrlState half = Renew();
  EXPECT_TRUE(half.signed_now) << "half of its life is over";
  EXPECT_GT(half.number, first.number);
  Revoke("h-2");
  const CrlState revoked = Renew();
  EXPECT_TRUE(revoked.signed_now);
  EXPECT_EQ(Serials(), std::vector{SerialOf("h-2")});
  EXPECT_FALSE(Renew().signed_now);
  EXPECT_TRUE(Renew({.validity = {}, .always = true, .published = {}}).signed_now);
  EXPECT_TRUE(
      Renew({.validity = std::chrono::days{7}, .always = false, .published = {}}).signed_now);
  const CrlState again = Renew();
  EXPECT_FALSE(again.signed_now);
  EXPECT_EQ(again.next_update - again.this_update, std::chrono::days{7}) << "as the last one";
}

// RFC 5280 3.3: an entry stays until it was on a CRL that was issued after the certificate's end.
TEST_F(CrlTest, WhatHasEndedIsNamedOnceMore) {
  Revoke("h-1");
  Revoke("h-2");
  Renew();
  EXPECT_EQ(Serials().size(), 2U);
  at_.now += std::chrono::days{400};
  EXPECT_TRUE(Renew().signed_now);
  EXPECT_EQ(Serials().size(), 2U) << "the first after their end";
  at_.now += kCrlValidity;
  Renew();
  EXPECT_TRUE(Serials().empty()) << "the second";
}

TEST_F(CrlTest, AClockThatHasGoneBackSignsNothing) {
  Renew();
  const Bytes bytes = File();
  Revoke("h-1");
  at_.now -= Seconds{1};
  const auto error = ThrownBy([&] { Renew(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kLedger);
  EXPECT_EQ(File(), bytes);
  // The ledger knows it, too, where the CRL itself is gone.
  Authority::Open(dir_ / "ca").Crls().Remove("issuing.crl");
  EXPECT_TRUE(ThrownBy([&] { Renew(); }));
  at_.now += Seconds{1};
  EXPECT_TRUE(Renew().signed_now);
}

// crl.pem is not to grow for ever: an older generation's list goes when its last certificate has
// ended, and not before.
TEST_F(CrlTest, OfAGenerationThatHasEndedNoneIsPublished) {
  SystemStreams streams(random_);
  Authority::Open(dir_ / "ca").Rotate({}, {.random = random_, .streams = streams, .clock = clock_});
  Authority::Open(dir_ / "ca").Activate(clock_);
  const Authority authority = Authority::Open(dir_ / "ca");
  RenewCrls(authority, nullptr, nullptr, at_, {});
  EXPECT_EQ(authority.CrlFiles(at_.now),
            (std::vector<std::string>{"issuing-2.crl", "issuing.crl", "root.crl"}));
  EXPECT_EQ(authority.CrlFiles(at_.now + std::chrono::days{400}),
            (std::vector<std::string>{"issuing-2.crl", "root.crl"}));
}

// No CRL ever lacks an unexpired entry of the one that is out.
TEST_F(CrlTest, AnOlderLedgerTakesNoRevocationBack) {
  Renew();
  Authority::Open(dir_ / "ca").BackUp(dir_ / "old", random_);
  Revoke("h-3");
  at_.now += Seconds{1};
  Renew();
  const Bytes newer = File();
  std::filesystem::remove_all(dir_ / "ca");
  std::filesystem::rename(dir_ / "old", dir_ / "ca");
  at_.now += Seconds{1};
  const auto error =
      ThrownBy([&] { Renew({.validity = {}, .always = true, .published = {newer}}); });
  ASSERT_TRUE(error) << "a published CRL names h-3";
  EXPECT_NE(std::string(error->what()).find("'h-3'"), std::string::npos) << error->what();
  // The same where the newer CRL is in the authority itself.
  Authority::Open(dir_ / "ca").Crls().WriteDurably("issuing.crl", newer);
  EXPECT_TRUE(ThrownBy([&] { Renew({.validity = {}, .always = true, .published = {}}); }));
  Revoke("h-3");
  EXPECT_TRUE(Renew({.validity = {}, .always = true, .published = {newer}}).signed_now);
}

// It is said, and keeps no other CA from its own.
TEST_F(CrlTest, ADamagedCrlIsSaid) {
  Renew();
  Authority authority = Authority::Open(dir_ / "ca");
  authority.Crls().WriteDurably("issuing.crl", AsBytes("nonsense"));
  const auto states =
      RenewCrls(authority, nullptr, nullptr, at_,
                {.validity = {}, .always = true, .published = {}, .only_above = {}});
  ASSERT_EQ(states.size(), 2u);
  ASSERT_TRUE(states[0].failure);
  EXPECT_NE(std::string(states[0].failure->what()).find("issuing.crl"), std::string::npos);
  EXPECT_FALSE(states[1].failure);
}

}  // namespace
}  // namespace fleetmint
