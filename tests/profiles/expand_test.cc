// Expand: one endpoint's values in a profile, and the rules that only the filled-in values can
// break.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiles/profile.h"

namespace fleetmint {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Catalog& Builtin() {
  static const Catalog catalog = Catalog::Builtin();
  return catalog;
}

Variables VariablesOf(const std::string& host) {
  return {{"host", host},
          {"fqdn", host + ".corp.example"},
          {"fleet", "f"},
          {"group", "g"},
          {"application_server", "itm.corp.example"}};
}

// `profile` with the settings of `text`, for the endpoint of `variables`. Throws the faults.
ExpandedProfile Expanded(std::string_view profile, std::string_view text,
                         const Variables& variables = VariablesOf("ws-1"),
                         Target target = Target::kModernWindows) {
  FaultList faults("fleet.yaml");
  const ProfilePatch patch = ParseProfilePatch(yaml::ReadText(text, faults), {}, faults);
  const ProfilePatch* const patches[] = {&patch};
  const auto patched = Builtin().Find(profile)->With(patches, faults);
  faults.ThrowIfAny();
  auto expanded = Expand(*patched, variables, target, {7, 3}, faults);
  EXPECT_EQ(expanded.has_value(), faults.empty());
  faults.ThrowIfAny();
  return std::move(expanded).value();
}

TEST(ExpandTest, ObserveitAgentOfOneEndpoint) {
  const ExpandedProfile agent = Expanded("observeit-agent", "");
  EXPECT_EQ(agent.certificate.subject.ToString(), "CN=ws-1.corp.example");
  EXPECT_THAT(agent.certificate.san.dns, ElementsAre("itAuth"));
  EXPECT_EQ(agent.certificate.key_usage,
            key_usage::kDigitalSignature | key_usage::kKeyEncipherment);
  EXPECT_THAT(agent.certificate.extended_key_usage, ElementsAre("1.3.6.1.5.5.7.3.2"));
  EXPECT_FALSE(agent.certificate.is_ca);
  EXPECT_EQ(agent.certificate.validity.duration, std::chrono::days{365});
  EXPECT_EQ(agent.certificate.validity.backdate, std::chrono::minutes{10});
  EXPECT_EQ(agent.certificate.validity.jitter, std::chrono::days{14});
  EXPECT_EQ(agent.key, (KeySpec{KeyAlgorithm::kRsa, 2048}));
  EXPECT_EQ(agent.bundle.csp, "Microsoft Enhanced RSA and AES Cryptographic Provider");
  EXPECT_EQ(agent.bundle.key_spec, WindowsKeySpec::kSignature);
  EXPECT_TRUE(agent.bundle.machine_keys);
  EXPECT_EQ(agent.bundle.friendly_name, "ObserveIT agent ws-1.corp.example");
  EXPECT_EQ(agent.bundle.description, "mTLS client certificate of ws-1.corp.example");
  EXPECT_EQ(Expanded("observeit-agent-shared-cn", "").certificate.subject.ToString(),
            "CN=itm.corp.example");
}

TEST(ExpandTest, EveryProfileExpandsForAnOrdinaryEndpoint) {
  for (const std::string& name : Builtin().Names()) EXPECT_NO_THROW(Expanded(name, "")) << name;
}

TEST(ExpandTest, EncryptionFollowsTheTargetUnlessItIsSet) {
  struct Case {
    const char* choice;
    const char* os;
    PfxEncryption encryption;
  };
  for (const Case& c : {
           Case{"auto", "windows-2012r2", PfxEncryption::kLegacy},
           Case{"auto", "windows-2016", PfxEncryption::kLegacy},
           Case{"auto", "windows-10-1703", PfxEncryption::kLegacy},
           Case{"auto", "windows-7", PfxEncryption::kLegacy},
           Case{"auto", "windows-10", PfxEncryption::kModern},
           Case{"auto", "windows-2019", PfxEncryption::kModern},
           Case{"auto", "linux", PfxEncryption::kModern},
           Case{"auto", "", PfxEncryption::kModern},
           Case{"modern", "windows-2012r2", PfxEncryption::kModern},
           Case{"legacy", "windows-11", PfxEncryption::kLegacy},
           Case{"legacy", "", PfxEncryption::kLegacy},
       }) {
    const std::string text = std::string("bundle: {encryption: ") + c.choice + "}";
    const Target target = TargetOf(c.os).value_or(Target::kUnknown);
    EXPECT_EQ(Expanded("mtls-client", text, VariablesOf("a"), target).bundle.encryption,
              c.encryption)
        << c.choice << " on " << c.os;
  }
}

TEST(ExpandTest, TemplatesAreFilledInWhereverATextMayStand) {
  const ExpandedProfile result = Expanded(
      "mtls-client",
      "subject: 'CN={host}, OU={group}'\ndns: ['{host}.{fleet}.example']\nip: ['{address}']\n"
      "crl_url: 'http://x/{fleet}.crl'\nca_issuers_url: 'http://x/{fleet}.crt'\n"
      "sid: 'S-1-5-21-{rid}'\nfriendly_name: '{{{host}}}'\ndescription: '{group}'\n"
      "password: 'file:pw/{host}'\n",
      {{"host", "h"},
       {"fqdn", "h.x"},
       {"fleet", "f"},
       {"group", "g"},
       {"address", "10.1.2.3"},
       {"rid", "1104"}});
  EXPECT_EQ(result.certificate.subject.ToString(), "CN=h, OU=g");
  EXPECT_THAT(result.certificate.san.dns, ElementsAre("h.x", "h.f.example"));
  EXPECT_THAT(result.certificate.san.ip, ElementsAre(Bytes{10, 1, 2, 3}));
  EXPECT_EQ(result.certificate.crl_url, "http://x/f.crl");
  EXPECT_EQ(result.certificate.ca_issuers_url, "http://x/f.crt");
  EXPECT_EQ(result.certificate.sid, "S-1-5-21-1104");
  EXPECT_EQ(result.bundle.friendly_name, "{h}");
  EXPECT_EQ(result.bundle.description, "g");
  EXPECT_EQ(result.password.path, "pw/h");
}

// A value must not be able to add attributes to the subject.
TEST(ExpandTest, AValueInASubjectStaysOneValue) {
  Variables variables = VariablesOf("ws-1");
  variables["site"] = "Acme, O=Evil+CN=\"x\"";
  const Name subject =
      Expanded("mtls-client", "subject: 'CN={host}, O={site}'", variables).certificate.subject;
  ASSERT_EQ(subject.attributes.size(), 2u);
  EXPECT_EQ(subject.attributes[1].type, "O");
  EXPECT_EQ(subject.attributes[1].value, "Acme, O=Evil+CN=\"x\"");
}

TEST(ExpandTest, NamesThatBecomeEqualStandOnce) {
  const ExpandedProfile result =
      Expanded("mtls-client", "dns: ['{host}.corp.example', ws-1.corp.example, other]");
  EXPECT_THAT(result.certificate.san.dns, ElementsAre("ws-1.corp.example", "other"));
}

TEST(ExpandTest, WhatTheValuesBreakIsRefusedForThatEndpoint) {
  struct Case {
    const char* profile;
    std::string text;
    std::string host;
    const char* message;
    const char* hint;
  };
  const std::string label(63, 'x');
  for (const Case& c : {
           Case{"mtls-client", "description: '{fqn}'", "a", "unknown variable '{fqn}'",
                "hint: did you mean 'fqdn'?"},
           Case{"mtls-client", "subject: 'CN={hostname}'", "a", "unknown variable '{hostname}'",
                "hint: expected one of: application_server empty"},
           Case{"observeit-agent", "", label + "-long", "is longer than 64 characters",
                "put the long name into dns"},
           Case{"mtls-client", "", "bad_label-", "starts or ends with a hyphen", ""},
           Case{"mtls-client", "", "*", "a wildcard, which a client certificate may not have", ""},
           Case{"mtls-client", "dns: ['*.corp.example']", "a", "dns name '*.corp.example'", ""},
           Case{"mtls-peer", "dns: ['*.corp.example']", "a", "which a client certificate may not",
                ""},
           Case{"mtls-server", "dns: ['a.*.example']", "a", "must be the whole leftmost label", ""},
           Case{"mtls-client", "dns: [B.example, b.example]", "a", "'b.example' stands twice", ""},
           Case{"mtls-client", "dns: [bücher.example]", "a", "not in ASCII", ""},
           Case{"mtls-client", "ip: [10.0.0.0/8]", "a", "'10.0.0.0/8' is not an IP address",
                "without a prefix length"},
           Case{"mtls-client", "ip: ['10.0.0.256']", "a", "'10.0.0.256' is not an IP address", ""},
           Case{"mtls-client", "sid: S-1", "a", "sid 'S-1' is not a security identifier",
                "e.g. S-1-5-21"},
           Case{"mtls-client", "crl_url: x/y", "a", "crl_url 'x/y' is not a URL", "http://HOST"},
           Case{"mtls-client", "subject: 'C=de'", "a", "C 'de' is not two capital letters", ""},
           Case{"mtls-client", "subject: 'CN={empty}'", "a", "CN is empty", ""},
           Case{"mtls-client", "key_usage: [key_cert_sign]", "a",
                "key_cert_sign belongs to CA certificates alone", ""},
           Case{"mtls-client", "require: {dns: [itAuth]}", "a",
                "profile 'mtls-client' requires the dns name 'itAuth'", ""},
           Case{"mtls-client", "require: {dns: [itAuth]}\ndns: [itauth]", "a",
                "requires the dns name 'itAuth'", ""},
       }) {
    Variables variables = VariablesOf(c.host);
    variables["empty"] = "";
    try {
      Expanded(c.profile, c.text, variables);
      ADD_FAILURE() << c.text << " was accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("fleet.yaml:7:3: "), HasSubstr(c.message),
                                      HasSubstr(c.hint)))
          << c.text;
    }
  }
}

TEST(ExpandTest, WhatIsJustWithinTheRulesIsAccepted) {
  const std::string host(51, 'x');  // the CN has 64 characters
  EXPECT_EQ(Expanded("observeit-agent", "", VariablesOf(host)).certificate.subject.CommonName(),
            host + ".corp.example");
  EXPECT_NO_THROW(Expanded("mtls-server", "dns: ['*.corp.example']"));
  EXPECT_NO_THROW(Expanded("mtls-client", "subject: ~"));  // the SAN names the endpoint
  EXPECT_NO_THROW(Expanded("mtls-client", "require: {dns: [itAuth]}\ndns: [itAuth]"));
  EXPECT_NO_THROW(Expanded("mtls-client", "ip: ['2001:db8::1', 10.0.0.1]"));
}

TEST(ExpandTest, AllFaultsOfAnEndpointAreReported) {
  try {
    Expanded("mtls-client", "ip: [x]\nfriendly_name: '{a}'\ndescription: '{b}'\nsubject: 'CN={c}'");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.faults().size(), 4u) << error.what();
  }
}

}  // namespace
}  // namespace fleetmint
