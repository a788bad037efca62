// Layers: profile < defaults < group < endpoint < override, what appends, and templates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "inventory/fleet.h"
#include "tests/support/layer.h"

namespace fleetmint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using test::Builtin;

Fleet Load(const std::string& text) {
  const std::string path =
      ::testing::TempDir() + "layers_test-" + std::to_string(::getpid()) + ".yaml";
  std::ofstream(path, std::ios::binary) << text;
  Fleet fleet = Fleet::Load(path, Builtin()).Accept();
  std::filesystem::remove(path);
  return fleet;
}

Profile ProfileOf(const Fleet& fleet, std::size_t i) {
  const FleetLayer layer = fleet.Layer(i);
  FaultList faults(fleet.file());
  auto profile = Builtin().Find(layer.profile)->With(layer.patches, faults);
  faults.ThrowIfAny();
  return profile.value();
}

ExpandedProfile ExpandedOf(const Fleet& fleet, std::size_t i) {
  const FleetLayer layer = fleet.Layer(i);
  LayerInput input;
  input.patches = layer.patches;
  input.variables = layer.variables;
  input.target = TargetOf(layer.os).value_or(Target::kUnknown);
  input.domain = layer.domain;
  input.fqdn = layer.fqdn;
  FaultList faults(fleet.file());
  const auto settings =
      ResolveSettings(*Builtin().Find(layer.profile), input, fleet.Where(i), faults);
  faults.ThrowIfAny();
  return test::ExpandedOf(*settings, fleet.Name(i));
}

// What each layer may say. The profile is layer 0: its values are the catalog's.
constexpr std::array<const char*, 5> kLayers{"profile", "defaults", "group", "endpoint",
                                             "override"};

// A fleet of one endpoint, in which layer i says what[i] (a flow mapping's inside, or "").
std::string FleetWith(const std::array<std::string, 5>& what) {
  const auto more = [](const std::string& text) { return text.empty() ? "" : ", " + text; };
  return "fleet: f\nprofile: mtls-client\ndefaults: {" + what[1] + "}\ngroups:\n- {name: g" +
         more(what[2]) + ", endpoints: [{name: a" + more(what[3]) + "}]}\noverrides: {a: {" +
         what[4] + "}}\n";
}

// Every pair of layers, for a key: the higher one wins, whatever the key's path through the code.
TEST(LayersTest, TheHigherOfEachPairOfLayersWins) {
  using Read = std::string (*)(const Fleet&);
  struct Key {
    const char* name;
    const char* profile_value;  // what mtls-client has
    std::array<const char*, 2> values;
    Read read;
  };
  const Key keys[] = {
      {"validity: ",
       "1y",
       {"30d", "60d"},
       [](const Fleet& f) { return FormatDuration(ProfileOf(f, 0).config().validity.duration); }},
      {"subject: ",
       "CN={fqdn}",
       {"CN=low", "CN=high"},
       [](const Fleet& f) { return ProfileOf(f, 0).config().subject; }},
      {"password: ",
       "derived",
       {"file:low", "csv:high"},
       [](const Fleet& f) { return ProfileOf(f, 0).config().password.ToString(); }},
      {"os: ", "", {"linux", "windows-11"}, [](const Fleet& f) { return f.Layer(0).os; }},
      {"profile: ",
       "mtls-client",
       {"mtls-peer", "mtls-server"},
       [](const Fleet& f) { return f.Layer(0).profile; }},
      {"domain: ",
       "a",
       {"low.example", "high.example"},
       [](const Fleet& f) {
         const std::string fqdn = ExpandedOf(f, 0).fqdn;
         return fqdn == "a" ? fqdn : fqdn.substr(2);
       }},
      {"fqdn: ",
       "a",
       {"low.example", "high.example"},
       [](const Fleet& f) { return ExpandedOf(f, 0).fqdn; }},
      {"vars: ",
       "",
       {"{v: low}", "{v: high}"},
       [](const Fleet& f) {
         const Variables variables = f.Layer(0).variables;
         const auto place = variables.find("v");
         return place == variables.end() ? "" : "{v: " + place->second + "}";
       }},
  };
  for (const Key& key : keys) {
    EXPECT_EQ(key.read(Load(FleetWith({}))), key.profile_value) << key.name;
    for (std::size_t low = 0; low < kLayers.size(); ++low) {
      for (std::size_t high = low + 1; high < kLayers.size(); ++high) {
        std::array<std::string, 5> what;
        what[low] = std::string(key.name) + key.values[0];
        what[high] = std::string(key.name) + key.values[1];
        EXPECT_EQ(key.read(Load(FleetWith(what))), key.values[1])
            << key.name << kLayers[low] << " against " << kLayers[high];
      }
    }
  }
}

TEST(LayersTest, LayersMergeKeyByKeyAlsoInsideMappings) {
  const Fleet fleet = Load(FleetWith({"", "vars: {a: d, b: d}, bundle: {chain: full}",
                                      "vars: {b: g}, bundle: {machine_keys: false}",
                                      "bundle: {encryption: legacy}", "vars: {c: o}"}));
  const ProfileConfig config = ProfileOf(fleet, 0).config();
  EXPECT_EQ(config.bundle.chain, BundleChain::kFull);
  EXPECT_FALSE(config.bundle.machine_keys);
  EXPECT_EQ(config.encryption, EncryptionChoice::kLegacy);
  EXPECT_EQ(config.bundle.csp, "Microsoft Software Key Storage Provider");
  const Variables variables = fleet.Layer(0).variables;
  EXPECT_EQ(variables.at("a"), "d");
  EXPECT_EQ(variables.at("b"), "g");
  EXPECT_EQ(variables.at("c"), "o");
}

// A replacement would silently lose itAuth, and with it the agent's connection.
TEST(LayersTest, DnsAndIpAppendThroughAllLayersWithoutRepeating) {
  const Fleet fleet = Load(
      "fleet: f\nprofile: observeit-agent\ndefaults: {dns: d.example}\ngroups:\n"
      "- name: g\n  dns: [g.example, itAuth]\n  ip: 10.0.0.1\n"
      "  endpoints: [{name: a, dns: [e.example, d.example], ip: [10.0.0.2, '2001:db8::1']}, b]\n"
      "overrides: {a: {dns: [o.example], san: {ip: [10.0.0.1, 10.0.0.3]}}}\n");
  EXPECT_THAT(ProfileOf(fleet, 0).config().dns,
              ElementsAre("itAuth", "d.example", "g.example", "e.example", "o.example"));
  EXPECT_THAT(ProfileOf(fleet, 0).config().ip,
              ElementsAre("10.0.0.1", "10.0.0.2", "2001:db8::1", "10.0.0.3"));
  EXPECT_THAT(ProfileOf(fleet, 1).config().dns, ElementsAre("itAuth", "d.example", "g.example"));
  EXPECT_THAT(ProfileOf(fleet, 1).config().ip, ElementsAre("10.0.0.1"));
}

TEST(LayersTest, AnEndpointMaySayEverythingItself) {
  const Fleet fleet = Load(
      "fleet: f\nprofile: mtls-client\ndefaults: {domain: corp.example}\nendpoints:\n"
      "- name: itm\n  fqdn: itm.dmz.example\n  os: windows-2012r2\n  profile: observeit-server\n"
      "  dns: [itm, '{host}.{group}.example']\n  ip: [10.0.0.5, '::1']\n"
      "  subject: CN={host}, O=Acme\\, Inc.\n  friendly_name: ITM {tier}\n"
      "  description: 'of {fleet}'\n  validity: 90d\n  backdate: 1h\n  jitter: 0s\n"
      "  vars: {tier: gold}\n  password: file:pw/{host}.txt\n  sid: S-1-5-21-1-2-3-1104\n"
      "  key: {bits: 3072}\n  bundle: {formats: [pfx, pem], chain: full}\n"
      "  install: {store: 'LocalMachine\\Remote Desktop', exportable: true}\n- plain\n");
  const ExpandedProfile itm = ExpandedOf(fleet, 0);
  EXPECT_EQ(itm.certificate.subject.ToString(), "CN=itm, O=Acme\\, Inc.");
  EXPECT_THAT(itm.certificate.san.dns,
              ElementsAre("itAuth", "itm", "itm.dmz.example", "itm.default.example"));
  EXPECT_THAT(
      itm.certificate.san.ip,
      ElementsAre(Bytes{10, 0, 0, 5}, Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(itm.certificate.validity.duration, std::chrono::days{90});
  EXPECT_EQ(itm.certificate.validity.backdate, std::chrono::hours{1});
  EXPECT_EQ(itm.certificate.validity.jitter, Seconds{0});
  EXPECT_EQ(itm.certificate.sid, "S-1-5-21-1-2-3-1104");
  EXPECT_EQ(itm.key, (KeySpec{KeyAlgorithm::kRsa, 3072}));
  EXPECT_EQ(itm.bundle.friendly_name, "ITM gold");
  EXPECT_EQ(itm.bundle.description, "of f");
  EXPECT_EQ(itm.bundle.encryption, PfxEncryption::kLegacy);
  EXPECT_TRUE(itm.bundle.pem);
  EXPECT_EQ(itm.bundle.chain, BundleChain::kFull);
  EXPECT_EQ(itm.bundle.store, "LocalMachine\\Remote Desktop");
  EXPECT_TRUE(itm.bundle.exportable);
  EXPECT_EQ(itm.password, (PasswordSource{PasswordSource::Kind::kFile, "pw/itm.txt"}));
  // The neighbour has none of it.
  const ExpandedProfile plain = ExpandedOf(fleet, 1);
  EXPECT_EQ(plain.certificate.subject.ToString(), "CN=plain.corp.example");
  EXPECT_THAT(plain.certificate.san.ip, IsEmpty());
  EXPECT_EQ(plain.certificate.sid, "");
  EXPECT_EQ(plain.password, PasswordSource{});
}

TEST(LayersTest, TemplatesKnowHostFqdnFleetGroupAndVars) {
  const Fleet fleet = Load(
      "fleet: acme\nprofile: mtls-client\nvars: {site: muc, tier: top}\n"
      "defaults: {domain: corp.example, description: "
      "'{host}|{fqdn}|{fleet}|{group}|{site}|{tier}'}\n"
      "groups:\n- {name: g1, hosts: 'ws-[1-2]', vars: {tier: group}}\n"
      "overrides: {ws-2: {vars: {tier: own}}}\n");
  EXPECT_EQ(ExpandedOf(fleet, 0).bundle.description, "ws-1|ws-1.corp.example|acme|g1|muc|group");
  EXPECT_EQ(ExpandedOf(fleet, 1).bundle.description, "ws-2|ws-2.corp.example|acme|g1|muc|own");
}

TEST(LayersTest, AFaultOfATemplateStandsWhereTheTemplateIs) {
  const Fleet fleet = Load(
      "fleet: f\nprofile: mtls-client\nvars: {application_server: x}\nhosts:\n- a[1-2]\n"
      "overrides: {a2: {description: '{aplication_server}'}}\n");
  EXPECT_NO_THROW(ExpandedOf(fleet, 0));
  try {
    ExpandedOf(fleet, 1);
    FAIL() << "an unknown variable was accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(".yaml:6:31: unknown variable '{aplication_server}'"));
    EXPECT_THAT(error.what(), HasSubstr("hint: did you mean 'application_server'?"));
  }
}

// A rule that an override breaks is reported at the override, not where the fleet starts.
TEST(LayersTest, AFaultOfAPatchNamesThePatch) {
  const Fleet fleet = Load(
      "fleet: f\nprofile: mtls-client\nhosts: [a]\noverrides:\n  a:\n    backdate: 25h\n"
      "    description: x\n");
  try {
    ProfileOf(fleet, 0);
    FAIL() << "a backdate of 25h was accepted";
  } catch (const Error& error) {
    ASSERT_EQ(error.faults().size(), 1u);
    EXPECT_THAT(error.what(), HasSubstr(".yaml:6:15: "));
    EXPECT_THAT(error.what(), HasSubstr("backdate is longer than 1d"));
  }
}

}  // namespace
}  // namespace fleetmint
