// An issuing CA under the organization's root: the certificate that answers a request.
#include <gtest/gtest.h>

#include "tests/authority/openssl_ca_fixture.h"

namespace fleetmint {
namespace {

using RequestTest = OpensslCaFixture;

// The way under a company's root: request, signed elsewhere, installed.
TEST_F(RequestTest, IsSignedInstalledAndIssues) {
  MakeRoot("corp", true);
  FixedPassphrase phrase(kPhrase);
  auto [authority, request] = Authority::Request(ca_, IssuingTier(), Options(&phrase));
  EXPECT_EQ(ReadFileText(ca_ + "/issuing.csr"), request);
  const auto checked =
      RunProgram({"openssl", "req", "-verify", "-noout", "-subject", "-in", ca_ + "/issuing.csr"});
  EXPECT_TRUE(checked.ok()) << checked;
  EXPECT_NE(WithNames(checked.out).find("subject=O=Test, CN=Issuing CA"), std::string::npos)
      << checked;

  Authority waiting = Authority::Open(ca_);
  EXPECT_TRUE(waiting.Chain().empty());
  EXPECT_EQ(waiting.Tiers().front().subject, "");
  EXPECT_NE(MessageOf([&] { waiting.Unlock(&phrase, clock_); }).find("has no certificate yet"),
            std::string::npos);

  SignRequest(ca_ + "/issuing.csr", "signed", "corp", "ca");
  waiting.Install(AsBytes(Chain({"signed", "corp"})), clock_);
  ExpectIssues(waiting, &phrase);
  Authority again = Authority::Open(ca_);
  EXPECT_EQ(again.id(), authority.id());
  EXPECT_EQ(again.Chain().size(), 2u);
  ExpectIssues(again, &phrase);
  for (const std::string& name : ListTree(ca_)) EXPECT_EQ(ModeOf(ca_ + "/" + name), 0600u) << name;
}

TEST_F(RequestTest, TakesItsOwnCertificateAlone) {
  MakeRoot("corp");
  MakeSub("other", "corp");
  Authority authority = Authority::Request(ca_, IssuingTier(), Options()).first;
  const auto before = ListTree(ca_);
  const std::string yaml = ReadFileText(ca_ + "/authority.yaml");
  SignRequest(ca_ + "/issuing.csr", "signed", "corp", "ca");
  SignRequest(ca_ + "/issuing.csr", "not-ca", "corp", "leaf");
  struct Case {
    std::vector<std::string> chain;
    const char* reason;
  };
  for (const Case& c :
       {Case{{"other", "corp"}, "was not made for this authority's request"},
        Case{{"corp"}, "was not made for this authority's request"},
        Case{{"not-ca", "corp"}, "not one of a CA"}, Case{{"signed"}, "not signed by itself"}}) {
    const auto error = ThrownBy([&] { authority.Install(AsBytes(Chain(c.chain)), clock_); });
    ASSERT_TRUE(error) << c.reason;
    EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
    EXPECT_NE(std::string(error->what()).find(c.reason), std::string::npos) << error->what();
  }
  EXPECT_EQ(ListTree(ca_), before) << "a refused certificate left something behind";
  EXPECT_EQ(ReadFileText(ca_ + "/authority.yaml"), yaml);
  using Installed = Authority::Installed;
  const std::string chain = Chain({"signed", "corp"});
  EXPECT_EQ(authority.Install(AsBytes(chain), clock_), Installed::kFirst);
  // Once more, as after a crash; and no other chain.
  EXPECT_EQ(authority.Install(AsBytes(chain), clock_), Installed::kBefore);
  EXPECT_EQ(Authority::Open(ca_).Install(AsBytes(chain), clock_), Installed::kBefore);
  EXPECT_THROW(authority.Install(AsBytes(Chain({"other", "corp"})), clock_), Error);
}

TEST_F(RequestTest, AnAuthorityThatAskedForNothingTakesNothing) {
  MakeRoot("corp");
  Authority authority = InitTwoTier();
  const std::string message =
      MessageOf([&] { authority.Install(AsBytes(Chain({"corp"})), clock_); });
  EXPECT_NE(message.find("waits for no certificate"), std::string::npos) << message;
  EXPECT_EQ(authority.Tiers().front().subject, "CN=Root CA, O=Test");
}

}  // namespace
}  // namespace fleetmint
