// Lint: each rule finds its violation and no other rule does; a sound certificate has none.
#include "engine/x509/lint.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <stdexcept>

#include "engine/base/ber.h"
#include "engine/base/botan_compat.h"
#include "engine/base/der.h"
#include "engine/x509/tbs_certificate.h"

namespace fleetmint {
namespace {

// The base point of P-256 as a public key (SEC 2 2.4.2): a key that every parser loads.
const Bytes kSpki = FromHex(
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
const Bytes kIssuerName = Name::Parse("CN=Issuing, O=Acme").Encode();
const Bytes kOtherName = Name::Parse("CN=Issuing, O=Other").Encode();
const Bytes kIssuerKeyId = FromHex("00112233445566778899aabbccddeeff00112233");
const Bytes kOtherKeyId = FromHex("ff112233445566778899aabbccddeeff00112233");
const Time kNow = ParseRfc3339("2026-01-01T00:00:00Z");
constexpr std::chrono::days kYear{365};

struct RawExtension {
  std::string oid;
  bool critical = false;
  Bytes value;
};

// Case is one certificate to be: what is encoded, what is done to its bytes, and what the lint is
// told.
struct Case {
  CertificateSpec encoded, asked;
  TbsInput input;
  LintContext context;
  std::function<void(Bytes&)> patch;
  std::function<void(std::vector<RawExtension>&)> edit;
};

CertificateSpec LeafSpec() {
  CertificateSpec spec;
  spec.subject = Name::Parse("CN=ws-0001.corp, O=Acme");
  spec.san.dns = {"ws-0001.corp"};
  spec.san.ip = {FromHex("0a000005")};
  spec.key_usage = key_usage::kDigitalSignature;
  spec.extended_key_usage = {"1.3.6.1.5.5.7.3.2"};
  spec.validity = {kYear, std::chrono::minutes{10}, Seconds{0}};
  spec.crl_urls = {"http://pki.example/ca.crl"};
  return spec;
}

CertificateSpec CaSpec() {
  CertificateSpec spec;
  spec.subject = Name::Parse("CN=Root");
  spec.is_ca = true;
  spec.path_length = 1;
  spec.permitted_dns = {"corp"};
  spec.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign;
  spec.validity = {kYear, std::chrono::minutes{10}, Seconds{0}};
  return spec;
}

Case Sound(const CertificateSpec& spec) {
  Case c;
  c.encoded = c.asked = spec;
  c.input.serial[0] = 0x40;
  c.input.serial[15] = 1;
  c.input.signature_algorithm = SignatureAlgorithm::kEcdsaSha256;
  c.input.issuer_name = kIssuerName;
  c.input.issuer_key_identifier = kIssuerKeyId;
  c.input.not_before = kNow - std::chrono::minutes{10};
  c.input.not_after = kNow + kYear;
  c.input.spki = kSpki;
  c.context.issuer_name = kIssuerName;
  c.context.issuer_key_identifier = kIssuerKeyId;
  c.context.issuer_not_before = kNow - std::chrono::days{1};
  c.context.issuer_not_after = kNow + 2 * kYear;
  return c;
}

// Reads the extensions of a TBS, lets `edit` change the list, and writes the TBS again.
Bytes EditExtensions(ByteView tbs, const std::function<void(std::vector<RawExtension>&)>& edit) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& out) {
    BerReader in = BerReader(tbs).Enter(ber::kSequence, "tbs");
    while (in.PeekTag() != ber::Context(3)) out.Raw(in.Next().encoded);
    BerReader list = in.Enter(ber::Context(3), "extensions").Enter(ber::kSequence, "extensions");
    std::vector<RawExtension> extensions;
    while (!list.AtEnd()) {
      BerReader one = list.Enter(ber::kSequence, "an extension");
      RawExtension extension{one.Oid(), false, {}};
      if (one.PeekTag() == ber::kBoolean) extension.critical = one.Next().content[0] != 0;
      const ByteView value = one.Expect(ber::kOctetString, "a value").content;
      extension.value.assign(value.begin(), value.end());
      extensions.push_back(std::move(extension));
    }
    edit(extensions);
    out.Context(3, [&](DerWriter& tagged) {
      tagged.Sequence([&](DerWriter& sequence) {
        for (const RawExtension& extension : extensions) {
          sequence.Sequence([&](DerWriter& one) {
            one.Oid(extension.oid);
            if (extension.critical) one.Boolean(true);
            one.OctetString(extension.value);
          });
        }
      });
    });
  });
  return writer.Take();
}

std::vector<LintFinding> Lint(const Case& c) {
  Bytes tbs = EncodeTbsCertificate(c.encoded, c.input);
  if (c.edit) tbs = EditExtensions(tbs, c.edit);
  if (c.patch) c.patch(tbs);
  return LintTbs(tbs, c.asked, c.context);
}

std::string RulesOf(const std::vector<LintFinding>& findings) {
  std::string rules;
  for (const LintFinding& finding : findings) rules += (rules.empty() ? "" : " ") + finding.rule;
  return rules;
}

RawExtension& Find(std::vector<RawExtension>& extensions, std::string_view oid) {
  for (RawExtension& extension : extensions) {
    if (extension.oid == oid) return extension;
  }
  throw std::runtime_error("no extension " + std::string(oid));
}

// A chain of one CA with a name constraint; it lives as long as the program.
const LeafRules* ChainThatPermits(const std::string& dns) {
  CertificateSpec spec = CaSpec();
  spec.permitted_dns = {dns};
  const Bytes tbs = EncodeTbsCertificate(spec, Sound(spec).input);
  static LeafRules rules;
  const std::vector<Certificate> chain{
      Certificate::Parse(AssembleSigned(tbs, SignatureAlgorithm::kEcdsaSha256, Bytes(64)))};
  rules = LeafRules(chain);
  return &rules;
}

using Change = std::function<void(Case&)>;

struct Violation {
  const char* rule;
  const char* what;
  Change change;
  bool ca = false;
};

// Changes an extension of the encoded certificate.
Change Extension(std::string_view oid, const std::function<void(RawExtension&)>& change) {
  return [=](Case& c) { c.edit = [=](auto& list) { change(Find(list, oid)); }; };
}
Change Criticality(std::string_view oid, bool critical) {
  return Extension(oid, [=](RawExtension& extension) { extension.critical = critical; });
}
Change Without(std::string_view oid) {
  return [=](Case& c) {
    c.edit = [=](auto& list) { std::erase_if(list, [&](auto& e) { return e.oid == oid; }); };
  };
}
// Changes what the lint is told was asked for.
Change Asked(const std::function<void(CertificateSpec&)>& change) {
  return [=](Case& c) { change(c.asked); };
}
// Changes the spec before it is encoded and linted: a fault that validation let through.
Change Spec(const std::function<void(CertificateSpec&)>& change) {
  return [=](Case& c) { change(c.encoded), change(c.asked); };
}

std::vector<Violation> BodyViolations() {
  return {
      {"version", "v2",
       [](Case& c) {
         c.patch = [](Bytes& tbs) {
           // version [0] INTEGER 2 stands behind the four octets of the outer header
           ASSERT_EQ(ToHex(ByteView(tbs).subspan(4, 5)), "a003020102");
           tbs[8] = 1;
         };
       }},
      {"serial", "top bits 00", [](Case& c) { c.input.serial[0] = 0x3F; }},
      {"serial", "top bits 10", [](Case& c) { c.input.serial[0] = 0x80; }},
      {"serial", "short", [](Case& c) { c.input.serial[0] = 0, c.input.serial[1] = 0x40; }},
      {"signature_algorithm", "SHA-224",
       [](Case& c) {
         c.patch = [](Bytes& tbs) {
           // behind version and serial: SEQUENCE { ecdsa-with-SHA256 }, of which one octet makes
           // ecdsa-with-SHA224
           ASSERT_EQ(ToHex(ByteView(tbs).subspan(27, 12)), "300a06082a8648ce3d040302");
           tbs[38] = 1;
         };
       }},
      {"issuer_name", "another CA", [](Case& c) { c.input.issuer_name = kOtherName; }},
      {"subject_name", "another subject",
       Asked([](auto& s) { s.subject = Name::Parse("CN=ws-0002.corp, O=Acme"); })},
      {"subject_name", "order",
       Asked([](auto& s) { s.subject = Name::Parse("O=Acme, CN=ws-0001.corp"); })},
      {"name_limits", "CN of 65", Spec([](auto& s) {
         s.subject = {{{"CN", std::string(65, 'a')}}};
       })},
      {"name_limits", "C", Spec([](auto& s) {
         s.subject = {{{"C", "de"}}};
       })},
      {"validity_order", "equal", [](Case& c) { c.input.not_after = c.input.not_before; }},
      {"validity_nested", "before the issuer",
       [](Case& c) { c.context.issuer_not_before = c.input.not_before + Seconds{1}; }},
      {"validity_nested", "after the issuer",
       [](Case& c) { c.context.issuer_not_after = c.input.not_after - Seconds{1}; }},
      {"validity_length", "a second more", [](Case& c) { c.input.not_after += Seconds{1}; }},
      {"subject_or_san", "neither", Spec([](auto& s) { s.subject = {}, s.san = {}; })},
  };
}

std::vector<Violation> ExtensionViolations() {
  return {
      {"san_matches", "a name more", Asked([](auto& s) { s.san.dns.clear(); })},
      {"san_matches", "another address", Asked([](auto& s) { s.san.ip = {Bytes(4)}; })},
      {"san_critical", "critical beside a subject", Criticality("2.5.29.17", true)},
      {"san_critical", "not critical without one",
       [](Case& c) {
         c.encoded.subject = c.asked.subject = {};
         Criticality("2.5.29.17", false)(c);
       }},
      {"dns_names", "empty label", Spec([](auto& s) { s.san.dns = {"a..b"}; })},
      {"dns_names", "U-label", Spec([](auto& s) { s.san.dns = {"\xC3\xBC.corp"}; })},
      {"san_matches", "another URI", Asked([](auto& s) { s.san.uri = {"https://a/"}; })},
      {"san_matches", "an e-mail more", [](Case& c) { c.encoded.san.email = {"a@corp"}; }},
      {"san_matches", "another UPN",
       [](Case& c) {
         c.encoded.san.upn = {"a@corp"};
         c.asked.san.upn = {"b@corp"};
       }},
      {"other_names", "URI", Spec([](auto& s) { s.san.uri = {"no scheme"}; })},
      {"other_names", "e-mail", Spec([](auto& s) { s.san.email = {"corp"}; })},
      {"other_names", "UPN", Spec([](auto& s) { s.san.upn = {"corp"}; })},
      {"validity_length", "behind the asked end",
       Asked([](auto& s) { s.validity.end = ParseRfc3339("2026-01-02T00:00:00Z"); })},
      {"basic_constraints", "absent", Without("2.5.29.19")},
      {"basic_constraints", "not critical", Criticality("2.5.29.19", false)},
      {"basic_constraints", "path length", Asked([](auto& s) { s.path_length = 0; }), true},
      {"basic_constraints", "no path length", Asked([](auto& s) { s.path_length.reset(); }), true},
      {"key_usage", "absent", Without("2.5.29.15")},
      {"key_usage", "not critical", Criticality("2.5.29.15", false)},
      {"key_usage", "a bit more", Asked([](auto& s) { s.key_usage |= key_usage::kKeyAgreement; })},
      {"ca_key_usage", "leaf that signs",
       Spec([](auto& s) { s.key_usage = key_usage::kKeyCertSign; })},
      {"ca_key_usage", "CA that does not", Spec([](auto& s) { s.key_usage = key_usage::kCrlSign; }),
       true},
      {"extended_key_usage", "absent", Without("2.5.29.37")},
      {"extended_key_usage", "another",
       Asked([](auto& s) { s.extended_key_usage = {"1.3.6.1.5.5.7.3.1"}; })},
      {"subject_key_identifier", "absent", Without("2.5.29.14")},
      {"subject_key_identifier", "another",
       Extension("2.5.29.14", [](auto& e) { e.value.back() ^= 1U; })},
      {"authority_key_identifier", "absent", Without("2.5.29.35")},
      {"authority_key_identifier", "another",
       [](Case& c) { c.input.issuer_key_identifier = kOtherKeyId; }},
      {"authority_key_identifier", "asked of a root",
       [](Case& c) { c.context.issuer_key_identifier = {}; }},
      {"extensions_unique", "twice the same",
       [](Case& c) { c.edit = [](auto& list) { list.push_back(Find(list, "2.5.29.31")); }; }},
      {"critical_known", "extended key usage", Criticality("2.5.29.37", true)},
      {"critical_known", "distribution point", Criticality("2.5.29.31", true)},
      {"crl_distribution_point", "absent", Without("2.5.29.31")},
      {"crl_distribution_point", "another",
       Asked([](auto& s) { s.crl_urls = {"http://pki.other/"}; })},
      {"crl_distribution_point", "longer than the asked one",
       Asked([](auto& s) { s.crl_urls = {"http://pki.example/ca"}; })},
      {"crl_distribution_point", "not asked", Asked([](auto& s) { s.crl_urls.clear(); })},
      {"authority_information", "absent",
       Asked([](auto& s) { s.ca_issuers_url = "http://pki.example/ca.crt"; })},
      {"authority_information", "another",
       [](Case& c) {
         c.encoded.ca_issuers_url = "http://pki.example/ca.crt";
         c.asked.ca_issuers_url = "http://pki.example/other.crt";
       }},
      {"authority_information", "longer than the asked one",
       [](Case& c) {
         c.encoded.ca_issuers_url = "http://pki.example/ca.crt";
         c.asked.ca_issuers_url = "http://pki.example/";
       }},
      {"authority_information", "OCSP in the place of CA issuers",
       [](Case& c) {
         c.encoded.ca_issuers_url = "http://pki.example/";
         c.asked.ocsp_url = "http://pki.example/";
       }},
      {"authority_information", "no OCSP",
       [](Case& c) {
         c.encoded.ca_issuers_url = c.asked.ca_issuers_url = "http://pki.example/";
         c.asked.ocsp_url = "http://ocsp.example/";
       }},
      {"crl_distribution_point", "one of two",
       Asked([](auto& s) { s.crl_urls.push_back("http://pki.other/"); })},
      {"security_identifier", "of another with the same beginning",
       [](Case& c) {
         c.encoded.sid = "S-1-5-21-1-2-3-41";
         c.asked.sid = "S-1-5-21-1-2-3-4";
       }},
      {"security_identifier", "absent", Asked([](auto& s) { s.sid = "S-1-5-21-1-2-3-4"; })},
      {"security_identifier", "not asked", [](Case& c) { c.encoded.sid = "S-1-5-21-1-2-3-4"; }},
      {"issuer_constraints", "dns name outside of the permitted",
       [](Case& c) { c.context.rules = ChainThatPermits("other"); }},
      {"name_constraints", "absent", Without("2.5.29.30"), true},
      {"name_constraints", "another", Asked([](auto& s) { s.permitted_dns = {"other"}; }), true},
      {"name_constraints", "not critical", Criticality("2.5.29.30", false), true},
      {"name_constraints", "not asked", Asked([](auto& s) { s.permitted_dns.clear(); }), true},
  };
}

std::vector<Violation> AllViolations() {
  std::vector<Violation> all = BodyViolations();
  for (Violation& violation : ExtensionViolations()) all.push_back(std::move(violation));
  return all;
}

TEST(LintTest, SoundCertificatesHaveNoFinding) {
  CertificateSpec no_subject = LeafSpec(), wildcard = LeafSpec();
  no_subject.subject = {};
  wildcard.san.dns = {"*.corp"};
  wildcard.extended_key_usage = {"1.3.6.1.5.5.7.3.1"};
  CertificateSpec everything = LeafSpec();
  everything.ca_issuers_url = "http://pki.example/ca.crt";
  everything.sid = "S-1-5-21-1-2-3-1104";
  everything.ocsp_url = "http://ocsp.example/";
  everything.crl_urls = {"http://pki.example/ca.crl", "ldap://pki.example/"};
  everything.san.uri = {"spiffe://corp.example/a", std::string(kSidUriPrefix) + "S-1-5-21-1"};
  everything.san.email = {"a@corp.example"};
  everything.san.upn = {"m\xC3\xBCller@corp.example"};
  for (const CertificateSpec& spec : {LeafSpec(), CaSpec(), no_subject, wildcard, everything}) {
    for (const auto algorithm : {SignatureAlgorithm::kRsaSha256, SignatureAlgorithm::kEcdsaSha256,
                                 SignatureAlgorithm::kEcdsaSha384}) {
      Case c = Sound(spec);
      c.input.signature_algorithm = algorithm;
      EXPECT_EQ(RulesOf(Lint(c)), "");
    }
  }
}

TEST(LintTest, NamesThatTheChainPermitsHaveNoFinding) {
  Case c = Sound(LeafSpec());
  c.context.rules = ChainThatPermits("corp");
  EXPECT_EQ(RulesOf(Lint(c)), "");
}

TEST(LintTest, ARootIsNotHeldAgainstAnIssuersDates) {
  Case c = Sound(CaSpec());
  c.input.issuer_key_identifier = c.context.issuer_key_identifier = {};
  c.context.issuer_not_before = c.context.issuer_not_after = {};
  EXPECT_EQ(RulesOf(Lint(c)), "validity_nested");
  c.context.self_signed = true;
  EXPECT_EQ(RulesOf(Lint(c)), "");
}

TEST(LintTest, EachViolationIsNamedByItsRuleAlone) {
  for (const Violation& violation : AllViolations()) {
    Case c = Sound(violation.ca ? CaSpec() : LeafSpec());
    violation.change(c);
    const auto findings = Lint(c);
    EXPECT_EQ(RulesOf(findings), violation.rule) << violation.what;
    for (const LintFinding& finding : findings) {
      EXPECT_FALSE(finding.citation.empty()) << finding.rule;
      EXPECT_FALSE(finding.message.empty()) << finding.rule;
    }
  }
}

// A rule without a violation here is a rule that nobody has seen work.
TEST(LintTest, EveryRuleOfTheCodeIsTested) {
  std::ifstream file(FLEETMINT_SOURCE_DIR "/engine/x509/lint.cc");
  const std::string source(std::istreambuf_iterator<char>(file), {});
  const std::size_t table = source.find("kRules{{"), end = source.find("}};", table);
  ASSERT_NE(end, std::string::npos) << "the table of rules was not found in the source";
  std::set<std::string> in_code, tested;
  for (std::size_t at = source.find("    {\"", table); at < end; at = source.find("    {\"", at)) {
    at += 6;
    in_code.insert(source.substr(at, source.find('"', at) - at));
  }
  for (const Violation& violation : AllViolations()) tested.insert(violation.rule);
  ASSERT_GE(in_code.size(), 20u) << "rules were missed";
  EXPECT_EQ(tested, in_code);
}

TEST(LintTest, FindingsStandInTheOrderOfTheRules) {
  Case c = Sound(LeafSpec());
  c.input.serial[0] = 0;
  c.input.issuer_name = kOtherName;
  c.asked.san.dns = {"x"};
  c.asked.key_usage = key_usage::kKeyAgreement;
  EXPECT_EQ(RulesOf(Lint(c)), "serial issuer_name san_matches key_usage");
}

TEST(LintTest, WhatIsNoTbsIsAFindingToo) {
  const Case c = Sound(LeafSpec());
  const Bytes tbs = EncodeTbsCertificate(c.encoded, c.input);
  Bytes trailing = tbs;
  trailing.push_back(0);
  for (const Bytes& bytes :
       {Bytes{}, FromHex("3000"), Bytes(100), Bytes(tbs.begin(), tbs.end() - 1), trailing}) {
    EXPECT_EQ(RulesOf(LintTbs(bytes, c.asked, c.context)), "parse") << bytes.size();
  }
}

}  // namespace
}  // namespace fleetmint
