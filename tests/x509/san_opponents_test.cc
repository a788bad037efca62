// Subject alternative names as other programs read them: OpenSSL and Go show exactly the names that
// generated specs ask for.
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "engine/base/pem.h"
#include "engine/x509/certificate_view.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_chain.h"

namespace fleetmint {
namespace {

std::vector<CertificateSpec> GeneratedSpecs() {
  static const std::vector<std::string> kDns{"a", "itAuth", "ws-1.corp.example", "x_y.example",
                                             "xn--tda.example"};
  static const std::vector<std::string> kIp{"10.0.0.1", "255.255.255.255", "2001:db8::1", "::1"};
  static const std::vector<std::string> kUri{
      "spiffe://corp.example/agent/1", "https://10.0.0.1:8443/x?y=z#f", "urn:uuid:1-2",
      "https://[2001:db8::1]/", "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104"};
  static const std::vector<std::string> kEmail{"a@b", "first.last+x@corp.example"};
  static const std::vector<std::string> kUpn{"ws-1$@corp.example", "m\xC3\xBCller@corp.example"};
  std::mt19937 random(29);
  const auto some = [&](const std::vector<std::string>& all) {
    std::vector<std::string> few;
    for (const std::string& item : all) {
      if (random() % 3 == 0) few.push_back(item);
    }
    return few;
  };
  std::vector<CertificateSpec> specs;
  while (specs.size() < 30) {
    CertificateSpec spec = LeafSpec(random() % 4 == 0 ? "" : "CN=x");
    spec.san = {some(kDns), {}, some(kUri), some(kEmail), some(kUpn)};
    for (const std::string& ip : some(kIp)) spec.san.ip.push_back(*ParseIp(ip));
    spec.crl_urls = some({"http://a/c.crl", "ldap://b/c", "http://c/"});
    if (random() % 2 == 0) spec.ocsp_url = "http://ocsp.example/";
    if (ValidateSpec(spec).empty() && !spec.san.empty()) specs.push_back(std::move(spec));
  }
  return specs;
}

Bytes CertificateOf(const CertificateSpec& spec) {
  static const PrivateKey key = NewKey({KeyAlgorithm::kEcdsa, 256});
  return SignWith(key, Name::Parse("CN=Test Root"), spec, key.spki());
}

// OpenSSL writes an IPv6 address without "::".
std::string LongIp(const Bytes& octets) {
  if (octets.size() == 4) return FormatIp(octets);
  std::string text;
  for (std::size_t i = 0; i < 16; i += 2) {
    char group[8];
    std::snprintf(group, sizeof group, "%s%X", i == 0 ? "" : ":", octets[i] << 8U | octets[i + 1]);
    text += group;
  }
  return text;
}

TEST(SanOpponentsTest, OpensslShowsTheAskedNames) {
  for (const CertificateSpec& spec : GeneratedSpecs()) {
    const Bytes der = CertificateOf(spec);
    EXPECT_EQ(CertificateView::Read(der).San(), spec.san);
    const auto shown = RunProgram({"openssl", "x509", "-inform", "DER", "-noout", "-ext",
                                   "subjectAltName", "-nameopt", "-esc_msb"},
                                  AsText(der));
    ASSERT_TRUE(shown.ok()) << shown;
    std::string wanted;
    const auto add = [&](const std::string& name) {
      wanted += (wanted.empty() ? "" : ", ") + name;
    };
    for (const std::string& name : spec.san.dns) add("DNS:" + name);
    for (const Bytes& ip : spec.san.ip) add("IP Address:" + LongIp(ip));
    for (const std::string& name : spec.san.uri) add("URI:" + name);
    for (const std::string& name : spec.san.email) add("email:" + name);
    // 3.0 writes "otherName: 1.3.6.1.4.1.311.20.2.3::name", later ones "othername: UPN:name".
    std::string found = shown.out.substr(shown.out.find("\n    ") + 5);
    found.pop_back();
    std::size_t upns = 0;
    for (std::size_t at = 0; (at = found.find("othername:")) != std::string::npos; ++upns) {
      found.erase(at < 2 ? 0 : at - 2);
    }
    EXPECT_EQ(found, wanted);
    EXPECT_EQ(upns != 0, !spec.san.upn.empty());
    for (const std::string& name : spec.san.upn) {
      if (name.find('\xC3') != std::string::npos) continue;  // written in several ways
      EXPECT_NE(shown.out.find(":" + name), std::string::npos) << shown.out;
    }
    EXPECT_EQ(shown.out.find("critical") != std::string::npos, spec.subject.empty());
  }
}

TEST(SanOpponentsTest, GoReadsTheAskedNames) {
  if (!HasProgram("go")) GTEST_SKIP() << "no go";
  const TempDir dir;
  const std::string file = dir.path() + "/all.pem";
  const std::vector<CertificateSpec> specs = GeneratedSpecs();
  std::ofstream pem(file);
  for (const CertificateSpec& spec : specs) pem << PemEncode("CERTIFICATE", CertificateOf(spec));
  pem.close();
  const auto judged = RunProgram(
      {"go", "run", std::string(FLEETMINT_SOURCE_DIR) + "/tests/x509/san_judge.go", file});
  ASSERT_TRUE(judged.ok()) << judged;
  std::istringstream lines(judged.out);
  std::string line;
  for (const CertificateSpec& spec : specs) {
    ASSERT_TRUE(std::getline(lines, line));
    std::string wanted;
    for (const std::string& name : spec.san.dns) wanted += "DNS:" + name + " ";
    for (const Bytes& ip : spec.san.ip) wanted += "IP:" + FormatIp(ip) + " ";
    for (const std::string& name : spec.san.uri) wanted += "URI:" + name + " ";
    for (const std::string& name : spec.san.email) wanted += "email:" + name + " ";
    for (const std::string& url : spec.crl_urls) wanted += "CRL:" + url + " ";
    if (!spec.ocsp_url.empty()) wanted += "OCSP:" + spec.ocsp_url + " ";
    EXPECT_EQ(line, wanted);
  }
}

}  // namespace
}  // namespace fleetmint
