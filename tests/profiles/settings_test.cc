// Settings: the canonical text that ledgers keep for years. A change of it would report every
// endpoint as changed; a change of a default would silently alter what was issued.
#include "profiles/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "profiles/words.h"
#include "tests/support/layer.h"

namespace fleetmint {
namespace {

using test::Builtin;
using test::Resolved;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string LinesOf(const std::string& name, const std::string& body) {
  std::istringstream stream(body);
  std::string lines, line;
  while (std::getline(stream, line)) {
    const std::size_t equals = line.find('=');
    lines += name + "/" + line.substr(0, equals) + " =";
    if (equals + 1 < line.size()) lines += " " + line.substr(equals + 1);
    lines += "\n";
  }
  return lines;
}

std::string WordLine(const std::string& key, const std::vector<std::string>& words) {
  std::string line = "words/" + key + " =";
  for (const std::string& word : words) line += " " + word;
  return line + "\n";
}

// The words of format 1. A new one may be added; but a name for an extended key usage that had none
// makes what was issued under its object identifier look changed: that is a format 2.
std::string WordLines() {
  std::vector<std::string> usages;
  for (const std::string& name : ExtendedKeyUsageNames()) {
    usages.push_back(name + ":" + ExtendedKeyUsageOid(name).value());
  }
  namespace words = profile_words;
  return WordLine("bundle.chain", words::WordsOf(words::kBundleChains)) +
         WordLine("bundle.encryption", words::WordsOf(words::kPfxEncryptions)) +
         WordLine("bundle.key_spec", words::WordsOf(words::kWindowsKeySpecs)) +
         WordLine("extended_key_usage", usages) + WordLine("key", KeySpecWords()) +
         WordLine("key_usage", KeyUsageNames(0xFFFF)) +
         WordLine("sid_form", words::WordsOf(words::kSidForms));
}

// The vectors hold every default of format 1, its words, and the body of every profile of the
// catalog. If this fails because of a default: leave the default as it is, and make a format 2. If
// it fails because of a profile: the endpoints of that profile become `changed`; is that meant?
TEST(SettingsTest, DefaultsAndBodiesAreThoseOfTheVectors) {
  std::string now;
  for (const std::string_view key : Settings::Keys()) {
    now +=
        LinesOf("default", std::string(key) + "=" + std::string(Settings::DefaultOf(key)) + "\n");
  }
  now += WordLines();
  for (const std::string& name : Builtin().Names()) {
    now += LinesOf(name, Resolved(*Builtin().Find(name), {}).Body());
  }
  std::ifstream file(std::string(FLEETMINT_VECTORS) + "/settings-1.txt");
  std::string recorded, line;
  while (std::getline(file, line)) {
    if (!line.empty() && line[0] != '#') recorded += line + "\n";
  }
  EXPECT_EQ(now, recorded);
}

TEST(SettingsTest, ValuesThatAreTheDefaultAreAbsent) {
  const Settings settings("p", "g", {{"validity", "1y"}, {"key", "rsa-2048"}, {"sid", ""}});
  EXPECT_EQ(settings.Body(), "validity=1y\n");
  EXPECT_EQ(settings.Value("validity"), "1y");
  EXPECT_EQ(settings.Value("key"), "rsa-2048");
  EXPECT_EQ(settings.Value("jitter"), "0s");
  EXPECT_THROW(settings.Value("summary"), std::logic_error);
  EXPECT_THROW(Settings("p", "g", {{"summary", ""}}), std::logic_error);
  EXPECT_EQ(Settings("p", "g", {}).Body(), "");
}

TEST(SettingsTest, AValueIsOneLineWhateverItHolds) {
  const std::string value("a\\n\nb\r\x01\x7f\t=ü\0 ", 14);
  const Settings settings("p", "g", {{"description", value}, {"subject", "CN=a=b"}});
  const std::string body = settings.Body();
  EXPECT_EQ(body, "description=a\\\\n\\nb\\x0d\\x01\\x7f\\x09=ü\\x00 \nsubject=CN=a=b\n");
  EXPECT_EQ(Settings::Parse(1, "p", "g", body).Value("description"), value);
}

TEST(SettingsTest, ABodyThatIsNotCanonicalIsRefused) {
  struct Case {
    const char* body;
    const char* message;
  };
  for (const Case& c : {
           Case{"validity=1y", "the line 'validity=1y' has no end"},
           Case{"validity\n", "the line 'validity' has no '='"},
           Case{"\n", "has no '='"},
           Case{"validty=1y\n", "unknown key 'validty'"},
           Case{"=\n", "unknown key ''"},
           Case{" sid=x\n", "unknown key ' sid'"},
           Case{"summary=x\n", "unknown key 'summary'"},
           Case{"validity=1y\nsid=x\n", "the key 'sid' is not in its place"},
           Case{"sid=x\nsid=y\n", "the key 'sid' is not in its place"},
           Case{"jitter=0s\n", "the value of 'jitter' is the default"},
           Case{"sid=\n", "the value of 'sid' is the default"},
           Case{"sid=\\\n", "is not written as it should be"},
           Case{"sid=\\t\n", "is not written as it should be"},
           Case{"sid=\t\n", "is not written as it should be"},
           Case{"sid=\\x0\n", "is not written as it should be"},
           Case{"sid=\\x0A\n", "is not written as it should be"},
           Case{"sid=\\x0a\n", "is not written as it should be"},
           Case{"sid=\\x41\n", "is not written as it should be"},
           Case{"sid=\\xzz\n", "is not written as it should be"},
       }) {
    try {
      Settings::Parse(1, "p", "g", c.body);
      ADD_FAILURE() << c.body << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kLedger);
      EXPECT_EQ(error.cause(), ErrorCause::kDamaged);
      EXPECT_THAT(error.what(), HasSubstr(c.message)) << c.body;
    }
  }
}

TEST(SettingsTest, AnotherFormatIsRefused) {
  for (const int format : {-1, 0, 2}) {
    try {
      Settings::Parse(format, "p", "g", "");
      ADD_FAILURE() << format << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kLedger);
      EXPECT_EQ(error.cause(), ErrorCause::kUnsupported);
    }
  }
}

// A record holds a subject in the order of its encoding: what was issued when text was read the
// other way round is still itself, differs from what the same text makes today, and both are shown
// as people write them.
TEST(SettingsTest, ASubjectIsRecordedInTheOrderOfItsEncoding) {
  const Profile& profile = *Builtin().Find("mtls-client");
  const Settings now = Resolved(profile, {"subject: 'CN={host}, O=Acme, C=DE'"});
  EXPECT_EQ(now.Value("subject"), "C=DE, O=Acme, CN={host}");
  std::string body = now.Body();
  const std::string line = "subject=C=DE, O=Acme, CN={host}";
  body.replace(body.find(line), line.size(), "subject=CN={host}, O=Acme, C=DE");
  const Settings before = Settings::Parse(1, "mtls-client", "g", body);
  EXPECT_EQ(test::ExpandedOf(before, "x").certificate.subject.attributes.front().type, "CN");
  EXPECT_EQ(test::ExpandedOf(now, "x").certificate.subject.attributes.front().type, "C");
  EXPECT_THAT(
      Differences(before, now),
      ElementsAre(SettingChange{"subject", "C=DE, O=Acme, CN={host}", "CN={host}, O=Acme, C=DE"}));
}

TEST(SettingsTest, DifferencesNameTheKeysThatDiffer) {
  const Settings before("p", "g", {{"validity", "1y"}, {"sid", "S-1-5-1"}, {"jitter", "14d"}});
  const Settings now("q", "h", {{"validity", "30d"}, {"jitter", "14d"}, {"key", "p256"}});
  EXPECT_THAT(Differences(before, now), ElementsAre(SettingChange{"key", "rsa-2048", "p256"},
                                                    SettingChange{"sid", "S-1-5-1", ""},
                                                    SettingChange{"validity", "1y", "30d"}));
  EXPECT_THAT(Differences(now, Settings::Parse(1, "", "", now.Body())), ElementsAre());
}

// Every key of a profile that is not presentation must be in the settings: one that is missing
// would let a changed profile look unchanged.
TEST(SettingsTest, EverySettingOfAProfileChangesTheBodyInItsKey) {
  struct Case {
    const char* text;
    const char* key;
  };
  const Profile& profile = *Builtin().Find("observeit-agent");
  const Settings before = Resolved(profile, {});
  for (const Case& c : {
           Case{"subject: CN={host}", "subject"},
           Case{"dns: [a]", "san.dns"},
           Case{"ip: [10.0.0.1]", "san.ip"},
           Case{"key: {bits: 3072}", "key"},
           Case{"key_usage: [digital_signature]", "key_usage"},
           Case{"extended_key_usage: [server_auth]", "extended_key_usage"},
           Case{"validity: 2y", "validity"},
           Case{"backdate: 11m", "backdate"},
           Case{"jitter: 0s", "jitter"},
           Case{"friendly_name: a", "friendly_name"},
           Case{"description: a", "description"},
           Case{"crl_url: http://a/", "crl_url"},
           Case{"ca_issuers_url: http://a/", "ca_issuers_url"},
           Case{"sid: S-1-5-21-1", "sid"},
           Case{"bundle: {formats: [pem]}", "bundle.formats"},
           Case{"bundle: {encryption: legacy}", "bundle.encryption"},
           Case{"bundle: {csp: a}", "bundle.csp"},
           Case{"bundle: {key_spec: exchange}", "bundle.key_spec"},
           Case{"bundle: {machine_keys: false}", "bundle.machine_keys"},
           Case{"bundle: {chain: full}", "bundle.chain"},
           Case{"install: {store: a}", "install.store"},
           Case{"install: {exportable: true}", "install.exportable"},
           Case{"password: file:a", "password"},
       }) {
    const auto changes = Differences(before, Resolved(profile, {c.text}));
    ASSERT_EQ(changes.size(), 1u) << c.text;
    EXPECT_EQ(changes[0].key, c.key);
  }
  EXPECT_EQ(Resolved(profile, {"validity: 365d\nrequire: {dns: [itAuth]}\nbundle: {encryption: "
                               "auto}\ndns: [itAuth]"})
                .Body(),
            before.Body());
  LayerInput input = test::PlainInput();
  input.domain = "x.example";
  EXPECT_EQ(Differences(before, Resolved(profile, {}, input))[0].key, "domain");
  input = test::PlainInput();
  input.fqdn = "x.example";
  EXPECT_EQ(Differences(before, Resolved(profile, {}, input))[0].key, "fqdn");
}

}  // namespace
}  // namespace fleetmint
