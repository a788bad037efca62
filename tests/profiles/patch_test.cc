// ParseProfilePatch: every key reads what it should, and refuses the rest at its place.
#include "profiles/patch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fleetmint {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The settings of `text` on top of `config`. Throws its faults.
ProfileConfig Read(std::string_view text, ProfileConfig config = {}) {
  FaultList faults("p.yaml");
  const yaml::Node root = yaml::ReadText(text, faults);
  const ProfilePatch patch = ParseProfilePatch(root, {}, faults);
  faults.ThrowIfAny();
  for (const ProfilePatch::Setting& setting : patch.settings) Apply(setting, config);
  return config;
}

TEST(PatchTest, TextsReplace) {
  const ProfileConfig config = Read(
      "subject: CN={host}, O=Acme\nfriendly_name: F\ndescription: D\ncrl_url: http://x/c\n"
      "ca_issuers_url: http://x/i\nsid: S-1-5-21-1\npassword: csv:p.csv\n",
      Read("subject: CN=old\nfriendly_name: old\ndescription: old\n"));
  EXPECT_EQ(config.subject, "CN={host}, O=Acme");
  EXPECT_EQ(config.friendly_name, "F");
  EXPECT_EQ(config.description, "D");
  EXPECT_THAT(config.crl_urls, ElementsAre("http://x/c"));
  EXPECT_EQ(config.ca_issuers_url, "http://x/i");
  EXPECT_EQ(config.sid, "S-1-5-21-1");
  EXPECT_EQ(config.password.kind, PasswordSource::Kind::kCsv);
}

TEST(PatchTest, NullTakesATextAway) {
  const ProfileConfig config =
      Read("subject: ~\nfriendly_name: null\ndescription:\ncrl_url: ~\nsid: ~\nbundle: {csp: ~}\n",
           Read("subject: CN=x\nfriendly_name: x\ndescription: x\ncrl_url: http://x\nsid: S-1-5-1\n"
                "bundle: {csp: x}\n"));
  EXPECT_EQ(config.subject, "");
  EXPECT_EQ(config.friendly_name, "");
  EXPECT_EQ(config.description, "");
  EXPECT_TRUE(config.crl_urls.empty());
  EXPECT_EQ(config.sid, "");
  EXPECT_EQ(config.bundle.csp, "");
}

TEST(PatchTest, NamesAppendWhereverTheyAreWritten) {
  const ProfileConfig first = Read("san: {dns: [a], ip: 10.0.0.1}\nrequire: {dns: a}\n");
  const ProfileConfig config =
      Read("dns: [b, a]\nip: [10.0.0.2]\nsan: {dns: c}\nrequire: {dns: [b]}\n", first);
  EXPECT_THAT(config.dns, ElementsAre("a", "b", "c"));
  EXPECT_THAT(config.ip, ElementsAre("10.0.0.1", "10.0.0.2"));
  EXPECT_THAT(config.required_dns, ElementsAre("a", "b"));
  EXPECT_THAT(Read("dns: ~\nsan: {ip: ~}\n", first).dns, ElementsAre("a"));
}

TEST(PatchTest, UsagesReplaceAndKnowNamesAndObjectIdentifiers) {
  const ProfileConfig config = Read(
      "key_usage: [digital_signature, non_repudiation, key_encipherment, data_encipherment,\n"
      "  key_agreement, key_cert_sign, crl_sign]\n"
      "extended_key_usage: [client_auth, server_auth, smartcard_logon, 1.2.3.4]\n");
  EXPECT_EQ(config.key_usage, 0x7F);
  EXPECT_THAT(config.extended_key_usage, ElementsAre("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1",
                                                     "1.3.6.1.4.1.311.20.2.2", "1.2.3.4"));
  const ProfileConfig less = Read("key_usage: crl_sign\nextended_key_usage: []\n", config);
  EXPECT_EQ(less.key_usage, key_usage::kCrlSign);
  EXPECT_TRUE(less.extended_key_usage.empty());
}

TEST(PatchTest, DurationsBundleAndInstall) {
  const ProfileConfig config = Read(
      "validity: 2w\nbackdate: 1h\njitter: 90s\n"
      "bundle: {formats: [pem], encryption: legacy, csp: C, key_spec: exchange,\n"
      "  machine_keys: false, chain: full}\ninstall: {store: 'CurrentUser\\My', exportable: "
      "true}\n");
  EXPECT_EQ(config.validity.duration, std::chrono::days{14});
  EXPECT_EQ(config.validity.backdate, std::chrono::hours{1});
  EXPECT_EQ(config.validity.jitter, Seconds{90});
  EXPECT_FALSE(config.bundle.pfx);
  EXPECT_TRUE(config.bundle.pem);
  EXPECT_EQ(config.encryption, EncryptionChoice::kLegacy);
  EXPECT_EQ(config.bundle.csp, "C");
  EXPECT_EQ(config.bundle.key_spec, WindowsKeySpec::kExchange);
  EXPECT_FALSE(config.bundle.machine_keys);
  EXPECT_EQ(config.bundle.chain, BundleChain::kFull);
  EXPECT_EQ(config.bundle.store, "CurrentUser\\My");
  EXPECT_TRUE(config.bundle.exportable);
  const ProfileConfig other = Read(
      "bundle: {formats: [pfx, pem], encryption: modern, key_spec: none, chain: none}\n", config);
  EXPECT_TRUE(other.bundle.pfx);
  EXPECT_TRUE(other.bundle.pem);
  EXPECT_EQ(other.encryption, EncryptionChoice::kModern);
  EXPECT_EQ(other.bundle.key_spec, WindowsKeySpec::kNone);
  EXPECT_EQ(other.bundle.chain, BundleChain::kNone);
  EXPECT_EQ(other.bundle.csp, "C");
}

// What is asked for must not depend on the order of the keys.
TEST(PatchTest, KeysAreReadWhateverTheOrderOfTheirParts) {
  struct Case {
    const char* text;
    KeySpec from;
    KeySpec key;
  };
  constexpr KeySpec kRsa2048{KeyAlgorithm::kRsa, 2048}, kRsa4096{KeyAlgorithm::kRsa, 4096};
  constexpr KeySpec kP256{KeyAlgorithm::kEcdsa, 256}, kP384{KeyAlgorithm::kEcdsa, 384};
  for (const Case& c : {
           Case{"key: {bits: 4096}", kRsa2048, kRsa4096},
           Case{"key: {algorithm: rsa, bits: 4096}", kP256, kRsa4096},
           Case{"key: {bits: 4096, algorithm: rsa}", kP256, kRsa4096},
           Case{"key: {algorithm: rsa}", kRsa4096, kRsa4096},
           Case{"key: {algorithm: rsa}", kP384, kRsa2048},
           Case{"key: {algorithm: ecdsa}", kRsa4096, kP256},
           Case{"key: {curve: p384}", kRsa4096, kP384},
           Case{"key: {curve: P-384, algorithm: ecdsa}", kRsa2048, kP384},
           Case{"key: {algorithm: ecdsa, curve: P-256}", kP384, kP256},
       }) {
    ProfileConfig config;
    config.key = c.from;
    EXPECT_EQ(Read(c.text, config).key, c.key) << c.text << " on " << KeySpecName(c.from);
  }
}

TEST(PatchTest, WhatDoesNotFitIsRefusedWithItsPlaceAndARemedy) {
  struct Case {
    const char* text;
    const char* message;  // with its place
    const char* hint;
  };
  for (const Case& c : {
           Case{"validty: 1y", "1:1: unknown key 'validty'", "did you mean 'validity'?"},
           Case{"san: {dn: [a]}", "1:7: unknown key 'dn' in 'san'", "did you mean 'dns'?"},
           Case{"install: {shop: x}", "1:11: unknown key 'shop' in 'install'",
                "expected one of: store exportable"},
           Case{"san: [a]", "1:6: 'san' is a list; a mapping was expected", ""},
           Case{"subject: Acme", "1:10: bad name 'Acme'", "write it as CN=NAME"},
           Case{"subject: XN=a", "unknown attribute 'XN'", "did you mean 'CN'?"},
           Case{"key_usage: [digital_signatur]", "1:12: unknown key usage 'digital_signatur'",
                "did you mean 'digital_signature'?"},
           Case{"key_usage: [everything]", "unknown key usage 'everything'",
                "expected one of: digital_signature non_repudiation"},
           Case{"extended_key_usage: clientauth", "1:21: unknown extended key usage 'clientauth'",
                "did you mean 'client_auth'? (or write its object identifier)"},
           Case{"extended_key_usage: [1..2]", "unknown extended key usage '1..2'", ""},
           Case{"extended_key_usage: [9.2]", "unknown extended key usage '9.2'", ""},
           Case{"validity: 1 y", "1:11: 'validity': '1 y' is not a duration", "e.g. 14d"},
           Case{"validity: [1y]", "1:11: 'validity' is a list; a text was expected", ""},
           Case{"backdate: ten", "1:11: 'backdate': 'ten' is not a duration", "s m h d w y"},
           Case{"key: {algorithm: dsa}", "1:18: 'key.algorithm' is 'dsa'", "did you mean 'rsa'?"},
           Case{"key: {curve: p512}", "1:14: 'key.curve' is 'p512'", "expected one of: p256 p384"},
           Case{"key: {bits: 2k}", "1:13: 'key.bits' is '2k'; a whole number from 1 to", ""},
           Case{"key: {algorithm: rsa, curve: p256}", "1:30: a curve beside bits or an RSA key",
                "{algorithm: ecdsa, curve: p256}"},
           Case{"key: {curve: p256, bits: 3072}", "1:14: a curve beside bits or an RSA key", ""},
           Case{"bundle: {formats: [p12]}", "1:19: unknown bundle format 'p12'", "pfx pem"},
           Case{"bundle: {formats: []}", "1:19: 'bundle.formats' is empty", "e.g. [pfx]"},
           Case{"bundle: {encryption: aes}", "'bundle.encryption' is 'aes'",
                "expected one of: auto modern legacy"},
           Case{"bundle: {key_spec: signing}", "'bundle.key_spec' is 'signing'",
                "expected one of: none signature exchange"},
           Case{"bundle: {chain: ful}", "'bundle.chain' is 'ful'", "did you mean 'full'?"},
           Case{"bundle: {machine_keys: 1}", "'bundle.machine_keys' is '1'; true or false", ""},
           Case{"password: swordfish", "1:11: password is none of the sources",
                "never the password itself"},
           Case{"dns: [{a: b}]", "1:7: an item of 'dns' is a mapping; a text was expected", ""},
       }) {
    try {
      Read(c.text);
      ADD_FAILURE() << c.text << " was accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(c.message)) << c.text;
      EXPECT_THAT(error.what(), HasSubstr(c.hint)) << c.text;
    }
  }
}

// A password in the wrong place must not reach a message, and so a log.
TEST(PatchTest, APasswordInTheFileIsNotRepeated) {
  try {
    Read("password: swordfish");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("swordfish")));
  }
}

TEST(PatchTest, KeysOfTheCallerAreLeftAloneAndSuggestedToo) {
  FaultList faults("p.yaml");
  const yaml::Node root = yaml::ReadText("name: x\nnam: y\nvalidity: 1d\n", faults);
  const std::vector<std::string> own{"name"};
  const ProfilePatch patch = ParseProfilePatch(root, own, faults);
  ASSERT_EQ(patch.settings.size(), 1u);
  EXPECT_EQ(patch.settings[0].where, (Position{3, 11}));
  EXPECT_EQ(faults.size(), 1u);
  try {
    faults.ThrowIfAny();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("2:1: unknown key 'nam'\n  hint: did you mean 'name'?"));
  }
}

// Messages point at the setting that wrote what is wrong.
TEST(PatchTest, FindSettingGivesTheLastOneOfAKeyThatHoldsTheItem) {
  FaultList faults("p.yaml");
  const auto parse = [&](const char* text) {
    return ParseProfilePatch(yaml::ReadText(text, faults), {}, faults);
  };
  const ProfilePatch first = parse("dns: [a, b]\ndescription: x\nbundle: {csp: C}\n");
  const ProfilePatch second = parse("description: ~\nsan: {dns: b}\ndns: [c]\n");
  faults.ThrowIfAny();
  const ProfilePatch* const patches[] = {&first, &second};
  EXPECT_EQ(FindSetting(patches, "description"), second.settings.data());
  EXPECT_TRUE(second.settings[0].values.empty());
  EXPECT_EQ(FindSetting(patches, "bundle.csp")->where, (Position{3, 15}));
  const std::string a = "a", b = "b", d = "d";
  EXPECT_EQ(FindSetting(patches, "san.dns", &a), first.settings.data());
  EXPECT_EQ(FindSetting(patches, "san.dns", &b), &second.settings[1]);
  EXPECT_EQ(FindSetting(patches, "san.dns", &d), nullptr);
  EXPECT_EQ(FindSetting(patches, "jitter"), nullptr);
}

TEST(PatchTest, EveryKeyThatIsSuggestedIsRead) {
  EXPECT_THAT(ProfileKeys(), Contains("validity"));
  for (const std::string& key : ProfileKeys()) {
    FaultList faults("p.yaml");
    const yaml::Node root = yaml::ReadText(key + ": {x: {}}\n", faults);
    ParseProfilePatch(root, {}, faults);
    try {
      faults.ThrowIfAny();
      ADD_FAILURE() << key << " took a mapping of nonsense";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("unknown key '" + key + "'")));
    }
  }
}

}  // namespace
}  // namespace fleetmint
