// EndpointTemplate: one endpoint's values in the settings of its layer, and the rules that only the
// filled-in values can break.
#include "profiles/endpoint_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/layer.h"

namespace fleetmint {
namespace {

using test::Builtin;
using test::Expanded;
using test::PlainInput;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(EndpointTemplateTest, ObserveitAgentOfOneEndpoint) {
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

TEST(EndpointTemplateTest, EveryProfileExpandsForAnOrdinaryEndpoint) {
  for (const std::string& name : Builtin().Names()) EXPECT_NO_THROW(Expanded(name, "")) << name;
}

TEST(EndpointTemplateTest, EncryptionFollowsTheTargetUnlessItIsSet) {
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
    LayerInput input = PlainInput();
    input.target = TargetOf(c.os).value_or(Target::kUnknown);
    EXPECT_EQ(Expanded("mtls-client", text, input).bundle.encryption, c.encryption)
        << c.choice << " on " << c.os;
  }
}

TEST(EndpointTemplateTest, TemplatesAreFilledInWhereverATextMayStand) {
  LayerInput input = PlainInput();
  input.domain = "x";
  input.variables = {{"fleet", "f"}, {"group", "g"}, {"address", "10.1.2.3"}, {"rid", "1104"}};
  const ExpandedProfile result = Expanded(
      "mtls-client",
      "subject: 'CN={host}, OU={group}'\ndns: ['{host}.{fleet}.example']\nip: ['{address}']\n"
      "crl_url: 'http://x/{fleet}.crl'\nca_issuers_url: 'http://x/{fleet}.crt'\n"
      "sid: 'S-1-5-21-{rid}'\nfriendly_name: '{{{host}}}'\ndescription: '{group}'\n"
      "password: 'file:../pw/{host}'\n",
      input, "h");
  EXPECT_EQ(result.fqdn, "h.x");
  EXPECT_EQ(result.certificate.subject.ToString(), "CN=h, OU=g");
  EXPECT_THAT(result.certificate.san.dns, ElementsAre("h.x", "h.f.example"));
  EXPECT_THAT(result.certificate.san.ip, ElementsAre(Bytes{10, 1, 2, 3}));
  EXPECT_THAT(result.certificate.crl_urls, ElementsAre("http://x/f.crl"));
  EXPECT_EQ(result.certificate.ca_issuers_url, "http://x/f.crt");
  EXPECT_EQ(result.certificate.sid, "S-1-5-21-1104");
  EXPECT_EQ(result.bundle.friendly_name, "{h}");
  EXPECT_EQ(result.bundle.description, "g");
  EXPECT_EQ(result.password.path, "../pw/h");
}

TEST(EndpointTemplateTest, TheFqdnIsGivenOrTheHostOrTheHostInItsDomain) {
  struct Case {
    const char* domain;
    const char* fqdn;
    const char* host;
    const char* result;
  };
  for (const Case& c : {
           Case{"", "", "a", "a"},
           Case{"corp.example", "", "a", "a.corp.example"},
           Case{"corp.example", "", "a.lab", "a.lab"},
           Case{"corp.example", "x.dmz.example", "a", "x.dmz.example"},
           Case{"", "x.dmz.example", "a.lab", "x.dmz.example"},
       }) {
    LayerInput input = PlainInput();
    input.domain = c.domain;
    input.fqdn = c.fqdn;
    EXPECT_EQ(Expanded("mtls-client", "", input, c.host).fqdn, c.result);
  }
}

// A value must not be able to add attributes to the subject, on its way through the settings.
TEST(EndpointTemplateTest, AValueInASubjectStaysOneValue) {
  for (const std::string value : {"Acme, O=Evil+CN=\"x\"", " #a\\,b ", "#", "a;<b>=c", "{host}",
                                  "{{", "/O=Evil", "CN=a\tb"}) {
    LayerInput input = PlainInput();
    input.variables["site"] = value;
    const Settings settings =
        test::Resolved(*Builtin().Find("mtls-client"), {"subject: 'CN={host}, O=a{site}b'"}, input);
    std::vector<Fault> faults;
    const auto expanded = EndpointTemplate(settings).Expand("ws-1", faults);
    if (value.find('\t') != std::string::npos) {
      ASSERT_EQ(faults.size(), 1u);
      EXPECT_THAT(faults[0].message, HasSubstr("O has a control character"));
      continue;
    }
    ASSERT_TRUE(expanded) << faults[0].message;
    const Name& subject = expanded->certificate.subject;
    ASSERT_EQ(subject.attributes.size(), 2u);
    EXPECT_EQ(subject.attributes[0].type, "O");
    EXPECT_EQ(subject.attributes[0].value, "a" + value + "b");
    EXPECT_EQ(subject.attributes[1].value, "ws-1");
  }
}

TEST(EndpointTemplateTest, NamesThatDifferInCaseStandOnce) {
  EXPECT_THAT(
      Expanded("mtls-client", "dns: [B.example, b.example, WS-1.Corp.example]").certificate.san.dns,
      ElementsAre("B.example", "WS-1.Corp.example"));
}

TEST(EndpointTemplateTest, NamesThatBecomeEqualStandOnce) {
  const ExpandedProfile result =
      Expanded("mtls-client", "dns: ['{host}.corp.example', ws-1.corp.example, other]");
  EXPECT_THAT(result.certificate.san.dns, ElementsAre("other", "ws-1.corp.example"));
}

TEST(EndpointTemplateTest, WhatTheValuesBreakIsRefusedForThatEndpoint) {
  struct Case {
    const char* profile;
    std::string text;
    std::string host;
    const char* message;
    const char* hint;
  };
  const std::string label(63, 'x');
  for (const Case& c : {
           Case{"observeit-agent", "", label + "-long", "is longer than 64 characters",
                "write subject: \"\" and dns"},
           Case{"mtls-client", "", "bad_label-", "starts or ends with a hyphen", ""},
           Case{"observeit-agent", "", "bad_label-", "fqdn 'bad_label-.corp.example': its label",
                "labels of letters"},
           Case{"mtls-client", "", "*",
                "a wildcard, which a certificate may have for server_auth alone", ""},
           Case{"mtls-client", "dns: ['*.corp.example']", "a", "dns name '*.corp.example'", ""},
           Case{"mtls-peer", "dns: ['*.corp.example']", "a", "for server_auth alone", ""},
           Case{"mtls-server", "dns: ['a.*.example']", "a", "must be the whole leftmost label", ""},
           Case{"mtls-client", "", "10.1", "its last label '1' is a number", "under ip:"},
           Case{"mtls-client", "", "010.0.0.1", "its last label '1' is a number", "[10.0.0.1]"},
           Case{"mtls-client", "dns: ['::1']", "a", "dns name '::1'", "ip: ['::1']"},
           Case{"mtls-client", "dns: ['{host}.0x7f']", "a", "its last label '0x7f' is a number",
                ""},
           Case{"mtls-client", "uri: ['{host}']", "a", "uri 'a': it has no scheme", "spiffe://"},
           Case{"mtls-client", "email: '{host}'", "a", "email 'a': it has no '@'", "e.g. agent@"},
           Case{"mtls-client", "upn: '{host}'", "a", "upn 'a': it has no '@'", "e.g. svc-agent@"},
           Case{"mtls-client", "crl_url: ['http://a/', b]", "a", "crl_url 'b' is not a URL", ""},
           Case{"mtls-client", "ocsp_url: ldap://a/", "a", "is not an HTTP URL", "http://HOST"},
           Case{"mtls-client", "dns: [bücher.example]", "a", "not in ASCII", ""},
           Case{"mtls-client", "dns: [\"a\\nb\"]", "a", "it has the character", ""},
           Case{"mtls-client", "ip: [10.0.0.0/8]", "a", "'10.0.0.0/8' is not an IP address",
                "without a prefix length"},
           Case{"mtls-client", "ip: ['10.0.0.256']", "a", "'10.0.0.256' is not an IP address", ""},
           Case{"mtls-client", "ip: ['{host}']", "a", "'a' is not an IP address", ""},
           Case{"mtls-client", "sid: S-1", "a", "sid 'S-1' is not a security identifier",
                "e.g. S-1-5-21"},
           Case{"mtls-client", "crl_url: x/y", "a", "crl_url 'x/y' is not a URL", "http://HOST"},
           Case{"mtls-client", "subject: 'C=de'", "a", "C 'de' is not two capital letters", ""},
           Case{"mtls-client", "subject: 'CN={empty}'", "a", "CN is empty", ""},
       }) {
    LayerInput input = PlainInput();
    input.variables["empty"] = "";
    const Settings settings = test::Resolved(*Builtin().Find(c.profile), {c.text}, input);
    std::vector<Fault> faults{{"from before", {}, ""}};
    EXPECT_FALSE(EndpointTemplate(settings).Expand(c.host, faults)) << c.text;
    ASSERT_GE(faults.size(), 2u) << c.text << " was accepted";
    const std::string all = Error(ErrorKind::kInput, faults).what();
    EXPECT_THAT(all, AllOf(HasSubstr(c.message), HasSubstr(c.hint))) << c.text;
    for (const Fault& fault : faults) EXPECT_EQ(fault.where.ToString(), "");
  }
}

// The hint of a name that is too long for a CN, followed to the letter.
TEST(EndpointTemplateTest, ANameTooLongForACnIsIssuedAsTheHintSays) {
  const std::string host = std::string(60, 'x') + "-1";
  const std::string fqdn = host + ".corp.example";
  for (const char* const profile : {"observeit-agent", "mtls-client", "mtls-server"}) {
    const Settings settings = test::Resolved(*Builtin().Find(profile), {""});
    std::vector<Fault> faults;
    EXPECT_FALSE(EndpointTemplate(settings).Expand(host, faults)) << profile;
    ASSERT_EQ(faults.size(), 1u);
    const std::string& hint = faults.front().hint;  // write KEY: VALUE and KEY: VALUE (...)
    std::string patch = hint.substr(6, hint.find(" (") - 6);
    patch.replace(patch.find(" and "), 5, "\n");
    const CertificateSpec spec = Expanded(profile, patch, PlainInput(), host).certificate;
    EXPECT_TRUE(spec.subject.empty()) << patch;
    EXPECT_EQ(std::count(spec.san.dns.begin(), spec.san.dns.end(), fqdn), 1) << patch;
  }
}

TEST(EndpointTemplateTest, WhatIsJustWithinTheRulesIsAccepted) {
  const std::string host(51, 'x');  // the CN has 64 characters
  EXPECT_EQ(Expanded("observeit-agent", "", PlainInput(), host).certificate.subject.ToString(),
            "CN=" + host + ".corp.example");
  EXPECT_NO_THROW(Expanded("mtls-server", "dns: ['*.corp.example']"));
  EXPECT_NO_THROW(Expanded("mtls-client", "subject: ~"));  // the SAN names the endpoint
  EXPECT_NO_THROW(Expanded("mtls-client", "ip: ['2001:db8::1', 10.0.0.1]"));
}

// A name is what it reads as: an IPv4 address given as host, fqdn or DNS name is an IP address.
TEST(EndpointTemplateTest, AnIpv4AddressIsAnIpAddressWhereverItStands) {
  const Bytes ten = FromHex("0a000001");
  const ExpandedProfile host = Expanded("mtls-server", "", PlainInput(), "10.0.0.1");
  EXPECT_EQ(host.fqdn, "10.0.0.1") << "no domain belongs behind an address";
  EXPECT_EQ(host.certificate.san, (SubjectAltNames{{}, {ten}}));
  LayerInput input = PlainInput();
  input.fqdn = "10.0.0.1";
  EXPECT_EQ(Expanded("mtls-server", "", input).certificate.san, (SubjectAltNames{{}, {ten}}));
  EXPECT_EQ(Expanded("mtls-server", "dns: [10.0.0.1, b]\nip: 10.0.0.1").certificate.san,
            (SubjectAltNames{{"b", "ws-1.corp.example"}, {ten}}));
}

TEST(EndpointTemplateTest, NamesOfOtherKindsHaveTemplates) {
  const CertificateSpec spec =
      Expanded("mtls-client",
               "uri: ['spiffe://{fleet}.example/{host}', 'urn:x:{fqdn}', 'urn:x:{fqdn}']\n"
               "san: {email: '{host}@corp.example', upn: ['{host}$@corp.example']}\n"
               "crl_url: ['http://b/{host}', 'http://a/', 'http://b/{host}']\n"
               "ocsp_url: 'http://o/{host}'")
          .certificate;
  EXPECT_THAT(spec.san.uri, ElementsAre("spiffe://f.example/ws-1", "urn:x:ws-1.corp.example"));
  EXPECT_THAT(spec.san.email, ElementsAre("ws-1@corp.example"));
  EXPECT_THAT(spec.san.upn, ElementsAre("ws-1$@corp.example"));
  EXPECT_THAT(spec.san.dns, ElementsAre("ws-1.corp.example"));
  EXPECT_THAT(spec.crl_urls, ElementsAre("http://b/ws-1", "http://a/"));
  EXPECT_EQ(spec.ocsp_url, "http://o/ws-1");
}

// `san: {replace: true}`: what outer layers named is gone, whatever order the keys have; what the
// same layer or an inner one names is there.
TEST(EndpointTemplateTest, ALayerCanReplaceTheNames) {
  for (const char* const text : {"san: {replace: true, dns: [b]}\nip: 10.0.0.2",
                                 "ip: 10.0.0.2\nsan: {dns: [b], replace: true}",
                                 "ip: 10.0.0.2\ndns: b\nsan: {replace: true}"}) {
    const Settings settings =
        test::Resolved(*Builtin().Find("mtls-client"), {"uri: ['urn:a:b']\ndns: [a]", text});
    EXPECT_EQ(test::ExpandedOf(settings, "ws-1").certificate.san,
              (SubjectAltNames{{"b"}, {FromHex("0a000002")}}))
        << text;
  }
  const Settings added = test::Resolved(
      *Builtin().Find("mtls-client"),
      {"san: {replace: true, dns: [b]}", "dns: [c]", "san: {replace: false, email: a@b}"});
  EXPECT_EQ(test::ExpandedOf(added, "a").certificate.san,
            (SubjectAltNames{{"b", "c"}, {}, {}, {"a@b"}}));
  try {
    Expanded("observeit-agent", "san: {replace: true, dns: [b]}");
    ADD_FAILURE() << "itAuth was lost";
  } catch (const Error& error) {  // the hint, followed
    const std::string hint = error.faults().front().hint;
    const std::string more = hint.substr(6, hint.find(", too") - 6);
    EXPECT_THAT(Expanded("observeit-agent", "san: {replace: true}\n" + more).certificate.san.dns,
                ElementsAre("itAuth"));
  }
}

TEST(EndpointTemplateTest, ASidStandsInTheExtensionInAUriOrInBoth) {
  const std::string sid = "S-1-5-21-1-2-3-1104", uri = kSidUriPrefix + sid;
  const auto spec = [&](const std::string& form) {
    return Expanded("mtls-client", "sid: " + sid + form).certificate;
  };
  EXPECT_EQ(spec("").sid, sid);
  EXPECT_THAT(spec("").san.uri, ElementsAre());
  EXPECT_EQ(spec("\nsid_form: uri").sid, "");
  EXPECT_THAT(spec("\nsid_form: uri").san.uri, ElementsAre(uri));
  EXPECT_EQ(spec("\nsid_form: both").sid, sid);
  EXPECT_THAT(spec("\nsid_form: both").san.uri, ElementsAre(uri));
  EXPECT_THROW(Expanded("mtls-client", "sid: S-1\nsid_form: uri"), Error);
}

// An end is a day, to its last second, or a time; the nearer of `validity` and `not_after` counts.
TEST(EndpointTemplateTest, AnEndStandsInThePlaceOfAValidity) {
  const auto validity = [&](const std::vector<std::string>& texts) {
    const Settings settings = test::Resolved(*Builtin().Find("mtls-client"), texts);
    return test::ExpandedOf(Settings::Parse(1, "", "", settings.Body()), "a").certificate.validity;
  };
  const Validity day = validity({"not_after: 2027-03-31"});
  EXPECT_EQ(day.end, ParseRfc3339("2027-03-31T23:59:59Z"));
  EXPECT_EQ(day.backdate, ParseDuration("10m"));
  EXPECT_EQ(validity({"not_after: '2027-03-31T12:00:00Z'"}).end,
            ParseRfc3339("2027-03-31T12:00:00Z"));
  EXPECT_EQ(validity({"not_after: 2027-03-31", "validity: 30d"}).end, std::nullopt);
  EXPECT_EQ(validity({"validity: 30d", "not_after: 2027-03-31"}).end, day.end);
  const Time now = ParseRfc3339("2027-03-01T00:00:00Z");
  EXPECT_EQ(ValidityAt(day, now).duration, ParseDuration("31d") - Seconds{1});
  EXPECT_EQ(ValidityAt(day, now).jitter, Seconds{0});
  EXPECT_EQ(ValidityAt(day, *day.end + Seconds{1}).duration, Seconds{0});
  const Validity plain = validity({"validity: 30d"});
  EXPECT_EQ(ValidityAt(plain, now).duration, plain.duration);
  EXPECT_EQ(ValidityAt(plain, now).jitter, plain.jitter);
}

TEST(EndpointTemplateTest, AddressesThatAreEqualStandOnce) {
  const ExpandedProfile result =
      Expanded("mtls-client", "ip: ['2001:DB8:0::1', '2001:db8::1', '{host}', 10.0.0.1]",
               PlainInput(), "10.0.0.1");
  EXPECT_EQ(result.certificate.san.ip.size(), 2u);
}

TEST(EndpointTemplateTest, AllFaultsOfAnEndpointAreReported) {
  std::vector<Fault> faults;
  EndpointTemplate(test::Resolved(*Builtin().Find("mtls-client"), {"ip: [x, y]\nsid: z"}))
      .Expand("-", faults);
  EXPECT_EQ(faults.size(), 5u) << Error(ErrorKind::kInput, faults).what();
}

// A ledger that was written over must be reported as such, not issued from.
TEST(EndpointTemplateTest, SettingsThatCannotBeReadAreADamagedLedger) {
  for (const char* body : {
           "validity=1 year\n",
           "backdate=x\nvalidity=1y\n",
           "jitter=\nvalidity=1y\n",
           "key=rsa-1024\nvalidity=1y\n",
           "key_usage=all\nvalidity=1y\n",
           "extended_key_usage=all\nvalidity=1y\n",
           "bundle.formats=p12\nvalidity=1y\n",
           "bundle.encryption=auto\nvalidity=1y\n",
           "bundle.key_spec=x\nvalidity=1y\n",
           "bundle.machine_keys=1\nvalidity=1y\n",
           "bundle.chain=\nvalidity=1y\n",
           "install.exportable=TRUE\nvalidity=1y\n",
           "password=x\nvalidity=1y\n",
           "password=file:/{x}\nvalidity=1y\n",
           "subject=x\nvalidity=1y\n",
           "subject=CN={x}\nvalidity=1y\n",
           "san.dns={x}\nvalidity=1y\n",
           "san.ip={\nvalidity=1y\n",
           "crl_url={fleet}\nvalidity=1y\n",
           "ca_issuers_url={x}\nvalidity=1y\n",
           "sid={x}\nvalidity=1y\n",
           "friendly_name={x}\nvalidity=1y\n",
           "description={x\nvalidity=1y\n",
           "",
       }) {
    try {
      const EndpointTemplate accepted(Settings::Parse(1, "p", "g", body));
      ADD_FAILURE() << body << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kLedger) << body;
      EXPECT_EQ(error.cause(), ErrorCause::kDamaged) << body;
      EXPECT_THAT(error.what(), HasSubstr("cannot be read")) << body;
    }
  }
}

}  // namespace
}  // namespace fleetmint
