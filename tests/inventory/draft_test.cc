// FleetDraft: a file with faults is never a Fleet, and whatever stands in the file, what was read
// of it can be walked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "inventory/fleet.h"
#include "tests/support/layer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

using test::Builtin;
using ::testing::HasSubstr;

FleetDraft LoadText(const TempDir& folder, std::string_view text) {
  const std::string path = folder.Write("fleet.yaml", text);
  FleetDraft draft = Fleet::Load(path, Builtin());
  std::filesystem::remove(path);  // a file that is written over is flushed to disk, each time
  return draft;
}

// Asks a fleet for everything it can tell of each endpoint.
void Walk(const Fleet& fleet, bool faultless) {
  FaultList faults(fleet.file());
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    const std::string name = fleet.Name(i);
    EXPECT_NE(fleet.Where(i).line, 0u);
    fleet.LayerOf(i);
    const FleetLayer layer = fleet.Layer(i);
    const Profile* const profile = Builtin().Find(layer.profile);
    EXPECT_TRUE(profile != nullptr || !faultless) << "endpoint '" << name << "' has no profile";
    if (profile == nullptr) continue;
    LayerInput input;
    input.patches = layer.patches;
    input.variables = layer.variables;
    input.group = layer.group;
    input.domain = layer.domain;
    input.fqdn = layer.fqdn;
    const auto settings = ResolveSettings(*profile, input, fleet.Where(i), faults);
    std::vector<Fault> found;
    if (settings) EndpointTemplate(*settings).Expand(name, found);
  }
}

void LoadAndWalk(const TempDir& folder, const std::string& text) {
  FleetDraft draft = LoadText(folder, text);
  const bool ok = draft.ok();
  ASSERT_TRUE(!ok || draft.readable() != nullptr) << text;
  if (draft.readable() != nullptr) Walk(*draft.readable(), ok);
  if (!ok) return;
  const Fleet fleet = std::move(draft).Accept();
  EXPECT_GT(fleet.size(), 0u) << text;
}

TEST(FleetDraftTest, AFaultlessDraftBecomesAFleet) {
  const TempDir folder;
  FleetDraft draft = LoadText(folder, "fleet: f\nprofile: mtls-client\nhosts: [a, b]\n");
  EXPECT_TRUE(draft.ok());
  ASSERT_NE(draft.readable(), nullptr);
  EXPECT_EQ(std::move(draft).Accept().size(), 2u);
}

// A range between unquoted brackets is enough to break a file off after its first hosts.
TEST(FleetDraftTest, NothingIsReadableWhereASyntaxFaultBreaksTheReadingOff) {
  const TempDir folder;
  for (const char* text : {
           "fleet: f\nprofile: mtls-client\nhosts: [a, b",
           "hosts: [a, b",
           "endpoints: [{name: a}, {name: b",
           "fleet: f\ngroups:\n- hosts: [a]\n- hosts: [b, *x]\n",
           "fleet: f\nhosts: [a]\ndefaults: &x {}\n",
           "",
           "[a, b]",
       }) {
    FleetDraft draft = LoadText(folder, text);
    EXPECT_FALSE(draft.ok()) << text;
    EXPECT_EQ(draft.readable(), nullptr) << text;
    EXPECT_THROW(std::move(draft).Accept(), Error);
  }
}

TEST(FleetDraftTest, WhatCanBeReadBesideFaultsIsThereButIsNoFleet) {
  const TempDir folder;
  FleetDraft draft = LoadText(folder,
                              "fleet: f\nprofile: nobody\nhosts: [a]\ngroups:\n- 7\n- {hosts: b, "
                              "validity: soon, os: linux, domain: a..b}\n");
  EXPECT_FALSE(draft.ok());
  ASSERT_NE(draft.readable(), nullptr);
  const Fleet& fleet = *draft.readable();
  ASSERT_EQ(fleet.size(), 2u);
  EXPECT_EQ(fleet.Layer(0).profile, "nobody");
  EXPECT_EQ(fleet.Layer(1).group, "group-2");
  EXPECT_EQ(fleet.Layer(1).os, "linux");
  EXPECT_TRUE(fleet.Layer(1).patches.empty());
  EXPECT_EQ(fleet.Layer(1).domain, "");
  EXPECT_EQ(draft.faults().size(), 4u);
  const std::string message = MessageOf([&] { std::move(draft).Accept(); });
  EXPECT_THAT(message, HasSubstr(":2:10: unknown profile 'nobody'"));
  EXPECT_THAT(message, HasSubstr(":6:24: 'validity': 'soon' is not a duration"));
}

TEST(FleetDraftTest, AFaultThatAValidatorAddsRefusesTheFleetToo) {
  const TempDir folder;
  FleetDraft draft = LoadText(folder, "fleet: f\nprofile: mtls-client\nhosts: [a]\n");
  draft.faults().Add({3, 9}, "endpoint 'a': no good");
  EXPECT_FALSE(draft.ok());
  EXPECT_THAT(MessageOf([&] { std::move(draft).Accept(); }),
              HasSubstr("fleet.yaml:3:9: endpoint 'a': no good"));
}

// The files to damage: the examples (with ranges of a few hosts, or each walk would take long) and
// small ones with what the examples have not.
std::vector<std::string> FilesToDamage() {
  std::vector<std::string> texts{
      "fleet: f\nprofile: mtls-client\nhosts: [a, 'b[1-2]']\n",
      "fleet: f\nhosts: a\nendpoints: [b, {name: c, profile: mtls-peer}]\n"
      "defaults: {profile: mtls-client, vars: {v: x}, dns: ['{v}']}\n"
      "overrides: {a: {subject: 'CN={host}'}, c: {ip: [10.0.0.1]}}\n",
      "groups:\n- {name: g, hosts: [a], profile: mtls-client}\n- endpoints:\n  - name: \"b\"\n"
      "    profile: mtls-client\n- {}\nfleet: f\n",
  };
  for (const auto& entry : std::filesystem::directory_iterator(std::string(FLEETMINT_SOURCE_DIR) +
                                                               "/inventory/examples")) {
    const Bytes content = ReadFileBytes(entry.path().string());
    std::string text(AsText(content));
    for (const auto& [range, few] : std::vector<std::pair<std::string, std::string>>{
             {"[0001-0900]", "[0041-0042]"},
             {"[01-40]", "[39-40]"},
             {"[01-30]", "[30]"},
             {"[ber,ham,muc,vie]-[1-6]", "[ber,muc]-[1-2]"}}) {
      const std::size_t at = text.find(range);
      if (at != std::string::npos) text.replace(at, range.size(), few);
    }
    texts.push_back(text);
  }
  return texts;
}

TEST(FleetDraftTest, AFileThatIsCutAnywhereIsRefusedOrWhole) {
  const TempDir folder;
  for (const std::string& text : FilesToDamage()) {
    LoadAndWalk(folder, text);
    for (std::size_t i = 0; i < text.size(); ++i) LoadAndWalk(folder, text.substr(0, i));
  }
}

TEST(FleetDraftTest, AFileThatIsDamagedAnywhereIsRefusedOrWhole) {
  const TempDir folder;
  for (const std::string& text : FilesToDamage()) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string damaged = text;
      LoadAndWalk(folder, damaged.erase(i, 1));
      for (const char c : std::string_view("\"'[]{}:,-#&*!|>%@`\t ")) {
        damaged = text;
        LoadAndWalk(folder, damaged.insert(i, 1, c));
      }
    }
  }
}

}  // namespace
}  // namespace fleetmint
