// The generations of a CA that has no CA of ours above it: it signs itself, or the organization's
// own has signed it.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/x509/name.h"
#include "tests/authority/openssl_ca_fixture.h"

namespace fleetmint {
namespace {

class RotateOwnCaTest : public OpensslCaFixture {
 protected:
  // Refused as a mistake of usage; gives message and hint.
  template <typename Call>
  std::string Refusal(Call call) {
    const auto before = ListTree(ca_);
    const auto error = ThrownBy(call);
    if (!error) return "nothing was thrown";
    EXPECT_EQ(error->kind(), ErrorKind::kUsage) << error->what();
    EXPECT_EQ(ListTree(ca_), before) << "a refusal left something behind";
    return error->what();
  }
  static bool Says(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
  Authority ImportUnderCorp() {
    MakeRoot("corp");
    MakeSub("sub", "corp");
    return Import(ReadFileBytes(temp_ / "sub.key"), Chain({"sub", "corp"}));
  }
  // The next generation's request, answered by the organization.
  void RequestAndInstall(Authority& authority) {
    Tier tier = IssuingTier();
    tier.certificate.subject = Name::Parse("CN=Sub G2");
    const std::string request = authority.RequestNext(tier, Options());
    EXPECT_EQ(ReadFileText(ca_ + "/issuing-2.csr"), request);
    SignRequest(ca_ + "/issuing-2.csr", "next", "corp", "ca");
    EXPECT_EQ(authority.Install(AsBytes(Chain({"next", "corp"})), clock_),
              Authority::Installed::kNext);
  }
};

TEST_F(RotateOwnCaTest, ACaThatSignsItselfIsRevokedByTrustAlone) {
  Authority authority = Init({IssuingTier()}, nullptr);
  IssueLeaf(authority);
  EXPECT_TRUE(Says(Refusal([&] { authority.Activate(clock_); }), "there is no next generation"));
  const std::string current = Refusal([&] { authority.RevokeGeneration(1, 1, clock_.Now()); });
  EXPECT_TRUE(Says(current, "is the current one") && Says(current, "ca rotate")) << current;
  EXPECT_TRUE(
      Says(Refusal([&] { authority.RevokeGeneration(2, 1, clock_.Now()); }), "known here: 1"));
  const SecretBytes key = authority.directory().ReadSecret("issuing.key");
  EXPECT_TRUE(Says(Refusal([&] { authority.Rotate({.above_key = key}, Options()); }),
                   "leave --root-key out"));
  authority.Rotate({}, Options());
  EXPECT_TRUE(authority.NeedsTrust());
  authority.Activate(clock_);
  EXPECT_EQ(authority.TrustDers(clock_.Now()).size(), 2u);
  EXPECT_TRUE(authority.RevokeGeneration(1, 1, clock_.Now()));
  EXPECT_FALSE(authority.RevokeGeneration(1, 1, clock_.Now()));
  ASSERT_EQ(authority.TrustDers(clock_.Now()).size(), 1u);
  EXPECT_EQ(authority.TrustDers(clock_.Now()).front(), authority.ChainDers().front());
  const auto issuers = authority.CrlIssuers();
  EXPECT_TRUE(std::all_of(issuers.begin(), issuers.end(), [](const auto& i) { return i.leaves; }))
      << "there is no list above";
  EXPECT_TRUE(OpensslVerify(authority, IssueLeaf(authority, "ws-2")).ok());
}

TEST_F(RotateOwnCaTest, AnImportedCaThatSignsItselfRotatesLikeOurs) {
  MakeRoot("own");
  Authority authority = Import(ReadFileBytes(temp_ / "own.key"), Chain({"own"}));
  authority.Rotate({}, Options());
  authority.Activate(clock_);
  EXPECT_EQ(NameToString(authority.Chain().front().subject()), "CN=own G2, O=Example");
  EXPECT_TRUE(OpensslVerify(authority, IssueLeaf(authority)).ok());
}

TEST_F(RotateOwnCaTest, AnImportedCaRotatesByItsOwnCaAlone) {
  Authority authority = ImportUnderCorp();
  IssueLeaf(authority);
  const std::string plain = Refusal([&] { authority.Rotate({}, Options()); });
  EXPECT_TRUE(Says(plain, "the key of 'CN=corp, O=Example' is not here")) << plain;
  EXPECT_TRUE(Says(plain, "ca rotate --request FILE")) << plain;
  // Nobody wants a second root that is called like the organization's.
  const std::string root = Refusal([&] { authority.Rotate({.root = true}, Options()); });
  EXPECT_TRUE(Says(root, "'CN=corp, O=Example' is another organization's")) << root;
  EXPECT_TRUE(Says(root, "ca rotate --request FILE")) << root;
  // Its key, where it is at hand, signs.
  const Bytes key = ReadFileBytes(temp_ / "corp.key");
  authority.Rotate({.above_key = {key.begin(), key.end()}}, Options());
  EXPECT_FALSE(authority.NeedsTrust());
  authority.Activate(clock_);
  EXPECT_TRUE(OpensslVerify(authority, IssueLeaf(authority, "ws-2")).ok());
}

TEST_F(RotateOwnCaTest, ARequestMakesTheNextGeneration) {
  Authority authority = ImportUnderCorp();
  IssueLeaf(authority);
  const std::int64_t first = *authority.issuing();
  RequestAndInstall(authority);
  EXPECT_EQ(authority.issuing(), first) << "it waits for its turn";
  EXPECT_FALSE(authority.NeedsTrust());
  EXPECT_EQ(authority.TrustDers(clock_.Now()).size(), 3u);
  const std::string again = Refusal([&] { authority.RequestNext(IssuingTier(), Options()); });
  EXPECT_TRUE(Says(again, "waits for its turn") && Says(again, "ca activate")) << again;
  authority.Activate(clock_);
  EXPECT_EQ(authority.Tiers().size(), 2u) << "the root is known once";
  EXPECT_TRUE(OpensslVerify(authority, IssueLeaf(authority, "ws-2")).ok());
  EXPECT_TRUE(authority.RevokeGeneration(1, 1, clock_.Now()));
  EXPECT_EQ(authority.TrustDers(clock_.Now()).size(), 2u);
  EXPECT_TRUE(OpensslVerify(Authority::Open(ca_), IssueLeaf(authority, "ws-3")).ok());
}

TEST_F(RotateOwnCaTest, WhileARequestWaitsNothingElseIsMade) {
  Authority authority = ImportUnderCorp();
  authority.RequestNext(IssuingTier(), Options());
  for (const std::string& refusal :
       {Refusal([&] { authority.RequestNext(IssuingTier(), Options()); }),
        Refusal([&] { authority.Rotate({}, Options()); })}) {
    EXPECT_TRUE(Says(refusal, "waits for its certificate") && Says(refusal, "ca install"))
        << refusal;
  }
  const std::string early = Refusal([&] { authority.Activate(clock_); });
  EXPECT_TRUE(Says(early, "has no certificate yet")) << early;
  EXPECT_TRUE(OpensslVerify(authority, IssueLeaf(authority)).ok()) << "the first one goes on";
}

// The key is under the passphrase of the others, and no other one makes a request.
TEST_F(RotateOwnCaTest, ARequestKeepsTheOnePassphrase) {
  MakeRoot("corp");
  MakeSub("sub", "corp");
  FixedPassphrase phrase(kPhrase), other("another one");
  Authority authority =
      Import(ReadFileBytes(temp_ / "sub.key"), Chain({"sub", "corp"}), nullptr, &phrase);
  const auto before = ListTree(ca_);
  EXPECT_THROW(authority.RequestNext(IssuingTier(), Options(&other)), Error);
  EXPECT_EQ(ListTree(ca_), before);
  authority.RequestNext(IssuingTier(), Options(&phrase));
  SignRequest(ca_ + "/issuing-2.csr", "next", "corp", "ca");
  authority.Install(AsBytes(Chain({"next", "corp"})), clock_);
  authority.Activate(clock_);
  EXPECT_THROW(authority.Unlock(&other, clock_), Error);
  ExpectIssues(authority, &phrase);
}

}  // namespace
}  // namespace fleetmint
