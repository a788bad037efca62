// CertificateSpec: the gate before encoding, and the names of usages and bits.
#include "engine/x509/certificate_spec.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "engine/x509/tbs_certificate.h"

namespace fleetmint {
namespace {

constexpr const char* kClientAuth = "1.3.6.1.5.5.7.3.2";
constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";

CertificateSpec Leaf() {
  CertificateSpec spec;
  spec.subject = Name::Parse("CN=ws-0001.corp, O=Acme");
  spec.san.dns = {"ws-0001.corp", "itAuth"};
  spec.san.ip = {FromHex("0a000005")};
  spec.key_usage = key_usage::kDigitalSignature | key_usage::kKeyEncipherment;
  spec.extended_key_usage = {kClientAuth};
  spec.validity = {std::chrono::days{365}, std::chrono::minutes{10}, std::chrono::days{14}};
  return spec;
}

CertificateSpec Ca() {
  CertificateSpec spec;
  spec.subject = Name::Parse("CN=Acme Root");
  spec.is_ca = true;
  spec.path_length = 1;
  spec.permitted_dns = {"corp.example"};
  spec.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign;
  spec.validity.duration = std::chrono::days{7300};
  return spec;
}

std::string Joined(const std::vector<Fault>& faults) {
  std::string text;
  for (const Fault& fault : faults) text += fault.message + "\n";
  return text;
}

TEST(ValidateSpecTest, SoundSpecsPass) {
  EXPECT_EQ(Joined(ValidateSpec(Leaf())), "");
  EXPECT_EQ(Joined(ValidateSpec(Ca())), "");
}

using Change = std::function<void(CertificateSpec&)>;

struct RuleCase {
  const char* fault;  // part of the one message
  Change bad;
  Change good;  // the nearest spec that passes
};

// Every bad spec breaks one rule alone; its neighbour none.
void CheckRules(const CertificateSpec& base, const std::vector<RuleCase>& cases) {
  for (const RuleCase& c : cases) {
    CertificateSpec good = base, bad = base;
    c.good(good);
    EXPECT_EQ(Joined(ValidateSpec(good)), "") << "the neighbour of: " << c.fault;
    c.bad(bad);
    const auto faults = ValidateSpec(bad);
    ASSERT_EQ(faults.size(), 1u) << c.fault << ": " << Joined(faults);
    EXPECT_NE(faults[0].message.find(c.fault), std::string::npos) << faults[0].message;
  }
}

TEST(ValidateSpecTest, RulesOfNames) {
  CheckRules(
      Leaf(),
      {{"longer than 64",
        [](auto& s) {
          s.subject = {{{"CN", std::string(65, 'a')}}};
        },
        [](auto& s) {
          s.subject = {{{"CN", std::string(64, 'a')}}};
        }},
       {"neither a subject nor", [](auto& s) { s.subject = {}, s.san = {}; },
        [](auto& s) { s.subject = {}; }},
       {"neither a subject nor", [](auto& s) { s.subject = {}, s.san = {}; },
        [](auto& s) { s.san = {}; }},
       {"wildcard", [](auto& s) { s.san.dns = {"*.corp"}; },
        [](auto& s) { s.san.dns = {"*.corp"}, s.extended_key_usage = {kServerAuth}; }},
       {"wildcard",
        [](auto& s) {
          s.san.dns = {"*.corp"}, s.extended_key_usage = {kServerAuth, kClientAuth};
        },
        [](auto& s) {
          s.san.dns = {"w.corp"}, s.extended_key_usage = {kServerAuth, kClientAuth};
        }},
       {"wildcard", [](auto& s) { s.san.dns = {"*.corp"}, s.extended_key_usage = {}; },
        [](auto& s) { s.san.dns = {"w.corp"}, s.extended_key_usage = {}; }},
       {"uri 'corp'", [](auto& s) { s.san.uri = {"corp"}; },
        [](auto& s) { s.san = {}, s.subject = {}, s.san.uri = {"spiffe://corp/a"}; }},
       {"email 'a'", [](auto& s) { s.san.email = {"a"}; },
        [](auto& s) { s.san = {}, s.subject = {}, s.san.email = {"a@corp"}; }},
       {"upn 'a'", [](auto& s) { s.san.upn = {"a"}; },
        [](auto& s) { s.san = {}, s.subject = {}, s.san.upn = {"a@corp"}; }},
       {"empty label", [](auto& s) { s.san.dns = {"a..b"}; }, [](auto& s) { s.san.dns = {"a.b"}; }},
       {"stands twice",
        [](auto& s) {
          s.san.dns = {"itAuth", "ITAUTH"};
        },
        [](auto& s) {
          s.san.dns = {"itAuth", "itAuth2"};
        }},
       {"neither IPv4 nor IPv6", [](auto& s) { s.san.ip = {Bytes(5)}; },
        [](auto& s) {
          s.san.ip = {Bytes(4), Bytes(16)};
        }}});
}

TEST(ValidateSpecTest, RulesOfCaAndLeaf) {
  CheckRules(Ca(), {{"needs the key usage key_cert_sign",
                     [](auto& s) { s.key_usage = key_usage::kCrlSign; },
                     [](auto& s) { s.key_usage = key_usage::kKeyCertSign; }},
                    {"a CA certificate needs a subject",
                     [](auto& s) { s.subject = {}, s.san.dns = {"ca.example"}; },
                     [](auto& s) { s.san.dns = {"ca.example"}; }},
                    {"name constraint",
                     [](auto& s) {
                       s.permitted_dns = {"test", ".corp"};
                     },
                     [](auto& s) {
                       s.permitted_dns = {"test", "corp"};
                     }},
                    {"name constraint", [](auto& s) { s.permitted_dns = {"\xC3\xBC.corp"}; },
                     [](auto& s) { s.permitted_dns = {"xn--tda.corp"}; }}});
  CheckRules(Leaf(), {{"key_cert_sign belongs to CA",
                       [](auto& s) { s.key_usage |= key_usage::kKeyCertSign; },
                       [](auto& s) { s.key_usage |= key_usage::kNonRepudiation; }},
                      {"path_length belongs to CA", [](auto& s) { s.path_length = 0; },
                       [](auto& s) { s.path_length = std::nullopt; }},
                      {"name constraints belong to CA", [](auto& s) { s.permitted_dns = {"corp"}; },
                       [](auto& s) { s.permitted_dns = {}; }}});
}

TEST(ValidateSpecTest, RulesOfExtensions) {
  CheckRules(
      Leaf(),
      {{"key_usage is empty", [](auto& s) { s.key_usage = 0; },
        [](auto& s) { s.key_usage = key_usage::kKeyAgreement; }},
       {"is not an object identifier", [](auto& s) { s.extended_key_usage = {"client_auth"}; },
        [](auto& s) { s.extended_key_usage = {"1.3.6.1.4.1.311.20.2.2"}; }},
       {"crl_url", [](auto& s) { s.crl_urls = {"pki.example/ca.crl"}; },
        [](auto& s) { s.crl_urls = {"http://pki.example/ca.crl"}; }},
       {"crl_url", [](auto& s) { s.crl_urls = {"http://pki.example/a b"}; },
        [](auto& s) { s.crl_urls = {"ldap://pki.example/a%20b"}; }},
       {"crl_url 'b'",
        [](auto& s) {
          s.crl_urls = {"http://a/", "b"};
        },
        [](auto& s) {
          s.crl_urls = {"http://a/", "http://b/"};
        }},
       {"ocsp_url", [](auto& s) { s.ocsp_url = "ldap://a/"; },
        [](auto& s) { s.ocsp_url = "http://a/"; }},
       {"ca_issuers_url", [](auto& s) { s.ca_issuers_url = "ftp://pki.example/ca.crt"; },
        [](auto& s) { s.ca_issuers_url = "https://pki.example/ca.crt"; }},
       {"ca_issuers_url", [](auto& s) { s.ca_issuers_url = "http://\xC3\xBC.example"; },
        [](auto& s) { s.ca_issuers_url = "http://xn--tda.example"; }}});
}

TEST(ValidateSpecTest, RulesOfValidity) {
  CheckRules(
      Leaf(),
      {{"longer than nothing",
        [](auto& s) {
          s.validity = {Seconds{0}, {}, {}};
        },
        [](auto& s) {
          s.validity = {Seconds{1}, {}, {}};
        }},
       {"longer than nothing",
        [](auto& s) { s.validity.duration = Seconds{-1}, s.validity.jitter = Seconds{0}; },
        [](auto& s) { s.validity.jitter = Seconds{0}; }},
       {"backdate", [](auto& s) { s.validity.backdate = std::chrono::hours{24} + Seconds{1}; },
        [](auto& s) { s.validity.backdate = std::chrono::hours{24}; }}});
}

TEST(ValidateSpecTest, SecurityIdentifiers) {
  for (const char* sid :
       {"S-1-5-21-1-2-3-1104", "S-1-5-18", "S-1-5-21-3623811015-3361044348-30300820-1013"}) {
    CertificateSpec spec = Leaf();
    spec.sid = sid;
    EXPECT_EQ(Joined(ValidateSpec(spec)), "") << sid;
  }
  for (const char* sid :
       {"S-1-", "S-1-5", "S-1-5-", "S-2-5-18", "s-1-5-18", "S-1-5--18", "S-1-5-18 ", "S-1-5-1x",
        "1-5-18", "S-1--5-18", "S-1-5-4294967296", "S-1-281474976710656-1",
        "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"}) {
    CertificateSpec spec = Leaf();
    spec.sid = sid;
    EXPECT_EQ(ValidateSpec(spec).size(), 1u) << sid << " was accepted";
  }
}

TEST(ValidateSpecTest, AllFaultsAreGivenAtOnce) {
  CertificateSpec spec;
  spec.is_ca = true;
  spec.crl_urls = {"x"};
  spec.sid = "x";
  EXPECT_EQ(ValidateSpec(spec).size(), 7u) << Joined(ValidateSpec(spec));
}

// A spec that passed can be encoded, and is read back as it was written: else the run fails
// endpoint by endpoint instead of at validation.
TEST(ValidateSpecTest, EveryAcceptedUsageCanBeEncoded) {
  const Bytes spki = FromHex("300c3005060355040a030300aabb");
  TbsInput input;
  input.spki = spki;
  for (const char* oid : {"1.2.3", "2.999.1", "0.0", "1.39.1", "2.5.29.37.0"}) {
    CertificateSpec spec = Leaf();
    spec.extended_key_usage = {oid};
    ASSERT_EQ(Joined(ValidateSpec(spec)), "");
    EXPECT_NO_THROW(EncodeTbsCertificate(spec, input)) << oid;
  }
  for (const char* oid : {"", ".", "1", "1.", ".1", "1..2", "3.1.1", "1.40.1", "0.40", "1.02.3",
                          "1.2.99999999999999999999999", "1.2.x", "1.-2", "1.2 ", "12.1"}) {
    CertificateSpec spec = Leaf();
    spec.extended_key_usage = {oid};
    EXPECT_EQ(ValidateSpec(spec).size(), 1u) << oid << " was accepted";
    EXPECT_EQ(ExtendedKeyUsageOid(oid), std::nullopt) << oid;
  }
}

TEST(UsageNamesTest, NamesAndOidsAreInverse) {
  std::set<std::string> oids;
  for (const std::string& name : ExtendedKeyUsageNames()) {
    const auto oid = ExtendedKeyUsageOid(name);
    ASSERT_TRUE(oid.has_value()) << name;
    EXPECT_EQ(ExtendedKeyUsageName(*oid), name);
    EXPECT_TRUE(oids.insert(*oid).second) << name << " shares its object identifier";
  }
  EXPECT_EQ(ExtendedKeyUsageOid("client_auth"), kClientAuth);
  EXPECT_EQ(ExtendedKeyUsageOid("server_auth"), kServerAuth);
  EXPECT_EQ(ExtendedKeyUsageOid("1.2.3"), "1.2.3");
  EXPECT_EQ(ExtendedKeyUsageName("1.2.3"), "1.2.3");
  EXPECT_EQ(ExtendedKeyUsageOid("clientAuth"), std::nullopt);
}

TEST(UsageNamesTest, BitsAndNamesAreInverse) {
  const auto names = KeyUsageNames(0xFFFF);
  ASSERT_EQ(names.size(), 7u);
  std::uint16_t all = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(KeyUsageBit(names[i]), 1U << i) << names[i] << " is not its bit of RFC 5280 4.2.1.3";
    all = static_cast<std::uint16_t>(all | *KeyUsageBit(names[i]));
  }
  EXPECT_EQ(KeyUsageNames(all), names);
  EXPECT_TRUE(KeyUsageNames(0).empty());
  EXPECT_EQ(KeyUsageBit("digitalSignature"), std::nullopt);
}

}  // namespace
}  // namespace fleetmint
