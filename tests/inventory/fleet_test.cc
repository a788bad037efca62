// Fleet files: every way to name endpoints, their order, their names, and files of a million of
// them.
#include "inventory/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

namespace fleetmint {
namespace {

using ::testing::ElementsAre;

const Catalog& Builtin() {
  static const Catalog catalog = Catalog::Builtin();
  return catalog;
}

// A fleet file that holds `text`, for as long as this object lives.
class FleetFile {
 public:
  explicit FleetFile(std::string_view text)
      : path_(::testing::TempDir() + "fleet_test-" + std::to_string(::getpid()) + ".yaml") {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~FleetFile() { std::filesystem::remove(path_); }
  FleetFile(const FleetFile&) = delete;
  FleetFile& operator=(const FleetFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Fleet Load(std::string_view text) {
  return Fleet::Load(FleetFile(text).path(), Builtin()).Accept();
}

std::vector<std::string> NamesOf(const Fleet& fleet) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < fleet.size(); ++i) names.push_back(fleet.Name(i));
  return names;
}

std::vector<std::string> GroupsOf(const Fleet& fleet) {
  std::vector<std::string> groups;
  for (std::size_t i = 0; i < fleet.size(); ++i) groups.push_back(fleet.Layer(i).group);
  return groups;
}

TEST(FleetTest, NamesAndFileAreKept) {
  const FleetFile file("fleet: acme-1\nprofile: mtls-client\nhosts: a\n");
  const Fleet fleet = Fleet::Load(file.path(), Builtin()).Accept();
  EXPECT_EQ(fleet.name(), "acme-1");
  EXPECT_EQ(fleet.file(), file.path());
  EXPECT_EQ(fleet.size(), 1u);
}

TEST(FleetTest, EveryWayToNameEndpointsGivesThemInTheOrderOfTheFile) {
  struct Case {
    const char* text;
    std::vector<std::string> names;
  };
  const std::string head = "fleet: f\nprofile: mtls-client\n";
  const Case cases[] = {
      {"hosts: one\n", {"one"}},
      {"hosts: ws-[08-10]\n", {"ws-08", "ws-09", "ws-10"}},
      {"hosts: [one, two]\n", {"one", "two"}},
      {"hosts: ['s-[1-2]', dc1, 'x-[a,b]']\n", {"s-1", "s-2", "dc1", "x-a", "x-b"}},
      {"hosts:\n- s-[1-2]\n- dc1\n", {"s-1", "s-2", "dc1"}},
      {"endpoints: [one, two]\n", {"one", "two"}},
      {"endpoints: [{name: one}, two, {name: three, os: linux}]\n", {"one", "two", "three"}},
      {"groups:\n- hosts: 'a[1-2]'\n- {name: g, hosts: [b]}\n", {"a1", "a2", "b"}},
      {"groups:\n- hosts: [a]\n  endpoints: [b]\n", {"a", "b"}},
      {"groups:\n- endpoints: [b]\n  hosts: [a]\n", {"b", "a"}},
      {"hosts: [a]\ngroups: [{hosts: [b]}]\nendpoints: [c]\n", {"a", "b", "c"}},
      {"groups: [{hosts: []}, {hosts: [b]}]\n", {"b"}},
      {"hosts: 'k[a,b][1-2]'\n", {"ka1", "ka2", "kb1", "kb2"}},
      {"hosts: [Mixed.Case-1_x]\n", {"Mixed.Case-1_x"}},
      {"hosts: [007, 1.5, true]\n",
       {"007", "1.5", "true"}},  // names are texts, whatever they look like
  };
  for (const Case& c : cases) EXPECT_EQ(NamesOf(Load(head + c.text)), c.names) << c.text;
}

TEST(FleetTest, EndpointsBelongToTheirGroups) {
  const Fleet fleet = Load(
      "fleet: f\nprofile: mtls-client\nhosts: [top]\ngroups:\n"
      "- {name: first, hosts: 'a[1-2]', endpoints: [{name: b, os: linux}]}\n"
      "- {hosts: [c]}\n- {name: third, hosts: [d]}\n");
  EXPECT_THAT(NamesOf(fleet), ElementsAre("top", "a1", "a2", "b", "c", "d"));
  EXPECT_THAT(GroupsOf(fleet),
              ElementsAre("default", "first", "first", "first", "group-2", "third"));
}

TEST(FleetTest, EndpointsKnowWhereTheyWereNamed) {
  const Fleet fleet = Load(
      "fleet: f\nprofile: mtls-client\ngroups:\n- hosts:\n  - a[1-2]\n  endpoints:\n"
      "  - {os: linux, name: b}\n");
  EXPECT_EQ(fleet.Where(0), (Position{5, 5}));
  EXPECT_EQ(fleet.Where(1), (Position{5, 5}));
  EXPECT_EQ(fleet.Where(2), (Position{7, 23}));
}

TEST(FleetTest, DomainAndFqdnAreOfTheInnermostLevelThatSaysThem) {
  const Fleet fleet = Load(
      "fleet: f\nprofile: mtls-client\ndefaults: {domain: corp.example}\nhosts: [a]\n"
      "groups:\n- {name: g, domain: g.example, hosts: [c]}\n"
      "- endpoints: [{name: d, fqdn: x.dmz.example}, {name: e, domain: e.example}]\n");
  std::vector<std::string> domains, fqdns;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    const FleetLayer layer = fleet.Layer(i);
    EXPECT_FALSE(layer.variables.contains("host"));
    EXPECT_FALSE(layer.variables.contains("fqdn"));
    domains.push_back(layer.domain);
    fqdns.push_back(layer.fqdn);
  }
  EXPECT_THAT(domains, ElementsAre("corp.example", "g.example", "corp.example", "e.example"));
  EXPECT_THAT(fqdns, ElementsAre("", "", "x.dmz.example", ""));
  EXPECT_EQ(Load("fleet: f\nprofile: mtls-client\nhosts: bare\n").Layer(0).domain, "");
}

TEST(FleetTest, OverridesFindTheirEndpointWhateverItsCaseAndInsideARange) {
  const Fleet fleet = Load(
      "fleet: f\nprofile: mtls-client\nhosts: 'WS-[001-100]'\noverrides:\n"
      "  ws-042: {os: windows-7}\n  WS-099: {vars: {room: '12'}}\n");
  EXPECT_EQ(fleet.Layer(40).os, "");
  EXPECT_EQ(fleet.Layer(41).os, "windows-7");
  EXPECT_EQ(fleet.Layer(42).os, "");
  EXPECT_EQ(fleet.Layer(98).variables.at("room"), "12");
  EXPECT_FALSE(fleet.Layer(97).variables.contains("room"));
}

TEST(FleetTest, AProfileMayComeFromAnyLayer) {
  for (const char* text : {
           "profile: mtls-peer\nhosts: a\n",
           "defaults: {profile: mtls-peer}\nhosts: a\n",
           "groups: [{profile: mtls-peer, hosts: a}]\n",
           "endpoints: [{name: a, profile: mtls-peer}]\n",
           "hosts: a\noverrides: {a: {profile: mtls-peer}}\n",
       }) {
    EXPECT_EQ(Load(std::string("fleet: f\n") + text).Layer(0).profile, "mtls-peer") << text;
  }
}

// One number must never stand for two different sets of settings: a caller expands a profile once
// for all endpoints that share it.
TEST(FleetTest, LayerNumbersAreSharedByEqualSettingsOnly) {
  const Fleet fleet = Load(
      "fleet: f\nprofile: mtls-client\nhosts: 'a[1-4]'\ngroups:\n- {os: linux, hosts: 'b[1-2]'}\n"
      "- {hosts: [c], endpoints: [d, {name: e, validity: 1d}, {name: g, validity: 2d}]}\n"
      "overrides: {a2: {validity: 3d}, b1: {validity: 4d}}\n");
  const auto layer = [&](std::size_t i) { return fleet.LayerOf(i); };
  // a1 a2* a3 a4 b1* b2 c d e* g*
  EXPECT_EQ(layer(0), layer(2));
  EXPECT_EQ(layer(2), layer(3));
  EXPECT_EQ(layer(6), layer(7));
  const std::set<std::uint32_t> different{layer(0), layer(1), layer(4), layer(5),
                                          layer(6), layer(8), layer(9)};
  EXPECT_EQ(different.size(), 7u);
}

TEST(FleetTest, AFleetCanBeMoved) {
  Fleet first = Load("fleet: f\nprofile: mtls-client\nhosts: [a]\n");
  Fleet second = Load("fleet: g\nprofile: mtls-client\nhosts: [b, c]\n");
  first = std::move(second);
  EXPECT_EQ(first.name(), "g");
  EXPECT_THAT(NamesOf(first), ElementsAre("b", "c"));
}

TEST(FleetTest, TheExamplesLoad) {
  const std::string folder = std::string(FLEETMINT_SOURCE_DIR) + "/inventory/examples/";
  EXPECT_EQ(Fleet::Load(folder + "acme.yaml", Builtin()).Accept().size(), 1000u);
  EXPECT_THAT(NamesOf(Fleet::Load(folder + "minimal.yaml", Builtin()).Accept()),
              ElementsAre("host-1.example.com", "host-2.example.com", "host-3.example.com"));
}

TEST(FleetTest, AMissingFileIsAnInputErrorWithItsName) {
  try {
    Fleet::Load("/nonexistent/fleet.yaml", Builtin());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("/nonexistent/fleet.yaml"));
  }
}

// The limits of time are wide: they catch a quadratic reader, not a slow machine.
TEST(FleetTest, TwoHundredThousandListedEndpointsLoad) {
  std::string text = "fleet: f\nprofile: mtls-client\nendpoints:\n";
  for (int i = 0; i < 200'000; ++i) {
    text += "- host-" + std::to_string(i) + "\n";
    if (i % 1000 == 0) text += "- {name: own-" + std::to_string(i) + ", validity: 30d}\n";
  }
  const auto start = std::chrono::steady_clock::now();
  const Fleet fleet = Load(text);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{30});
  ASSERT_EQ(fleet.size(), 200'200u);
  EXPECT_EQ(fleet.Name(0), "host-0");
  EXPECT_EQ(fleet.Name(1), "own-0");
  EXPECT_EQ(fleet.Name(200'199), "host-199999");
  EXPECT_EQ(fleet.Layer(1).patches.size(), 1u);
  EXPECT_TRUE(fleet.Layer(2).patches.empty());
}

TEST(FleetTest, ARangeOfAMillionLoadsAndTheLastOneCanBeOverridden) {
  const auto start = std::chrono::steady_clock::now();
  const Fleet fleet = Load(
      "fleet: f\nprofile: mtls-client\nhosts: 'ws-[0000001-1000000]'\n"
      "overrides: {ws-1000000: {os: linux}}\n");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{30});
  ASSERT_EQ(fleet.size(), 1'000'000u);
  EXPECT_EQ(fleet.Name(999'998), "ws-0999999");
  EXPECT_EQ(fleet.Layer(999'999).os, "linux");
}

}  // namespace
}  // namespace fleetmint
