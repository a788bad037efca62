// Chains of CA certificates: each rule of RFC 5280 6.1 that is promised is broken once.
#include "engine/x509/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "engine/base/pem.h"
#include "engine/x509/certificate_spec.h"
#include "engine/x509/leaf_rules.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A CA that openssl makes: nothing of this library has encoded it.
class ChainTest : public testing::Test {
 protected:
  // Make makes `name`, signed by `issuer` (by itself where empty), with these extensions.
  void Make(const std::string& name, const std::string& issuer, const std::string& extensions,
            const std::string& subject = "") {
    temp_.Write(name + ".cnf", "[req]\ndistinguished_name=dn\n[dn]\n[ext]\n" + extensions);
    const std::string key = temp_ / (name + ".key"), request = temp_ / (name + ".csr"),
                      certificate = temp_ / (name + ".crt"), config = temp_ / (name + ".cnf");
    const std::string named = "/CN=" + (subject.empty() ? name : subject);
    ASSERT_TRUE(RunProgram({"openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request,
                            "-subj", named, "-config", config})
                    .ok());
    std::vector<std::string> sign{"openssl", "x509",        "-req",  "-in", request,
                                  "-out",    certificate,   "-days", "30",  "-extfile",
                                  config,    "-extensions", "ext"};
    if (issuer.empty()) {
      sign.insert(sign.end(), {"-signkey", key});
    } else {
      sign.insert(sign.end(), {"-CA", temp_ / (issuer + ".crt"), "-CAkey",
                               temp_ / (issuer + ".key"), "-CAcreateserial"});
    }
    const auto result = RunProgram(sign);
    ASSERT_TRUE(result.ok()) << result;
  }
  Certificate Read(const std::string& name) {
    std::ifstream file(temp_ / (name + ".crt"));
    const std::string text(std::istreambuf_iterator<char>(file), {});
    return Certificate::Parse(PemDecodeAll(text).front().der);
  }
  std::vector<Certificate> Chain(const std::vector<std::string>& names) {
    std::vector<Certificate> chain;
    for (const std::string& name : names) chain.push_back(Read(name));
    return chain;
  }
  // The errors; `warnings` receives the rest.
  std::vector<std::string> Faults(const std::vector<std::string>& names, Seconds later = {}) {
    const auto faults = ChainFaults(Chain(names), SystemClock().Now() + later);
    warnings_ = Warnings(faults);
    std::vector<std::string> messages;
    for (const Fault& fault : Errors(faults)) messages.push_back(fault.message);
    return messages;
  }
  std::vector<std::string> warnings_;

  static constexpr const char* kCa =
      "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
      "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
  TempDir temp_;
};

TEST_F(ChainTest, SoundChainsHaveNoFault) {
  Make("root", "", kCa);
  Make("middle", "root", kCa);
  Make("issuing", "middle", kCa);
  EXPECT_THAT(Faults({"root"}), IsEmpty());
  EXPECT_THAT(Faults({"issuing", "middle", "root"}), IsEmpty());
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ChainTest, PathLengthsCountTheCasBelow) {
  const auto limited = [](int length) {
    return "basicConstraints=critical,CA:TRUE,pathlen:" + std::to_string(length) +
           "\nkeyUsage=critical,keyCertSign\n";
  };
  Make("root", "", limited(1));
  Make("middle", "root", limited(0));
  Make("issuing", "middle", limited(0));
  EXPECT_THAT(Faults({"middle", "root"}), IsEmpty());
  EXPECT_THAT(Faults({"issuing", "middle", "root"}),
              ElementsAre(HasSubstr("'CN=middle' allows 0 CA certificates below it"),
                          HasSubstr("'CN=root' allows 1 CA certificate below it")));
}

TEST_F(ChainTest, ASelfIssuedCertificateDoesNotCount) {
  Make("root", "",
       "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n"
       "subjectKeyIdentifier=hash\n");
  Make("next", "root", kCa, "root");  // the same name, another key: a roll-over
  EXPECT_THAT(Faults({"next", "root"}), IsEmpty());
}

TEST_F(ChainTest, EachCertificateMustBeOneOfACa) {
  Make("root", "", kCa);
  Make("leaf", "root", "basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\n");
  EXPECT_THAT(Faults({"leaf", "root"}),
              ElementsAre(HasSubstr("lacks keyCertSign"), HasSubstr("is not one of a CA")));
  Make("strange", "root", std::string(kCa) + "1.2.3.4=critical,DER:0500\n");
  EXPECT_THAT(Faults({"strange", "root"}), ElementsAre(HasSubstr("critical extension 1.2.3.4")));
}

TEST_F(ChainTest, OrderSignatureAndDatesMustHold) {
  Make("root", "", kCa);
  Make("issuing", "root", kCa);
  Make("twin", "", kCa, "root");  // the root's name, another key
  EXPECT_THAT(Faults({"root", "issuing"}),
              ElementsAre(HasSubstr("'CN=root' is not signed by the next one"),
                          HasSubstr("'CN=issuing' is the last one of the chain and not signed")));
  EXPECT_THAT(Faults({"issuing"}), ElementsAre(HasSubstr("not signed by itself")));
  EXPECT_THAT(Faults({"issuing", "twin"}), ElementsAre(HasSubstr("is not signed by the next one")));
  EXPECT_THAT(Faults({"issuing", "root"}, ParseDuration("31d")),
              ElementsAre(HasSubstr("expired at"), HasSubstr("expired at")));
  EXPECT_THAT(Faults({"root"}, -ParseDuration("1d")), ElementsAre(HasSubstr("not valid before")));
}

// What a certificate of a CA need not have for most verifiers: a warning names those who refuse.
TEST_F(ChainTest, WhatOnlyStrictVerifiersRefuseIsAWarning) {
  Make("root", "", kCa);
  const auto warning_of = [&](const std::string& extensions) {
    Make("odd", "root", extensions);
    EXPECT_THAT(Faults({"odd", "root"}), IsEmpty()) << extensions;
    return warnings_.size() == 1 ? warnings_.front() : std::to_string(warnings_.size());
  };
  static const std::string ids = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
  EXPECT_THAT(warning_of("basicConstraints=CA:TRUE\nkeyUsage=keyCertSign\n" + ids),
              AllOf(HasSubstr("not critical"), HasSubstr("refused by OpenSSL with -x509_strict")));
  EXPECT_THAT(warning_of("basicConstraints=critical,CA:TRUE\n" + ids), HasSubstr("no key usage"));
  EXPECT_THAT(warning_of("basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n"
                         "subjectKeyIdentifier=none\nauthorityKeyIdentifier=keyid\n"),
              HasSubstr("no subject key identifier"));
  EXPECT_THAT(warning_of("basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n"
                         "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=none\n"),
              HasSubstr("does not name its issuer's key"));
  EXPECT_THAT(warning_of(std::string(kCa) + "nameConstraints=critical,permitted;dirName:dn\n[dn]\n"
                                            "CN=odd\n[rest]\n"),
              HasSubstr("refused by Go"));
}

// Who looks for an issuer by its name alone may find another one of that name.
TEST_F(ChainTest, TwoCasOfOneNameMustBeToldApart) {
  Make("root", "", kCa);
  Make("next", "root", kCa, "root");
  Make("told", "next", kCa);
  Make("vague", "next", std::string(kCa) + "authorityKeyIdentifier=none\n");
  EXPECT_THAT(Faults({"told", "next", "root"}), IsEmpty());
  EXPECT_THAT(Faults({"vague", "next", "root"}), ElementsAre(HasSubstr("by which of the keys")));
}

// The name of the issuer and another key of it: the certificate was not signed by that one.
TEST_F(ChainTest, AnotherKeyOfTheIssuerIsNamed) {
  Make("root", "", kCa);
  Make("issuing", "root",
       std::string(kCa) + "2.5.29.35=DER:301680140102030405060708090a0b0c0d0e0f1011121314\n");
  EXPECT_THAT(Faults({"issuing", "root"}), ElementsAre(HasSubstr("names another key")));
}

// What a CA asks of those below binds the CAs below, too.
TEST_F(ChainTest, ConstraintsBindTheCasBelow) {
  Make("root", "",
       std::string(kCa) + "nameConstraints=permitted;dirName:dn\n[dn]\nCN=inside\n[rest]\n");
  Make("outside", "root", kCa);
  Make("inside", "root", kCa);
  EXPECT_THAT(Faults({"inside", "root"}), IsEmpty());
  EXPECT_THAT(
      Faults({"outside", "root"}),
      ElementsAre(AllOf(HasSubstr("forbid the subject 'CN=outside'"), HasSubstr("itself"))));
}

// Each fault has the remedy of its own kind.
TEST_F(ChainTest, HintsAreOfTheFault) {
  Make("root", "", kCa);
  Make("issuing", "root", kCa);
  const auto hint = [&](const std::vector<std::string>& names, Seconds later = {}) {
    return Errors(ChainFaults(Chain(names), SystemClock().Now() + later)).front().hint;
  };
  EXPECT_THAT(hint({"root", "issuing"}), HasSubstr("the root last"));
  EXPECT_THAT(hint({"issuing"}), HasSubstr("add the certificates above it"));
  EXPECT_THAT(hint({"root"}, ParseDuration("31d")), HasSubstr("renewed"));
  EXPECT_THAT(hint({"root"}, -ParseDuration("1d")), HasSubstr("clock"));
}

// What OpenSSL cannot read at all; the signature, wrong by the change, is a fault of its own.
TEST_F(ChainTest, FormsThatNobodyReadsAreErrors) {
  Make("root", "",
       std::string(kCa) + "crlDistributionPoints=URI:http://x.example/a\nsubjectAltName=DNS:a\n",
       "Name");
  const Bytes sound = Read("root").der();
  const auto form = [&](const std::string& before, const std::string& after) {
    Bytes der = sound;
    const Bytes from = FromHex(before), to = FromHex(after);
    EXPECT_EQ(from.size(), to.size());
    for (auto at = der.begin();; at += static_cast<std::ptrdiff_t>(to.size())) {
      at = std::search(at, der.end(), from.begin(), from.end());
      if (at == der.end()) break;
      std::copy(to.begin(), to.end(), at);
    }
    EXPECT_NE(der, sound) << before;
    const std::vector<Certificate> chain{Certificate::Parse(der)};
    std::string forms;
    for (const PathFault& fault : ChainFaults(chain, SystemClock().Now())) {
      if (fault.fault.rule == "form") forms += fault.fault.message + "; ";
    }
    return forms;
  };
  EXPECT_EQ(form("0c044e616d65", "0c044e616d66"), "") << "another name";
  EXPECT_THAT(form("0c044e616d65", "0c044e61ff65"), HasSubstr("string that is damaged"));
  EXPECT_THAT(form("0c044e616d65", "02044e616d65"), HasSubstr("string that is damaged"));
  EXPECT_THAT(form("0c044e616d65", "1e04d800006d"), HasSubstr("string that is damaged"));
  EXPECT_EQ(form("0c044e616d65", "1e04004e006d"), "") << "a BMPString";
  // The name of the distribution point says that it is longer than it is.
  EXPECT_THAT(form("8612687474703a2f2f782e6578616d706c65", "8672687474703a2f2f782e6578616d706c65"),
              HasSubstr("damaged extension 2.5.29.31"));
  const ByteView serial = CertificateView::Read(sound).raw_serial();
  Bytes padded(serial.begin(), serial.end());
  padded[0] = 0;
  padded[1] &= 0x7F;
  EXPECT_THAT(form(ToHex(serial), ToHex(padded)), HasSubstr("serial number that is not in DER"));
  const Bytes key = Certificate::Parse(sound).subject_key_identifier();
  EXPECT_THAT(form("0603551d0e04160414" + ToHex(ByteView(key).first(2)), "0603551d0e041604000412"),
              HasSubstr("empty subject key identifier"));
}

// The rules that an endpoint's certificate breaks below a chain.
std::string Broken(const LeafRules& rules, const std::vector<std::string>& usages,
                   std::uint16_t key_usage = key_usage::kDigitalSignature) {
  std::vector<std::string> oids;
  for (const std::string& usage : usages) oids.push_back(*ExtendedKeyUsageOid(usage));
  LeafFields leaf;
  leaf.extended_key_usage = oids;
  leaf.key_usage = key_usage;
  std::string broken;
  for (const Fault& fault : rules.Faults(leaf)) broken += std::string(fault.rule) + " ";
  return broken;
}

TEST_F(ChainTest, UsagesOfACaBindItsEndpoints) {
  Make("root", "", kCa);
  Make("server", "root", std::string(kCa) + "extendedKeyUsage=serverAuth\n");
  Make("below", "server", kCa);
  Make("gated", "root", std::string(kCa) + "extendedKeyUsage=msSGC\n");
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{"server", "root"}, {"below", "server", "root"}}) {
    const LeafRules rules(Chain(names));
    EXPECT_EQ(Broken(rules, {"server_auth"}), "");
    EXPECT_EQ(Broken(rules, {"client_auth"}), "ca_usage ");
    EXPECT_EQ(Broken(rules, {"client_auth", "server_auth"}), "ca_usage ");
    EXPECT_EQ(Broken(rules, {}), "");
    EXPECT_FALSE(rules.BindNames());
  }
  EXPECT_EQ(Broken(LeafRules(Chain({"gated", "root"})), {"server_auth"}), "");
  EXPECT_EQ(Broken(LeafRules(Chain({"gated", "root"})), {"client_auth"}), "ca_usage ");
}

// RFC 5280 6.1.5 (a): the endpoint itself is one of those that may follow.
TEST_F(ChainTest, PoliciesThatAreRequiredOfEndpoints) {
  const auto policies = [](int count) {
    return std::string(kCa) + "policyConstraints=requireExplicitPolicy:" + std::to_string(count) +
           "\n";
  };
  Make("root", "", policies(0));
  EXPECT_EQ(Broken(LeafRules(Chain({"root"})), {}), "") << "what a root asks does not count";
  for (const int count : {0, 1, 2, 3}) {
    Make("middle", "root", policies(count));
    Make("issuing", "middle", kCa);
    EXPECT_EQ(Broken(LeafRules(Chain({"middle", "root"})), {}),
              count < 2 ? "explicit_policy " : "");
    EXPECT_EQ(Broken(LeafRules(Chain({"issuing", "middle", "root"})), {}),
              count < 3 ? "explicit_policy " : "");
  }
}

TEST_F(ChainTest, KeyUsagesMustServeTls) {
  const LeafRules rules;
  using namespace key_usage;
  EXPECT_EQ(Broken(rules, {"client_auth"}, kKeyEncipherment), "key_usage_of_tls ");
  EXPECT_EQ(Broken(rules, {"server_auth"}, kKeyEncipherment), "");
  EXPECT_EQ(Broken(rules, {"server_auth"}, kNonRepudiation), "key_usage_of_tls ");
  EXPECT_EQ(Broken(rules, {"client_auth"}, kKeyAgreement), "");
  EXPECT_EQ(Broken(rules, {"client_auth"}, 0), "") << "none restricts nothing";
  EXPECT_EQ(Broken(rules, {"email_protection"}, kKeyEncipherment), "");
}

}  // namespace
}  // namespace fleetmint
