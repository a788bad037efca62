// Profile files of the user: by path and by directory, `extends`, clashes, and authority profiles.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "profiles/catalog.h"

namespace fleetmint {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

// A directory of profile files, and the catalog they are added to.
class ProfileFilesTest : public ::testing::Test {
 protected:
  ProfileFilesTest() : folder_(::testing::TempDir() + "profiles-" + std::to_string(::getpid())) {
    fs::create_directory(folder_);
  }
  ~ProfileFilesTest() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  // What adding a file says; "" if nothing.
  std::string AddFile(const std::string& text) {
    FaultList faults("unused");
    catalog_.AddFile(Write("p.yaml", text), faults);
    return WhatOf(faults);
  }

  std::string AddDirectory() {
    FaultList faults("unused");
    catalog_.AddDirectory(folder_.string(), faults);
    return WhatOf(faults);
  }

  static std::string WhatOf(const FaultList& faults) {
    try {
      faults.ThrowIfAny();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  fs::path folder_;
  Catalog catalog_ = Catalog::Builtin();
};

// A profile that stands on its own.
constexpr char kComplete[] =
    "profile: own\nsubject: 'CN={host}'\nkey_usage: digital_signature\nvalidity: 1d\n"
    "bundle: {formats: pem}\n";

TEST_F(ProfileFilesTest, AFileExtendsABuiltinProfileOrNone) {
  ASSERT_EQ(AddFile("profile: mine\nextends: observeit-agent\nsummary: ours\nvalidity: 90d\n"
                    "san: {dns: [extra]}\nbundle: {chain: full}\n"),
            "");
  const Profile& mine = *catalog_.Find("mine");
  EXPECT_EQ(mine.summary(), "ours");
  EXPECT_THAT(mine.lineage(), ElementsAre("mine", "observeit-agent", "observeit-base"));
  EXPECT_EQ(mine.config().validity.duration, std::chrono::days{90});
  EXPECT_THAT(mine.config().dns, ElementsAre("itAuth", "extra"));
  EXPECT_EQ(mine.config().bundle.chain, BundleChain::kFull);
  EXPECT_EQ(mine.config().bundle.key_spec, WindowsKeySpec::kSignature);
  EXPECT_EQ(catalog_.Find("observeit-agent")->config().validity.duration, std::chrono::days{365});
  ASSERT_EQ(AddFile(kComplete), "");
  EXPECT_THAT(catalog_.Find("own")->lineage(), ElementsAre("own"));
}

TEST_F(ProfileFilesTest, AChildReplacesEachKeyOfItsParent) {
  struct Case {
    const char* text;
    const char* printed;
  };
  int count = 0;
  for (const Case& c : {
           Case{"subject: CN=x", "subject: \"CN=x\"\n"},
           Case{"key: {bits: 4096}", "key: {algorithm: rsa, bits: 4096}\n"},
           Case{"key_usage: [digital_signature]", "key_usage: [digital_signature]\n"},
           Case{"extended_key_usage: [server_auth]", "extended_key_usage: [server_auth]\n"},
           Case{"validity: 20d", "validity: 20d\n"},
           Case{"backdate: 1h", "backdate: 1h\n"},
           Case{"jitter: 1h", "jitter: 1h\n"},
           Case{"friendly_name: x", "friendly_name: \"x\"\n"},
           Case{"description: x", "description: \"x\"\n"},
           Case{"crl_url: http://x/", "crl_url: \"http://x/\"\n"},
           Case{"ca_issuers_url: http://x/", "ca_issuers_url: \"http://x/\"\n"},
           Case{"sid: S-1-5-21-1", "sid: \"S-1-5-21-1\"\n"},
           Case{"bundle: {formats: [pem]}", "formats: [pem],"},
           Case{"bundle: {encryption: modern}", "encryption: modern,"},
           Case{"bundle: {csp: x}", "csp: \"x\","},
           Case{"bundle: {key_spec: none}", "key_spec: none,"},
           Case{"bundle: {machine_keys: false}", "machine_keys: false,"},
           Case{"bundle: {chain: none}", "chain: none}"},
           Case{"install: {store: x}", "install: {store: \"x\","},
           Case{"install: {exportable: true}", "exportable: true}"},
           Case{"password: file:x", "password: \"file:x\"\n"},
           Case{"require: {dns: [x]}", "require: {dns: [\"itAuth\", \"x\"]}\n"},
       }) {
    const std::string name = "child-" + std::to_string(++count);
    ASSERT_EQ(AddFile("profile: " + name + "\nextends: observeit-agent\n" + c.text + "\n"), "");
    EXPECT_THAT(Catalog::ToYaml(*catalog_.Find(name)), HasSubstr(c.printed));
    EXPECT_THAT(Catalog::ToYaml(*catalog_.Find("observeit-agent")),
                ::testing::Not(HasSubstr(c.printed)));
  }
}

// A syntax fault does not hide those before it, and nothing is said of what is absent.
TEST_F(ProfileFilesTest, TheFaultsBeforeASyntaxFaultAreReported) {
  const std::string path = (folder_ / "p.yaml").string();
  const std::string text =
      "profile: Bad\nextends: mtls-clint\nvalidity: soon\nunknwon: 1\nkey: {algorithm: rsaa}\n";
  const std::string whole = AddFile(text);
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), 9) << whole;  // five faults
  EXPECT_EQ(AddFile(text + "jitter: @\n"),
            whole + "\n" + path + ":6:9: a text without quotes cannot begin with '@'\n" +
                "  hint: put it in quotes");
  for (const char* cut : {"summary: x\n@", "key: {bits: 1024, \"", "authority: a\n@",
                          "authority: a\ntiers: [{validity: 1y, \"", "profile: x\n@", "\""}) {
    const std::string what = AddFile(cut);
    EXPECT_EQ(std::count(what.begin(), what.end(), '\n'), 1) << cut << ": " << what;
  }
  EXPECT_EQ(catalog_.Find("x"), nullptr);
}

TEST_F(ProfileFilesTest, WhatIsNoProfileIsRefusedWithItsPlace) {
  struct Case {
    std::string text;
    const char* message;
    const char* hint;
  };
  for (const Case& c : {
           Case{"", "a profile file is a mapping of keys", ""},
           Case{"- a\n", "p.yaml:1:1: a profile file is a mapping of keys", ""},
           Case{"validity: 1y\n", "p.yaml:1:1: a profile file needs 'profile: NAME'", ""},
           Case{"profile: ../x\n", "p.yaml:1:10: profile name '../x' is not of", ""},
           Case{"profile: [x]\n", "'profile' is a list; a text was expected", ""},
           Case{"profile: x\nextend: mtls-client\n", "p.yaml:2:1: unknown key 'extend'",
                "did you mean 'extends'?"},
           Case{"profile: x\nextends: mtls-clint\n", "p.yaml:2:10: unknown profile 'mtls-clint'",
                "did you mean 'mtls-client'?"},
           Case{"profile: x\nextends: two-tier\n", "unknown profile 'two-tier'", ""},
           Case{"profile: x\nextends: x\n", "p.yaml:2:10: unknown profile 'x'", ""},
           Case{"profile: mtls-client\nextends: mtls-peer\n",
                "p.yaml:1:1: profile 'mtls-client' exists already", "choose another name"},
           Case{"profile: x\nprofile: y\n", "p.yaml:2:1: key 'profile' stands twice", ""},
           Case{"profile: x\nextends: &a mtls-client\n", "anchors (&name) are not supported", ""},
           Case{"profile: x\nextends: mtls-client\nbundle: {key_spec: signature}\n",
                "p.yaml:3:20: a CNG provider has no key spec", "set bundle.key_spec: none"},
           Case{"profile: x\nvalidity: 1d\nkey_usage: crl_sign\n", "a PFX needs bundle.csp", ""},
       }) {
    const std::string what = AddFile(c.text);
    EXPECT_THAT(what, AllOf(HasSubstr(c.message), HasSubstr(c.hint))) << c.text;
    EXPECT_THAT(what, HasSubstr((folder_ / "p.yaml").string())) << c.text;
    EXPECT_EQ(catalog_.Find("x"), nullptr) << c.text;
  }
  FaultList faults("unused");
  catalog_.AddFile("/nonexistent/p.yaml", faults);
  EXPECT_THAT(WhatOf(faults), HasSubstr("cannot read '/nonexistent/p.yaml'"));
}

TEST_F(ProfileFilesTest, ADirectoryIsAddedParentsFirst) {
  Write("a-grandchild.yaml", "profile: a\nextends: b\njitter: 1h\n");
  Write("b-child.yml", "profile: b\nextends: c\nbackdate: 1h\n");
  Write("c-parent.yaml", "profile: c\nextends: mtls-client\nvalidity: 10d\njitter: 0s\n");
  Write("notes.txt", "not a profile");
  Write("z-authority.yaml",
        "authority: z\ntiers: [{name: only, subject: CN=Z, validity: 1y, key: {curve: p256}}]\n");
  ASSERT_EQ(AddDirectory(), "");
  EXPECT_THAT(catalog_.Find("a")->lineage(), ElementsAre("a", "b", "c", "mtls-client"));
  EXPECT_EQ(catalog_.Find("a")->config().validity.duration, std::chrono::days{10});
  EXPECT_EQ(catalog_.Find("a")->config().validity.backdate, std::chrono::hours{1});
  EXPECT_EQ(catalog_.FindAuthority("z")->tiers[0].key, (KeySpec{KeyAlgorithm::kEcdsa, 256}));
}

TEST_F(ProfileFilesTest, ACircleIsRefusedAndTheRestIsStillRead) {
  Write("a.yaml", "profile: a\nextends: b\n");
  Write("b.yaml", "profile: b\nextends: a\n");
  Write("c.yaml", "profile: c\nextends: c\n");
  Write("d.yaml", "profile: d\nextends: mtls-client\n");
  const std::string what = AddDirectory();
  EXPECT_THAT(what, AllOf(HasSubstr("a.yaml:2:10: 'extends: b' leads in a circle"),
                          HasSubstr("b.yaml:2:10: 'extends: a' leads in a circle"),
                          HasSubstr("c.yaml:2:10: 'extends: c' leads in a circle")));
  EXPECT_NE(catalog_.Find("d"), nullptr);
  EXPECT_EQ(catalog_.Find("a"), nullptr);
}

TEST_F(ProfileFilesTest, FaultsOfAllFilesAreCollected) {
  Write("a.yaml", "profile: a\nextends: mtls-client\nvalidity: soon\nsid: [x]\n");
  Write("b.yaml", "profile: mtls-client\nextends: mtls-peer\n");
  Write("c.yaml", "profile: c\nextends: mtls-client\n");
  Write("d.yaml", "profile: c\nextends: mtls-client\n");
  const std::string what = AddDirectory();
  EXPECT_THAT(what, AllOf(HasSubstr("a.yaml:3:11: 'validity'"), HasSubstr("a.yaml:4:6: 'sid'"),
                          HasSubstr("b.yaml:1:1: profile 'mtls-client' exists already"),
                          HasSubstr("d.yaml:1:1: profile 'c' exists already")));
}

TEST_F(ProfileFilesTest, AnAuthorityProfileHasItsOwnKeysAndRules) {
  struct Case {
    std::string text;
    const char* message;
    const char* hint;
  };
  const std::string good = "subject: CN=R, validity: 9y, key: {bits: 3072}";
  for (const Case& c : {
           Case{"authority: x\n", "'tiers' is missing", "the root first"},
           Case{"authority: x\ntiers: []\n", "'tiers' is missing", ""},
           Case{"authority: ../x\ntiers: [{name: r, " + good + "}]\n",
                "p.yaml:1:12: authority profile name '../x' is not of [a-z0-9-]", ""},
           Case{"authority: x\ncrl_validty: 1y\ntiers: [{name: r, " + good + "}]\n",
                "p.yaml:2:1: unknown key 'crl_validty'", "did you mean 'crl_validity'?"},
           Case{"authority: x\ncrl_validity: soon\ntiers: [{name: r, " + good + "}]\n",
                "p.yaml:2:15: 'crl_validity': 'soon' is not a duration", "e.g. 14d"},
           Case{"authority: x\ntiers: [{name: R, " + good + "}]\n",
                "p.yaml:2:9: tier name 'R' is not of [a-z0-9-]", "e.g. root, issuing"},
           Case{"authority: x\ntiers: [{name: r, jitter: 1d, " + good + "}]\n",
                "p.yaml:2:19: unknown key 'jitter'", "expected one of: name subject key"},
           Case{"authority: x\ntiers: [{name: r, path_length: 11, " + good + "}]\n",
                "p.yaml:2:32: 'path_length' is '11'; a whole number from 0 to 10", ""},
           Case{"authority: x\ntiers: [{name: r, subject: CN=R}]\n",
                "p.yaml:2:9: validity must be longer than nothing", ""},
           Case{
               "authority: x\ntiers: [{name: r, subject: CN=R, validity: 1y, key: {bits: 1024}}]\n",
               "p.yaml:2:9: RSA keys have 2048, 3072 or 4096 bits, not 1024", ""},
           Case{"authority: two-tier\ntiers: [{name: r, " + good + "}]\n",
                "authority profile 'two-tier' exists already", ""},
       }) {
    const std::string what = AddFile(c.text);
    EXPECT_THAT(what, AllOf(HasSubstr(c.message), HasSubstr(c.hint))) << c.text;
    EXPECT_EQ(std::count(what.begin(), what.end(), '\n'), what.find("hint:") == what.npos ? 0 : 1)
        << "one fault was expected, not\n"
        << what;
    EXPECT_EQ(catalog_.FindAuthority("x"), nullptr) << c.text;
  }
  EXPECT_THAT(AddFile("authority: x\ntiers: [{name: r, validity: 9y}]\n"),
              HasSubstr("p.yaml:2:9: a CA certificate needs a subject"));
}

TEST_F(ProfileFilesTest, ATierMayBeConstrainedToNames) {
  ASSERT_EQ(AddFile("authority: x\ncrl_validity: 30d\ntiers:\n- name: r\n  subject: CN=R\n"
                    "  validity: 9y\n  backdate: 1h\n  permitted_dns: [test, invalid]\n"),
            "");
  const Tier& tier = catalog_.FindAuthority("x")->tiers.at(0);
  EXPECT_THAT(tier.certificate.permitted_dns, ElementsAre("test", "invalid"));
  EXPECT_EQ(tier.certificate.validity.backdate, std::chrono::hours{1});
  EXPECT_EQ(tier.key, (KeySpec{KeyAlgorithm::kRsa, 3072}));
  EXPECT_EQ(catalog_.FindAuthority("x")->crl_validity, std::chrono::days{30});
}

}  // namespace
}  // namespace fleetmint
