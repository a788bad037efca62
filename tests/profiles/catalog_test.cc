// The built-in catalog: what each profile promises, and that it can be printed and read again.
#include "profiles/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "profiles/patch.h"

namespace fleetmint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kCapi[] = "Microsoft Enhanced RSA and AES Cryptographic Provider";
constexpr char kKsp[] = "Microsoft Software Key Storage Provider";
constexpr char kClientAuth[] = "1.3.6.1.5.5.7.3.2";
constexpr char kServerAuth[] = "1.3.6.1.5.5.7.3.1";
constexpr std::uint16_t kSignAndEncipher =
    key_usage::kDigitalSignature | key_usage::kKeyEncipherment;

const Catalog& Builtin() {
  static const Catalog catalog = Catalog::Builtin();
  return catalog;
}

const ProfileConfig& ConfigOf(std::string_view name) { return Builtin().Find(name)->config(); }

TEST(CatalogTest, HoldsTheseProfiles) {
  EXPECT_THAT(Builtin().Names(),
              UnorderedElementsAre("mtls-client", "mtls-peer", "mtls-server", "observeit-agent",
                                   "observeit-agent-cng", "observeit-agent-shared-cn",
                                   "observeit-server", "test-fleet"));
  EXPECT_THAT(Builtin().AuthorityNames(), UnorderedElementsAre("single-tier", "two-tier"));
  for (const std::string& name : Builtin().Names()) {
    EXPECT_NE(Builtin().Find(name)->summary(), "") << name;
  }
  EXPECT_EQ(Builtin().Find("two-tier"), nullptr);
  EXPECT_EQ(Builtin().FindAuthority("mtls-client"), nullptr);
  EXPECT_EQ(Builtin().Find(""), nullptr);
}

// Agents of an installed base rely on every one of these values.
TEST(CatalogTest, ObserveitAgentIsAsTheVendorsExample) {
  const ProfileConfig& config = ConfigOf("observeit-agent");
  EXPECT_EQ(config.key, (KeySpec{KeyAlgorithm::kRsa, 2048}));
  EXPECT_EQ(config.subject, "CN={fqdn}");
  EXPECT_THAT(config.dns, ElementsAre("itAuth"));
  EXPECT_THAT(config.ip, IsEmpty());
  EXPECT_THAT(config.required_dns, ElementsAre("itAuth"));
  EXPECT_EQ(config.key_usage, kSignAndEncipher);
  EXPECT_THAT(config.extended_key_usage, ElementsAre(kClientAuth));
  EXPECT_EQ(config.validity.duration, std::chrono::days{365});
  EXPECT_EQ(config.validity.backdate, std::chrono::minutes{10});
  EXPECT_EQ(config.validity.jitter, std::chrono::days{14});
  EXPECT_EQ(config.friendly_name, "ObserveIT agent {fqdn}");
  EXPECT_EQ(config.description, "mTLS client certificate of {fqdn}");
  EXPECT_TRUE(config.crl_urls.empty());
  EXPECT_EQ(config.ca_issuers_url, "");
  EXPECT_TRUE(config.bundle.pfx);
  EXPECT_FALSE(config.bundle.pem);
  EXPECT_EQ(config.encryption, EncryptionChoice::kAuto);
  EXPECT_EQ(config.bundle.csp, kCapi);
  EXPECT_EQ(config.bundle.key_spec, WindowsKeySpec::kSignature);
  EXPECT_TRUE(config.bundle.machine_keys);
  EXPECT_EQ(config.bundle.chain, BundleChain::kIssuing);
  EXPECT_EQ(config.bundle.store, "LocalMachine\\My");
  EXPECT_FALSE(config.bundle.exportable);
  EXPECT_EQ(config.password, PasswordSource{});
  EXPECT_THAT(Builtin().Find("observeit-agent")->lineage(),
              ElementsAre("observeit-agent", "observeit-base"));
}

TEST(CatalogTest, TheOtherObserveitProfilesDifferInWhatTheirNamesSay) {
  const ProfileConfig& cng = ConfigOf("observeit-agent-cng");
  EXPECT_EQ(cng.bundle.csp, kKsp);
  EXPECT_EQ(cng.bundle.key_spec, WindowsKeySpec::kNone);
  EXPECT_EQ(cng.subject, "CN={fqdn}");
  EXPECT_THAT(cng.extended_key_usage, ElementsAre(kClientAuth));

  const ProfileConfig& shared = ConfigOf("observeit-agent-shared-cn");
  EXPECT_EQ(shared.subject, "CN={application_server}");
  EXPECT_EQ(shared.bundle.csp, kCapi);
  EXPECT_EQ(shared.bundle.key_spec, WindowsKeySpec::kSignature);

  const ProfileConfig& server = ConfigOf("observeit-server");
  EXPECT_THAT(server.extended_key_usage, ElementsAre(kServerAuth));
  EXPECT_EQ(server.bundle.csp, kCapi);
  EXPECT_EQ(server.bundle.key_spec, WindowsKeySpec::kExchange);
  EXPECT_THAT(server.dns, ElementsAre("itAuth", "{fqdn}"));

  for (const std::string& name : Builtin().Names()) {
    if (!name.starts_with("observeit-")) continue;
    EXPECT_THAT(ConfigOf(name).required_dns, ElementsAre("itAuth")) << name;
    EXPECT_THAT(ConfigOf(name).dns, ::testing::Contains("itAuth")) << name;
    EXPECT_EQ(ConfigOf(name).key_usage, kSignAndEncipher) << name;
    EXPECT_TRUE(ConfigOf(name).bundle.machine_keys) << name;
  }
}

TEST(CatalogTest, TheGeneralProfilesAreForClientsServersOrBoth) {
  EXPECT_THAT(ConfigOf("mtls-client").extended_key_usage, ElementsAre(kClientAuth));
  EXPECT_THAT(ConfigOf("mtls-server").extended_key_usage, ElementsAre(kServerAuth));
  EXPECT_THAT(ConfigOf("mtls-peer").extended_key_usage, ElementsAre(kServerAuth, kClientAuth));
  EXPECT_EQ(ConfigOf("mtls-client").key_usage, key_usage::kDigitalSignature);
  EXPECT_EQ(ConfigOf("mtls-server").key_usage, kSignAndEncipher);
  EXPECT_EQ(ConfigOf("test-fleet").validity.duration, std::chrono::days{7});
  EXPECT_EQ(ConfigOf("test-fleet").validity.jitter, Seconds{0});
  EXPECT_THAT(Builtin().Find("test-fleet")->lineage(),
              ElementsAre("test-fleet", "mtls-peer", "mtls-server", "mtls-client"));
}

TEST(CatalogTest, TwoTierIsARootThatCanGoOfflineAndAnIssuingCa) {
  const AuthorityProfile& profile = *Builtin().FindAuthority("two-tier");
  EXPECT_EQ(profile.crl_validity, std::chrono::days{365});
  ASSERT_EQ(profile.tiers.size(), 2u);
  const Tier& root = profile.tiers[0];
  EXPECT_EQ(root.name, "root");
  EXPECT_EQ(root.key, (KeySpec{KeyAlgorithm::kRsa, 4096}));
  EXPECT_EQ(root.certificate.validity.duration, std::chrono::days{20 * 365});
  EXPECT_FALSE(root.certificate.path_length);
  const Tier& issuing = profile.tiers[1];
  EXPECT_EQ(issuing.name, "issuing");
  EXPECT_EQ(issuing.key, (KeySpec{KeyAlgorithm::kRsa, 3072}));
  EXPECT_EQ(issuing.certificate.validity.duration, std::chrono::days{6 * 365});
  EXPECT_EQ(issuing.certificate.path_length, 0u);
  for (const Tier& tier : profile.tiers) {
    EXPECT_TRUE(tier.certificate.is_ca);
    EXPECT_EQ(tier.certificate.key_usage, key_usage::kKeyCertSign | key_usage::kCrlSign);
    EXPECT_THAT(tier.certificate.extended_key_usage, IsEmpty());
    EXPECT_EQ(tier.certificate.validity.backdate, std::chrono::hours{24});
    EXPECT_EQ(tier.certificate.validity.jitter, Seconds{0});
    EXPECT_THAT(tier.certificate.subject.ToString(), ::testing::StartsWith("CN="));
  }
  EXPECT_NE(root.certificate.subject.ToString(), issuing.certificate.subject.ToString());
}

TEST(CatalogTest, SingleTierIsOneCaThatMayNotHaveCasBelow) {
  const AuthorityProfile& profile = *Builtin().FindAuthority("single-tier");
  ASSERT_EQ(profile.tiers.size(), 1u);
  EXPECT_TRUE(profile.tiers[0].certificate.is_ca);
  EXPECT_EQ(profile.tiers[0].certificate.path_length, 0u);
}

// Writes `text` as a profile file of its own, renamed so that it may be added to the catalog.
Profile ReadBack(std::string text, const std::string& name) {
  const std::string path =
      ::testing::TempDir() + "catalog_test-" + std::to_string(::getpid()) + ".yaml";
  std::ofstream(path, std::ios::binary) << text.replace(text.find(name), name.size(), "copy");
  Catalog catalog = Catalog::Builtin();
  FaultList faults(path);
  catalog.AddFile(path, faults);
  std::filesystem::remove(path);
  faults.ThrowIfAny();
  return *catalog.Find("copy");
}

TEST(CatalogTest, WhatToYamlPrintsReadsBackToTheSameValue) {
  for (const std::string& name : Builtin().Names()) {
    const std::string text = Catalog::ToYaml(*Builtin().Find(name));
    std::string again = Catalog::ToYaml(ReadBack(text, name));
    EXPECT_EQ(again.replace(again.find("copy"), 4, name), text);
  }
}

TEST(CatalogTest, ToYamlKeepsEveryCharacterAndEverySetting) {
  FaultList faults("p.yaml");
  const ProfilePatch patch = ParseProfilePatch(
      yaml::ReadText("friendly_name: \"a\\\"b\\\\c\\nd\\te\\rf\\x01\\x7f'ü # : {host}\"\n"
                     "subject: 'CN={host}, O=A\"\"'\n",
                     faults),
      {}, faults);
  EXPECT_EQ(faults.size(), 1u) << "an unescaped quote is no value of a subject";
  FaultList none("p.yaml");
  const ProfilePatch more = ParseProfilePatch(
      yaml::ReadText("key: {curve: p384}\nkey_usage: digital_signature\nip: ['::1']\n"
                     "extended_key_usage: [1.2.3.4]\nvalidity: 90s\njitter: 1s\nbackdate: 0s\n"
                     "crl_url: 'http://x/{fleet}'\nsid: S-1-5-21-1\npassword: 'csv:a \"b\".csv'\n"
                     "subject: 'CN={host}, O=A\\, \\\"B\\\"'\n"
                     "bundle: {formats: [pem, pfx], encryption: legacy, chain: none}\n"
                     "install: {exportable: true, store: ~}\n",
                     none),
      {}, none);
  const ProfilePatch* const patches[] = {&patch, &more};
  const auto profile = Builtin().Find("mtls-client")->With(patches, none);
  none.ThrowIfAny();
  const ProfileConfig back = ReadBack(Catalog::ToYaml(*profile), "mtls-client").config();
  EXPECT_EQ(back.friendly_name, "a\"b\\c\nd\te\rf\x01\x7f'ü # : {host}");
  EXPECT_EQ(back.subject, "CN={host}, O=A\\, \\\"B\\\"");
  EXPECT_EQ(back.key, (KeySpec{KeyAlgorithm::kEcdsa, 384}));
  EXPECT_THAT(back.ip, ElementsAre("::1"));
  EXPECT_THAT(back.extended_key_usage, ElementsAre("1.2.3.4"));
  EXPECT_EQ(back.validity.duration, Seconds{90});
  EXPECT_THAT(back.crl_urls, ElementsAre("http://x/{fleet}"));
  EXPECT_EQ(back.sid, "S-1-5-21-1");
  EXPECT_EQ(back.password.path, "a \"b\".csv");
  EXPECT_TRUE(back.bundle.pem);
  EXPECT_EQ(back.encryption, EncryptionChoice::kLegacy);
  EXPECT_EQ(back.bundle.chain, BundleChain::kNone);
  EXPECT_EQ(back.bundle.store, "");
  EXPECT_TRUE(back.bundle.exportable);
}

TEST(CatalogTest, AuthorityProfilesReadBackToo) {
  for (const std::string& name : Builtin().AuthorityNames()) {
    std::string text = Catalog::ToYaml(*Builtin().FindAuthority(name));
    const std::string before = text;
    const std::string path =
        ::testing::TempDir() + "catalog_test-" + std::to_string(::getpid()) + ".yaml";
    std::ofstream(path, std::ios::binary) << text.replace(text.find(name), name.size(), "copy");
    Catalog catalog = Catalog::Builtin();
    FaultList faults(path);
    catalog.AddFile(path, faults);
    std::filesystem::remove(path);
    ASSERT_NO_THROW(faults.ThrowIfAny());
    std::string again = Catalog::ToYaml(*catalog.FindAuthority("copy"));
    EXPECT_EQ(again.replace(again.find("copy"), 4, name), before);
  }
}

}  // namespace
}  // namespace fleetmint
