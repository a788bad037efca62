// The plan: what it finds before anything is written, which endpoints a run is for, and what has
// changed since they were issued.
#include "engine/pipeline/plan.h"

#include "tests/pipeline/fleet_fixture.h"

namespace fleetmint {
namespace {

using PlanTest = FleetFixture;

TEST_F(PlanTest, CountsWhatItFinds) {
  RunHosts("h-[1-3]");
  Plan plan = MakePlan("h-[2-6]", "overrides:\n  h-2: {validity: 30d}\n");
  EXPECT_EQ(plan.size(), 5U) << "compared with no ledger, nothing was issued";
  const Authority authority = Authority::Open(dir_ / "ca");
  plan.Compare(authority.ledger(), clock_.Now());
  const PlanSummary& summary = plan.summary();
  EXPECT_EQ(summary.endpoints, 5U);
  EXPECT_EQ(summary.already_issued, 2U);
  EXPECT_EQ(summary.to_issue, 3U);
  EXPECT_EQ(summary.not_in_fleet, 1U);
  EXPECT_EQ(summary.changed, 1U);
  EXPECT_EQ(summary.expired, 0U);
  EXPECT_EQ(summary.os_unknown, 3U);
  plan.Compare(authority.ledger(), clock_.Now() + std::chrono::days{400});
  EXPECT_EQ(plan.summary().expired, 2U);
}

// What differs is named, by key.
TEST_F(PlanTest, AChangedSettingIsNamedWithItsValues) {
  RunHosts("h-[1-9]");
  Plan plan = MakePlan("h-[1-9]",
                       "overrides:\n  h-1: {validity: 30d, dns: [a.example.com]}\n"
                       "  h-2: {validity: 30d}\n  h-3: {validity: 90d}\n");
  const Authority authority = Authority::Open(dir_ / "ca");
  plan.Compare(authority.ledger(), clock_.Now());
  EXPECT_EQ(plan.summary().changed, 3U);
  ASSERT_EQ(plan.summary().changes.size(), 2U);
  const PlanChange& dns = plan.summary().changes[0];
  EXPECT_EQ(dns.key, "san.dns");
  EXPECT_EQ(dns.before, "{fqdn}");
  EXPECT_EQ(dns.now, "a.example.com {fqdn}");
  EXPECT_TRUE(dns.alike);
  EXPECT_EQ(dns.endpoints, 1U);
  const PlanChange& validity = plan.summary().changes[1];
  EXPECT_EQ(validity.key, "validity");
  EXPECT_EQ(validity.before + " " + validity.now, "1y 30d");
  EXPECT_FALSE(validity.alike);
  EXPECT_EQ(validity.endpoints, 3U);
}

// A fleet file that is written otherwise, and means the same, changes nothing.
TEST_F(PlanTest, WhatMeansTheSameIsNoChange) {
  RunHosts("h-[1-4]", "vars: {a: itm}\n");
  const std::string file =
      dir_.Write("other.yaml",
                 "fleet: test\nvars: {a: other, b: unused}\nhosts: [h-1, H-2]\ngroups:\n"
                 "  - {name: renamed, hosts: [h-3], validity: 365d, domain: example.com}\n"
                 "endpoints: [{name: h-4, fqdn: h-4.example.com}]\n"
                 "profile: fast-agent\ndefaults: {domain: example.com, os: windows-11}\n");
  Plan plan = Plan::Make(Fleet::Load(file, catalog_), catalog_);
  const Authority authority = Authority::Open(dir_ / "ca");
  plan.Compare(authority.ledger(), clock_.Now());
  EXPECT_EQ(plan.summary().already_issued, 4U);
  for (const PlanChange& change : plan.summary().changes) {
    EXPECT_EQ(change.key, "fqdn") << change.before << " -> " << change.now;
  }
}

TEST_F(PlanTest, ASelectionDecidesWhichEndpointsARunIsFor) {
  RunHosts("h-[1-5]");
  Plan plan = MakePlan("h-[1-7]");
  const Authority authority = Authority::Open(dir_ / "ca");
  plan.Compare(authority.ledger(), clock_.Now());
  const auto names = [&] {
    std::vector<std::string> list;
    for (std::size_t i = 0; i < plan.size(); ++i) list.push_back(plan.EndpointName(i));
    return list;
  };
  EXPECT_EQ(names(), (std::vector<std::string>{"h-6", "h-7"}));
  EXPECT_EQ(plan.selection().text(), "missing");
  plan.Select(Selection::MissingOrLost({"h-4", "h-2", "gone"}));
  EXPECT_EQ(names(), (std::vector<std::string>{"h-2", "h-4", "h-6", "h-7"}));
  EXPECT_EQ(plan.summary().replaced, 2U);
  EXPECT_EQ(plan.summary().already_issued, 3U);
  EXPECT_EQ(plan.summary().by_key.at({KeyAlgorithm::kEcdsa, 256}), 4U);
  EXPECT_EQ(plan.longest_validity().duration, ParseDuration("1y"));
  plan.Select(Selection::Missing());
  EXPECT_EQ(names(), (std::vector<std::string>{"h-6", "h-7"}));
}

// A job is the same whichever thread and order asks for it.
TEST_F(PlanTest, JobsDoNotDependOnTheOrderInWhichTheyAreMade) {
  const Plan plan = MakePlan("h-[1-6]", "overrides:\n  h-3: {validity: 30d}\n");
  PlanLayer forward, backward;
  std::vector<SettingsRecord> settings(plan.size());
  for (std::size_t i = 0; i < plan.size(); ++i) settings[i] = plan.MakeJob(i, forward).settings;
  for (std::size_t i = plan.size(); i-- > 0;) {
    const Job job = plan.MakeJob(i, backward);
    EXPECT_EQ(job.settings, settings[i]) << i;
    EXPECT_EQ(job.expanded.fqdn, "h-" + std::to_string(i + 1) + ".example.com");
  }
  EXPECT_NE(settings[2], settings[3]);
}

// Faults that only the filled-in templates show are found before anything is issued, all at once,
// and together with those of the file.
// Endpoints are validated in blocks; nobody sees where one ends. A layer's fault is said once, at
// its first endpoint; one of each endpoint is counted.
TEST_F(PlanTest, FaultsOfAManyAreThoseOfOneAfterTheOther) {
  const auto said = [&](const std::string& rest) {
    const std::string file = dir_.Write("many.yaml", "fleet: t\nprofile: fast-agent\n" + rest);
    const auto error = ThrownBy([&] { Plan::Make(Fleet::Load(file, catalog_), catalog_); });
    std::string text = error ? error->what() : "";
    for (std::size_t at; (at = text.find(file)) != std::string::npos;) text.erase(at, file.size());
    return text;
  };
  EXPECT_EQ(said("defaults: {friendly_name: '{nope}'}\nhosts: 'h-[1-20000]'\n"),
            said("defaults: {friendly_name: '{nope}'}\nhosts: 'h-1'\n"));
  const std::string each = said("defaults: {dns: ['{host}..b']}\nhosts: 'h-[1-20000]'\n");
  EXPECT_NE(each.find("'h-1'"), std::string::npos) << each;
  EXPECT_EQ(each.find("'h-4097'"), std::string::npos) << each;
  EXPECT_NE(each.find("more faults at this place"), std::string::npos) << each;
  // A layer whose endpoints have a place each.
  std::string listed;
  for (int i = 1; i <= 9000; ++i) listed += "  - {name: e-" + std::to_string(i) + "}\n";
  const std::string lacks = "defaults: {profile: observeit-agent-shared-cn}\nendpoints:\n";
  EXPECT_NE(said(lacks + listed).find("application_server"), std::string::npos);
  EXPECT_EQ(said(lacks + listed), said(lacks + "  - {name: e-1}\n"));
  // Far behind the first block, at its own place.
  const std::string late = said("hosts: 'h-[1-20000]'\noverrides:\n  h-15000: {dns: [a..b]}\n");
  EXPECT_NE(late.find("endpoint 'h-15000'"), std::string::npos) << late;
}

// What they are counted as does not hang on the block either.
TEST_F(PlanTest, KindsAreTheSameInEveryBlock) {
  const std::string file = dir_.Write(
      "kinds.yaml",
      "fleet: t\nprofile: fast-agent\ngroups:\n  - {name: a, hosts: 'a-[1-5000]', os: windows-7}\n"
      "  - {name: b, hosts: 'b-[1-5000]', os: windows-11}\n  - {name: c, hosts: 'c-[1-5000]', os: "
      "windows-7}\n");
  const Plan plan = Plan::Make(Fleet::Load(file, catalog_), catalog_);
  EXPECT_EQ(plan.summary().by_encryption.at("legacy"), 10000U);
  EXPECT_EQ(plan.summary().by_encryption.at("modern"), 5000U);
}

TEST_F(PlanTest, ReportsEveryCertificateThatCannotBe) {
  const auto error = ThrownBy([&] {
    MakePlan("h-[1-3]", "overrides:\n  h-1: {subject: \"CN=" + std::string(65, 'x') +
                            "\"}\n  h-2: {dns: [\"not_a..name\"]}\n  h-3: {validty: 3d}\n");
  });
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::kInput);
  ASSERT_EQ(error->faults().size(), 3U) << error->what();
  for (const Fault& fault : error->faults())
    EXPECT_NE(fault.where.ToString().find("fleet.yaml:"), std::string::npos);
}

}  // namespace
}  // namespace fleetmint
