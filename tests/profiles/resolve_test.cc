// ResolveSettings: what is wrong with a layer as a whole is said once, where it was written.
#include "profiles/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/layer.h"

namespace fleetmint {
namespace {

using test::Builtin;
using test::PlainInput;
using test::Resolved;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ResolveTest, FaultsStandWhereTheTextWasWritten) {
  struct Case {
    const char* profile;
    std::string text;
    const char* message;  // with its place
    const char* hint;
  };
  for (const Case& c : {
           Case{"mtls-client", "sid: ~\ndescription: '{fqn}'", "2:14: unknown variable '{fqn}'",
                "hint: did you mean 'fqdn'?"},
           Case{"mtls-client", "subject: 'CN={hostname}'", "1:10: unknown variable '{hostname}'",
                "hint: expected one of: application_server empty fleet fqdn group host"},
           Case{"mtls-client", "dns: [a, '{b}']\nip: ['{d}']", "1:6: unknown variable '{b}'", ""},
           Case{"mtls-client", "dns: [a]\nsan: {ip: ['{d}']}", "2:11: unknown variable '{d}'", ""},
           Case{"mtls-client", "password: 'file:{x}'", "1:11: unknown variable '{x}'", ""},
           Case{"mtls-client", "password: 'csv:{empty}'",
                "1:11: the path of the passwords is empty", ""},
           Case{"mtls-client", "crl_url: 'http://{'", "1:10: '{' without '}' in 'http://{'",
                "write '{{'"},
           Case{"mtls-client", "dns: ['{empty}']", "1:6: dns name '': it is empty", "e.g. itm"},
           Case{"mtls-client", "dns: ['a b']", "1:6: dns name 'a b': it has the character ' '", ""},
           Case{"mtls-client", "ip: ['']", "1:5: '' is not an IP address", "without a prefix"},
           Case{"mtls-client", "ip: ['10.0.0.1 10.0.0.2']", "1:5: '10.0.0.1 10.0.0.2' is not", ""},
           Case{"mtls-client", "backdate: 2d", "1:11: backdate is longer than 1d", ""},
           // The profile wrote it, so it stands at the layer.
           Case{"observeit-agent-shared-cn", "",
                "7:3: profile 'observeit-agent-shared-cn': unknown variable '{application_server}'",
                ""},
           Case{"mtls-client", "require: {dns: [itAuth]}",
                "7:3: profile 'mtls-client' requires the dns name 'itAuth'", ""},
           Case{"mtls-client", "require: {dns: [itAuth]}\ndns: [itauth]",
                "7:3: profile 'mtls-client' requires the dns name 'itAuth'", ""},
       }) {
    LayerInput input = PlainInput();
    input.variables["empty"] = "";
    if (c.text.empty()) input.variables.erase("application_server");
    try {
      Resolved(*Builtin().Find(c.profile), {c.text}, input);
      ADD_FAILURE() << c.text << " was accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(),
                  AllOf(HasSubstr(std::string("fleet.yaml:") + c.message), HasSubstr(c.hint)))
          << c.text;
    }
  }
  EXPECT_NO_THROW(
      Resolved(*Builtin().Find("mtls-client"), {"require: {dns: [itAuth]}\ndns: [itAuth]"}));
}

TEST(ResolveTest, AllFaultsOfALayerAreReported) {
  try {
    Resolved(*Builtin().Find("mtls-client"),
             {"dns: ['{x}', '']\nfriendly_name: '{a}'\ndescription: '{b}'", "subject: 'CN={c}'"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.faults().size(), 5u) << error.what();
  }
}

TEST(ResolveTest, ThePathOfAPasswordStaysAsItIsWritten) {
  const Profile& profile = *Builtin().Find("mtls-client");
  const auto password = [&](const std::string& text) {
    return std::string(Resolved(profile, {"password: '" + text + "'"}).Value("password"));
  };
  EXPECT_EQ(password("derived"), "derived");
  EXPECT_EQ(password("file:pw/{host}.txt"), "file:pw/{host}.txt");
  EXPECT_EQ(password("csv:../p.csv"), "csv:../p.csv");
  EXPECT_EQ(password("file:./a/../p.txt"), "file:p.txt") << "one path, one text";
  EXPECT_EQ(password("csv:/etc/{fleet}.csv"), "csv:/etc/f.csv");
}

TEST(ResolveTest, NamesOfProfileAndGroupAreKeptBesideTheBody) {
  const Settings settings = Resolved(*Builtin().Find("mtls-client"), {});
  EXPECT_EQ(settings.profile(), "mtls-client");
  EXPECT_EQ(settings.group(), "g");
  EXPECT_EQ(settings.format(), 1);
}

}  // namespace
}  // namespace fleetmint
