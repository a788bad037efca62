// Chains of CA certificates: each rule of RFC 5280 6.1 that is promised is broken once.
#include "engine/x509/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "engine/base/pem.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {
namespace {

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
  std::vector<std::string> Faults(const std::vector<std::string>& names, Seconds later = {}) {
    std::vector<Certificate> chain;
    for (const std::string& name : names) chain.push_back(Read(name));
    return ChainFaults(chain, SystemClock().Now() + later);
  }

  static constexpr const char* kCa =
      "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
      "subjectKeyIdentifier=hash\n";
  TempDir temp_;
};

TEST_F(ChainTest, SoundChainsHaveNoFault) {
  Make("root", "", kCa);
  Make("middle", "root", kCa);
  Make("issuing", "middle", std::string(kCa) + "authorityKeyIdentifier=keyid\n");
  EXPECT_THAT(Faults({"root"}), IsEmpty());
  EXPECT_THAT(Faults({"issuing", "middle", "root"}), IsEmpty());
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
  Make("root", "", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n");
  Make("next", "root", kCa, "root");  // the same name, another key: a roll-over
  EXPECT_THAT(Faults({"next", "root"}), IsEmpty());
}

TEST_F(ChainTest, EachCertificateMustBeOneOfACa) {
  Make("root", "", kCa);
  Make("leaf", "root", "basicConstraints=critical,CA:FALSE\n");
  EXPECT_THAT(Faults({"leaf", "root"}),
              ElementsAre(HasSubstr("is not one of a CA"), HasSubstr("lacks keyCertSign")));
  Make("soft", "root", "basicConstraints=CA:TRUE\nkeyUsage=keyCertSign\n");
  EXPECT_THAT(Faults({"soft", "root"}), ElementsAre(HasSubstr("not critical")));
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

TEST_F(ChainTest, NameConstraintsAllowWhatTheySay) {
  Make("root", "",
       std::string(kCa) +
           "nameConstraints=critical,permitted;DNS:corp.example,permitted;DNS:itAuth,"
           "excluded;DNS:lab.corp.example,permitted;IP:10.0.0.0/255.0.0.0\n");
  const std::vector<Certificate> chain{Read("root")};
  const auto faults = [&](const std::string& dns, const char* ip = nullptr) {
    SubjectAltNames san;
    san.dns = {dns};
    if (ip != nullptr) san.ip = {*ParseIp(ip)};
    return NameConstraintFaults(chain, san).size();
  };
  EXPECT_EQ(faults("corp.example"), 0u);
  EXPECT_EQ(faults("a.CORP.example", "10.1.2.3"), 0u);
  EXPECT_EQ(faults("itAuth"), 0u);
  EXPECT_EQ(faults("xcorp.example"), 1u);
  EXPECT_EQ(faults("x.lab.corp.example"), 1u);
  EXPECT_EQ(faults("other.example", "192.168.0.1"), 2u);
  EXPECT_EQ(faults("itAuth", "2001:db8::1"), 1u);
}

TEST_F(ChainTest, AddressesOfTheOtherFamilyAreNotPermitted) {
  Make("root", "", std::string(kCa) + "nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0\n");
  const std::vector<Certificate> chain{Read("root")};
  SubjectAltNames san;
  san.ip = {*ParseIp("2001:db8::1")};
  EXPECT_THAT(NameConstraintFaults(chain, san), ElementsAre(HasSubstr("'2001:db8::1'")));
}

TEST_F(ChainTest, WhatIsOnlyExcludedLeavesTheRest) {
  Make("root", "", std::string(kCa) + "nameConstraints=critical,excluded;DNS:lab.example\n");
  const std::vector<Certificate> chain{Read("root")};
  SubjectAltNames san;
  san.dns = {"host.example", "host.lab.example"};
  san.ip = {*ParseIp("10.1.2.3")};
  EXPECT_THAT(NameConstraintFaults(chain, san), ElementsAre(HasSubstr("'host.lab.example'")));
}

// The name of the issuer and another key of it: the certificate was not signed by that one.
TEST_F(ChainTest, AnotherKeyOfTheIssuerIsNamed) {
  Make("root", "", kCa);
  Make("issuing", "root",
       std::string(kCa) + "2.5.29.35=DER:301680140102030405060708090a0b0c0d0e0f1011121314\n");
  EXPECT_THAT(Faults({"issuing", "root"}), ElementsAre(HasSubstr("names another key")));
}

TEST_F(ChainTest, ConstraintsOfOtherKindsAreNotPassedOver) {
  Make("root", "", std::string(kCa) + "nameConstraints=critical,permitted;email:corp.example\n");
  const std::vector<Certificate> chain{Read("root")};
  EXPECT_THAT(NameConstraintFaults(chain, {}), ElementsAre(HasSubstr("not supported")));
}

}  // namespace
}  // namespace fleetmint
