// Faults of fleet files: each is found, at its place, with a remedy; and all are reported at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "inventory/fleet.h"
#include "tests/support/layer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// The error that loading `text` gives; nothing if it loads.
std::optional<Error> ErrorOf(const std::string& text) {
  const TempDir folder;
  const std::string path = folder.Write("fleet.yaml", text);
  std::optional<Error> error = ThrownBy([&] { Fleet::Load(path, test::Builtin()).Accept(); });
  if (!error) return error;
  for (const Fault& fault : error->faults()) {
    EXPECT_TRUE(fault.where.file == path || fault.message.starts_with("and "));
  }
  return error;
}

std::string PlaceOf(Position position) { return Location{"", position}.ToString(); }

struct Case {
  std::string text;
  Position where;
  std::string message;
  std::string hint;
};

// Each text has exactly the one fault that is expected.
void ExpectFaults(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const std::optional<Error> error = ErrorOf(c.text);
    if (!error) {
      ADD_FAILURE() << "accepted:\n" << c.text;
      continue;
    }
    EXPECT_EQ(error->kind(), ErrorKind::kInput);
    EXPECT_EQ(error->faults().size(), 1u) << c.text << "\ngave: " << error->what();
    const Fault& fault = error->faults()[0];
    EXPECT_EQ(PlaceOf(fault.where.position), PlaceOf(c.where))
        << c.text << "\ngave: " << error->what();
    EXPECT_THAT(fault.message, HasSubstr(c.message)) << c.text;
    EXPECT_THAT(fault.hint, HasSubstr(c.hint)) << c.text << "\ngave: " << error->what();
  }
}

// Two lines, so that what follows starts in line 3.
const std::string kHead = "fleet: f\nprofile: mtls-client\n";
const std::string kHosts = kHead + "hosts: [a]\n";  // and so in line 4

TEST(FaultsTest, UnknownKeysOfEveryLevelAreNamedWithTheKeyThatWasMeant) {
  ExpectFaults({
      {"fleet: f\nproflie: x\nprofile: mtls-client\nhosts: a\n",
       {2, 1},
       "unknown key 'proflie'",
       "did you mean 'profile'?"},
      {kHosts + "os: linux\n",
       {4, 1},
       "unknown key 'os'",
       "expected one of: fleet profile vars defaults groups hosts endpoints overrides"},
      {kHosts + "defaults: {proflie: x}\n", {4, 12}, "unknown key 'proflie'", "'profile'?"},
      {kHosts + "groups:\n- hosts: b\n  proflie: x\n",
       {6, 3},
       "unknown key 'proflie'",
       "'profile'?"},
      {kHead + "endpoints:\n- {name: a, proflie: x}\n",
       {4, 13},
       "unknown key 'proflie'",
       "'profile'?"},
      {kHosts + "overrides:\n  a: {proflie: x}\n", {5, 7}, "unknown key 'proflie'", "'profile'?"},
      {kHosts + "defaults:\n  bundle:\n    encrypton: auto\n",
       {6, 5},
       "unknown key 'encrypton' in 'bundle'",
       "'encryption'?"},
      {kHosts + "defaults: {key: {bit: 2048}}\n", {4, 18}, "unknown key 'bit' in 'key'", "'bits'?"},
      {kHosts + "overrides: {a: {name: b}}\n", {4, 17}, "unknown key 'name'", ""},
      {kHosts + "groups: [{hosts: b, endpoint: [c]}]\n",
       {4, 21},
       "unknown key 'endpoint'",
       "'endpoints'?"},
  });
}

TEST(FaultsTest, DuplicateKeysAreRefused) {
  ExpectFaults({
      {"fleet: f\nprofile: mtls-client\nfleet: g\nhosts: a\n",
       {3, 1},
       "key 'fleet' stands twice",
       "it is already in line 1"},
      {kHosts + "defaults:\n  os: linux\n  domain: x\n  os: linux\n",
       {7, 3},
       "key 'os' stands twice",
       "line 5"},
      {kHead + "endpoints: [{name: a, os: linux, os: linux}]\n",
       {3, 34},
       "key 'os' stands twice",
       "line 3"},
      {kHosts + "overrides: {a: {os: linux}, a: {os: linux}}\n",
       {4, 29},
       "key 'a' stands twice",
       "line 4"},
  });
}

TEST(FaultsTest, DuplicateEndpointsAreRefusedWhateverTheirCaseAndForm) {
  ExpectFaults({
      {kHead + "hosts: [a, b, a]\n", {3, 15}, "endpoint 'a' stands twice", "already in line 3"},
      {kHead + "hosts:\n- DC1\n- dc1\n",
       {5, 3},
       "endpoint 'dc1' stands twice",
       "line 4 (names are equal whatever their case)"},
      {kHead + "hosts:\n- ws-[01-20]\n- ws-[1,x,20]\n",
       {5, 3},
       "endpoint 'ws-20' stands twice",
       "line 4"},
      {kHead + "hosts: [ws-07]\ngroups:\n- hosts: 'WS-[01-09]'\n",
       {5, 10},
       "endpoint 'WS-07' stands twice",
       "line 3"},
      {kHead + "groups:\n- hosts: [a]\n- endpoints:\n  - os: linux\n    name: A\n",
       {7, 11},
       "endpoint 'A' stands twice",
       "line 4"},
      {kHead + "groups:\n- hosts: ws-[01-09]\n- hosts: [WS-07]\n",
       {5, 11},
       "endpoint 'WS-07' stands twice",
       "line 4"},
      {kHead + "hosts: 'x[a,b,A]'\n", {3, 8}, "endpoint 'xA' stands twice", "line 3"},
  });
}

TEST(FaultsTest, NamesThatAreNoFileNamesEverywhereAreRefused) {
  struct Name {
    std::string yaml;
    std::string reason;
  };
  const Name names[] = {
      {"../x", "starts with a dot"},
      {"..", "starts with a dot"},
      {"a/../../x", "the character '/'"},
      {"a\\x", "the character '\\'"},
      {"C:x", "the character ':'"},
      {"CON", "reserved device name"},
      {"con.txt", "reserved device name"},
      {"Lpt9.corp.example", "reserved device name"},
      {"trailing.", "ends with a dot"},
      {"'trailing '", "has a space"},
      {"-rf", "starts with a dash"},
      {"\"a\\tb\"", "a control character"},
      {"\"a\\nb\"", "a control character"},
      {"\"a\\x1b[1mb\"", "a control character"},
      {"\"a\\x7f\"", "a control character"},
      {"''", "is empty"},
      {std::string(256, 'x'), "longer than 200 bytes"},
      {"what?", "the character '?'"},
      {"'*'", "the character '*'"},
  };
  for (const Name& name : names) {
    ExpectFaults({{kHead + "endpoints:\n- os: linux\n  name: " + name.yaml + "\n",
                   {5, 9},
                   name.yaml.find('[') == std::string::npos ? name.reason : "has a bracket",
                   ""}});
  }
}

TEST(FaultsTest, BadRangesAreRefusedAtTheirLine) {
  ExpectFaults({
      {kHead + "hosts: 'a[5-1]'\n",
       {3, 8},
       "bad host pattern 'a[5-1]': the range '5-1' runs back",
       "write [1-5]"},
      {kHead + "hosts: ['a[01-1]']\n", {3, 9}, "different widths", "pad both with zeros"},
      {kHead + "hosts:\n- b\n- 'a[a-b]'\n", {5, 3}, "not a range of numbers", "e.g. [01-20]"},
      {kHead + "hosts:\n- a[1-99999999999]\n", {4, 3}, "more than 5000000 names", "split it"},
      {kHead + "hosts: 'a[1-5'\n", {3, 8}, "'[' without ']'", "e.g. ws-[0001-5000]"},
      {kHead + "hosts: 'a[]'\n", {3, 8}, "an empty item between brackets", "e.g. [01-20]"},
      {kHead + "groups:\n- hosts: 'a[1,,2]'\n", {4, 10}, "an empty item", ""},
      {kHead + "endpoints: ['a[1-2]']\n",
       {3, 13},
       "endpoint name 'a[1-2]' has a bracket",
       "ranges belong under hosts:"},
      {kHead + "hosts: ['a[1-3000000]', 'b[1-3000000]']\n",
       {3, 25},
       "the fleet has more than 5000000 endpoints",
       ""},
  });
}

TEST(FaultsTest, WhatYamlWouldReadDifferentlyThanMeantIsRefused) {
  ExpectFaults({
      {kHosts + "defaults: &d {os: linux}\n",
       {4, 11},
       "anchors (&name) are not supported",
       "group or a profile"},
      {kHosts + "defaults: *d\n", {4, 11}, "", ""},
      {kHosts + "defaults: {os: !!str linux}\n", {4, 16}, "the tag", "leave it out"},
      {kHosts + "---\nfleet: g\n", {4, 1}, "a second document", "remove the '---'"},
      {kHosts + "vars: {a: \"\xC3\x28\"}\n", {4, 12}, "a byte that is not UTF-8", "UTF-8"},
      {kHosts + "vars: {a: \xED\xA0\x80}\n", {4, 11}, "a byte that is not UTF-8", "UTF-8"},
      {kHosts + std::string("vars: {a: \0}\n", 13), {4, 11}, "a zero byte", ""},
      {kHosts + "vars:\n  a: " + std::string(std::size_t{65} * 1024, 'x') + "\n",
       {5, 6},
       "longer than 64 KiB",
       ""},
      {kHosts + "vars: " + std::string(40, '[') + std::string(40, ']') + "\n",
       {4, 38},
       "nested deeper than 32 levels",
       ""},
      {kHosts + "[a, b]: c\n", {4, 1}, "a key must be a text, not a list", ""},
      {kHosts + "vars: [a, b\n", {4, 7}, "the '[' is not closed", "close it with ']'"},
      {kHead + "hosts: [a, ws-[1-5]]\n",
       {3, 15},
       "',' or ']' was expected",
       "needs quotes"},  // the range needs quotes in a flow list
  });
}

TEST(FaultsTest, WrongTypesAreRefused) {
  ExpectFaults({
      {"fleet: [f]\nprofile: mtls-client\nhosts: a\n", {1, 8}, "'fleet' is a list; a text was", ""},
      {kHosts + "defaults: [os]\n", {4, 11}, "'defaults' is a list; a mapping was expected", ""},
      {kHosts + "defaults: linux\n", {4, 11}, "'defaults' is a text; a mapping was expected", ""},
      {kHosts + "groups: {name: g}\n",
       {4, 9},
       "'groups' is a mapping; a list was expected",
       "- name: workstations"},
      {kHosts + "groups: [g]\n", {4, 10}, "a group is a text; a mapping was expected", ""},
      {kHosts + "groups: [{name: [g], hosts: b}]\n", {4, 17}, "'name' is a list; a text was", ""},
      {kHead + "hosts: {a: b}\n", {3, 8}, "a host is a mapping; a text was expected", ""},
      {kHead + "hosts: [[a]]\n", {3, 9}, "a host is a list; a text was expected", ""},
      {kHead + "hosts: [b, ~]\n", {3, 12}, "a host is missing here", ""},
      {kHosts + "endpoints: b\n",
       {4, 12},
       "'endpoints' is a text; a list was expected",
       "- {name: HOST, ...}"},
      {kHosts + "endpoints: [[b]]\n", {4, 13}, "an endpoint is a list; a mapping was expected", ""},
      {kHosts + "endpoints: [{os: linux}]\n",
       {4, 13},
       "an endpoint without 'name'",
       "- {name: HOST, ...}"},
      {kHosts + "endpoints: [{name: [b]}]\n", {4, 20}, "'name' is a list; a text was expected", ""},
      {kHosts + "overrides: [a]\n", {4, 12}, "'overrides' is a list; a mapping was expected", ""},
      {kHosts + "overrides: {a: linux}\n", {4, 16}, "an override is a text; a mapping was", ""},
      {kHosts + "defaults: {os: [linux]}\n", {4, 16}, "'os' is a list; a text was expected", ""},
      {kHosts + "defaults: {domain: [x]}\n",
       {4, 20},
       "'domain' is a list; a text was expected",
       ""},
      {kHosts + "defaults: {fqdn: {a: b}}\n", {4, 18}, "'fqdn' is a mapping; a text was", ""},
      {kHosts + "defaults: {vars: x}\n",
       {4, 18},
       "'vars' is a text; a mapping was expected",
       "application_server"},
      {kHosts + "vars: {a: [x]}\n", {4, 11}, "'vars.a' is a list; a text was expected", ""},
      {kHosts + "defaults: {dns: {a: b}}\n",
       {4, 17},
       "'dns' is a mapping; a list was expected",
       ""},
      {kHosts + "defaults: {bundle: {machine_keys: 'yes'}}\n",
       {4, 35},
       "'bundle.machine_keys' is 'yes'; true or false was expected",
       ""},
      {kHosts + "defaults: {key: {bits: many}}\n",
       {4, 24},
       "'key.bits' is 'many'; a whole number",
       ""},
      {kHosts + "defaults: {key: rsa}\n", {4, 17}, "'key' is a text; a mapping was expected", ""},
  });
}

TEST(FaultsTest, ValuesThatAreKnownToBeWrongAreRefused) {
  ExpectFaults({
      {kHosts + "defaults: {os: windows-210}\n",
       {4, 16},
       "unknown os 'windows-210'",
       "write its version: windows-10"},
      {kHosts + "defaults: {os: windows}\n", {4, 16}, "unknown os 'windows'", "windows-10"},
      {kHosts + "defaults: {fqdn: '::1'}\n", {4, 18}, "fqdn '::1'", "under ip: ['::1']"},
      {kHosts + "defaults: {fqdn: 10.1}\n", {4, 18}, "its last label '1' is a number", "ip:"},
      {kHosts + "defaults: {domain: 10.0.0.1}\n", {4, 20}, "is a number", "corp.example.com"},
      {kHosts + "endpoints:\n  - name: '::1'\n",
       {5, 11},
       "endpoint name '::1' cannot be a file name",
       "{name: NAME, ip: ['::1']}"},
      {kHosts + "defaults: {validity: 30d, not_after: 2027-03-31}\n",
       {4, 38},
       "'not_after' beside 'validity'",
       "take one of the two out"},
      {kHosts + "defaults: {not_after: 31.3.2027}\n",
       {4, 23},
       "'not_after' is '31.3.2027'",
       "2027-03-31"},
      {kHosts + "defaults: {os: ''}\n", {4, 16}, "unknown os ''", ""},
      {kHosts + "overrides:\n  a:\n    os: plan9\n",
       {6, 9},
       "unknown os 'plan9'",
       "expected one of: windows-7"},
      {kHosts + "defaults: {profile: observeit-agnt}\n",
       {4, 21},
       "unknown profile 'observeit-agnt'",
       "did you mean 'observeit-agent'?"},
      {"fleet: f\nprofile: mtls-clent\nhosts: a\n",
       {2, 10},
       "unknown profile 'mtls-clent'",
       "did you mean 'mtls-client'?"},
      {kHosts + "defaults: {profile: ''}\n", {4, 21}, "unknown profile ''", ""},
      {kHosts + "defaults: {validity: 1 year}\n",
       {4, 22},
       "'validity': '1 year' is not a duration",
       "s m h d w y"},
      {kHosts + "defaults: {jitter: 14}\n",
       {4, 20},
       "'jitter': '14' is not a duration",
       "e.g. 14d"},
      {kHosts + "defaults: {validity: 101y}\n",
       {4, 22},
       "'101y' is not a duration",
       "at most 100y"},
      {kHosts + "defaults: {validity: -1d}\n", {4, 22}, "'-1d' is not a duration", ""},
      {kHosts + "defaults: {domain: a..b}\n", {4, 20}, "domain 'a..b': it has an empty label", ""},
      {kHosts + "defaults: {domain: ''}\n", {4, 20}, "domain '': it is empty", ""},
      {kHosts + "overrides: {a: {fqdn: '*.x'}}\n", {4, 23}, "fqdn '*.x': it has a wildcard", ""},
      {kHosts + "overrides: {b: {os: linux}}\n",
       {4, 13},
       "override 'b' matches no endpoint",
       "exactly"},
      {kHead + "hosts: 'a[1-2]'\noverrides: {'a[1-2]': {os: linux}}\n",
       {4, 13},
       "override 'a[1-2]' matches no endpoint",
       ""},
      {kHosts + "overrides:\n  a: {os: linux}\n  A: {validity: 1d}\n",
       {6, 3},
       "override 'A' names the endpoint of another override",
       "line 5"},
      {kHosts + "vars: {host: x}\n", {4, 8}, "the variable 'host' is fleetmint's own", "another"},
      {kHosts + "vars: {a-b: x}\n", {4, 8}, "'a-b' is no name of a variable", "letters, digits"},
      {kHosts + "defaults: {password: hunter2}\n",
       {4, 22},
       "password is none of the sources",
       "never the password itself"},
      {kHosts + "defaults: {subject: Acme}\n", {4, 21}, "'Acme' has no '='", "CN=NAME"},
  });
}

TEST(FaultsTest, FilesWithoutAFleetAreRefused) {
  ExpectFaults({
      {"", {1, 1}, "the file is empty or no mapping", "start with: fleet: NAME"},
      {"# nothing\n\n", {1, 1}, "the file is empty or no mapping", "fleet: NAME"},
      {"- a\n- b\n", {1, 1}, "the file is empty or no mapping", "fleet: NAME"},
      {"just text\n", {1, 1}, "the file is empty or no mapping", "fleet: NAME"},
      {"profile: mtls-client\nhosts: a\n", {1, 1}, "'fleet' is missing", "fleet: acme-agents"},
      {"profile: mtls-client\nfleet: Acme\nhosts: a\n", {2, 8}, "fleet name 'Acme' is not of", ""},
      {"profile: mtls-client\nfleet: ../x\nhosts: a\n", {2, 8}, "fleet name '../x' is not of", ""},
      {"profile: mtls-client\nfleet: ''\nhosts: a\n", {2, 8}, "fleet name '' is not of", ""},
      {"profile: mtls-client\nfleet: ~\nhosts: a\n", {2, 8}, "'fleet' is a null", ""},
      {"profile: mtls-client\nfleet: " + std::string(64, 'f') + "\nhosts: a\n",
       {2, 8},
       "1 to 63 characters",
       ""},
      {kHead, {1, 1}, "the fleet has no endpoints", "add groups:"},
      {kHead + "groups: []\n", {1, 1}, "the fleet has no endpoints", "add groups:"},
      {kHead + "groups: [{name: g}, {hosts: []}]\n", {1, 1}, "the fleet has no endpoints", ""},
      {kHead + "groups: ~\n", {3, 9}, "'groups' is a null; a list was expected", ""},
      {"fleet: f\nhosts:\n- a\n", {1, 1}, "'a' has no profile", "profile: observeit-agent"},
      {"fleet: f\ngroups:\n- {profile: mtls-client, hosts: a}\n- hosts: 'b[1-2]'\n"
       "overrides: {b1: {profile: mtls-client}}\n",
       {1, 1},
       "'b2' has no profile",
       ""},
  });
}

TEST(FaultsTest, AllFaultsOfAFileAreReportedInItsOrder) {
  const auto error = ErrorOf(
      "fleet: Acme\nproflie: x\nprofile: nobody\nhosts:\n- a\n- A\n- b[2-1]\ndefaults:\n"
      "  validity: soon\n  os: amiga\ngroups:\n- {hosts: CON, bundle: {chain: gold}}\n"
      "overrides:\n  c: {jitter: 1}\n");
  ASSERT_TRUE(error);
  std::vector<std::string> places;
  for (const Fault& fault : error->faults()) places.push_back(PlaceOf(fault.where.position));
  const std::vector<std::string> expected{"1:8",  "2:1",   "3:10",  "6:3",  "7:3",  "9:13",
                                          "10:7", "12:11", "12:32", "14:3", "14:15"};
  EXPECT_EQ(places, expected) << error->what();
  EXPECT_THAT(error->what(), AllOf(HasSubstr(".yaml:1:8: fleet name 'Acme'"),
                                   HasSubstr("\n  hint: did you mean")));
}

TEST(FaultsTest, PastTwoHundredFaultsTheRestIsCounted) {
  std::string text = kHead + "hosts:\n";
  for (int i = 0; i < 205; ++i) text += "- bad" + std::to_string(i) + ".\n";
  const auto error = ErrorOf(text);
  ASSERT_TRUE(error);
  ASSERT_THAT(error->faults(), SizeIs(FaultList::kMostFaults + 1));
  EXPECT_EQ(error->faults()[199].where.position, (Position{203, 3}));
  EXPECT_EQ(error->faults()[200].message, "and 5 more faults");
  const auto range = ErrorOf(kHead + "hosts: 'bad?[1-100000]'\n");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->faults().back().message, "and 99997 more faults at this place");
}

}  // namespace
}  // namespace fleetmint
