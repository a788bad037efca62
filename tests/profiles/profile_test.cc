// Profile: patches apply in order, and the rules among settings hold.
#include "profiles/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiles/catalog.h"
#include "profiles/patch.h"

namespace fleetmint {
namespace {

using ::testing::HasSubstr;

const Profile& Base(std::string_view name) {
  static const Catalog catalog = Catalog::Builtin();
  return *catalog.Find(name);
}

// `base` with one patch for each text. Throws the faults.
Profile Patched(const Profile& base, const std::vector<std::string>& texts) {
  FaultList faults("p.yaml");
  std::vector<ProfilePatch> patches;
  for (const std::string& text : texts) {
    patches.push_back(ParseProfilePatch(yaml::ReadText(text, faults), {}, faults));
  }
  std::vector<const ProfilePatch*> pointers;
  for (const ProfilePatch& patch : patches) pointers.push_back(&patch);
  auto profile = base.With(pointers, faults);
  EXPECT_EQ(profile.has_value(), faults.empty());
  faults.ThrowIfAny();
  return *profile;
}

TEST(ProfileTest, PatchesApplyInOrderAndLeaveTheBaseAlone) {
  const Profile& base = Base("mtls-client");
  const std::string before = Catalog::ToYaml(base);
  const Profile profile = Patched(base, {"validity: 30d\ndescription: a", "", "validity: 60d"});
  EXPECT_EQ(profile.config().validity.duration, std::chrono::days{60});
  EXPECT_EQ(profile.config().description, "a");
  EXPECT_EQ(profile.name(), "mtls-client");
  EXPECT_EQ(Catalog::ToYaml(base), before);
}

TEST(ProfileTest, SettingsThatContradictEachOtherAreRefusedWhereTheyDo) {
  struct Case {
    const char* base;
    const char* text;
    const char* message;  // with its place
    const char* hint;
  };
  for (const Case& c : {
           Case{"mtls-client", "description: x\nbundle: {key_spec: signature}\nsid: ~",
                "2:20: a CNG provider has no key spec", "bundle.key_spec: none"},
           Case{"observeit-agent", "bundle: {csp: Microsoft Software Key Storage Provider}\nsid: ~",
                "1:15: a CNG provider has no key spec", "RSA and AES Cryptographic Provider"},
           Case{"observeit-agent", "bundle: {csp: ~}", "1:15: a PFX needs bundle.csp",
                "has no SHA-256"},
           Case{"observeit-agent-cng", "key: {curve: p256}",
                "1:14: an ECDSA key cannot be used for key_encipherment", "key_usage"},
           Case{"mtls-client", "key: {curve: p256}\nbundle: {csp: Some CAPI Provider}",
                "2:15: an ECDSA key needs a CNG provider", "Microsoft Software Key Storage"},
           Case{"mtls-client", "bundle: {key_spec: exchange}\nkey: {curve: p256}",
                "2:14: an ECDSA key has no key spec", "key_spec: none"},
           Case{"mtls-client", "validity: 0d\njitter: 9s",
                "1:11: validity must be longer than nothing", "e.g. validity: 1y"},
           Case{"mtls-client", "backdate: 25h\nsid: ~", "1:11: backdate is longer than 1d", "10m"},
           Case{"mtls-client", "key_usage: []\nsid: ~", "1:12: key_usage is empty",
                "[digital_signature]"},
           Case{"mtls-client", "key_usage: [key_cert_sign]\nsid: ~",
                "1:12: the key usage key_cert_sign belongs to CA certificates alone", ""},
           Case{"mtls-client", "key: {bits: 1024}\nsid: ~",
                "1:13: RSA keys have 2048, 3072 or 4096 bits, not 1024", ""},
           Case{"mtls-client", "key: {bits: 2047}", "not 2047", ""},
           Case{"mtls-client", "key: {bits: 8192}", "not 8192", ""},
           Case{"mtls-client", "key: {algorithm: ecdsa, bits: 521}",
                "ECDSA keys are on P-256 or P-384, not P-521", ""},
       }) {
    try {
      Patched(Base(c.base), {c.text});
      ADD_FAILURE() << c.text << " was accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("p.yaml:"));
      EXPECT_THAT(error.what(), HasSubstr(c.message)) << c.text;
      EXPECT_THAT(error.what(), HasSubstr(c.hint)) << c.text;
      const bool nothing = std::string_view(c.message).starts_with("1:11: validity must");
      EXPECT_TRUE(!nothing || error.faults().size() == 1) << "the jitter is no fault of its own";
    }
  }
}

TEST(ProfileTest, TheLimitsThemselvesAreAllowed) {
  for (const char* text : {
           "backdate: 1d",
           "backdate: 0s",
           "validity: 1h\njitter: 59m",
           "validity: 100y",
           "validity: 1s\njitter: 0s",
           "key: {bits: 3072}",
           "key: {bits: 4096}",
           "key: {curve: p256}",
           "key: {curve: p384}",
           "bundle: {csp: Microsoft Enhanced RSA and AES Cryptographic Provider, key_spec: "
           "exchange}",
           // The rules of Windows' providers are none of a PEM bundle's.
           "bundle: {formats: [pem], csp: ~}",
           "bundle: {formats: [pem], key_spec: signature}",
       }) {
    EXPECT_NO_THROW(Patched(Base("mtls-client"), {text})) << text;
  }
}

TEST(ProfileTest, AllBrokenRulesAreReportedTogether) {
  try {
    Patched(Base("mtls-client"), {"backdate: 2d", "key: {bits: 512}\nkey_usage: []"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.faults().size(), 3u) << error.what();
  }
}

}  // namespace
}  // namespace fleetmint
