// A change of the passphrase: one opens every key that is here, before and after, and no key is
// lost on the way.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/ledger/sqlite.h"
#include "tests/authority/ca_fixture.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

constexpr const char* kNewPhrase = "another canary 19d2f0";

class ChangePassphraseTest : public AuthorityFixture {
 protected:
  Authority::PassphraseChange Change(const char* from = kPhrase, const char* to = kNewPhrase) {
    FixedPassphrase old_one(from), new_one(to);
    Authority authority = Authority::Open(ca_);
    const Authority::PassphraseChange done = authority.ChangePassphrase(old_one, new_one, random_);
    EXPECT_TRUE(new_one.confirmed);
    EXPECT_FALSE(old_one.confirmed);
    EXPECT_EQ(old_one.asked, 1);
    return done;
  }
  std::optional<Error> Refusal(const char* from, const char* to) {
    FixedPassphrase old_one(from), new_one(to);
    Authority authority = Authority::Open(ca_);
    return ThrownBy([&] { authority.ChangePassphrase(old_one, new_one, random_); });
  }
  // How many of the ledger's keys that are here a passphrase opens, and how many there are.
  std::pair<int, int> Opens(const char* phrase) {
    const Authority authority = Authority::Open(ca_);
    FixedPassphrase source(phrase);
    std::pair<int, int> count{0, 1};
    if (!ThrownBy([&] { authority.UnlockPasswords(&source); })) ++count.first;
    for (const auto& issuer : authority.CrlIssuers()) {
      if (!issuer.key_present) continue;
      ++count.second;
      if (!ThrownBy([&] { authority.UnlockSigner(issuer.issuer, &source); })) ++count.first;
    }
    return count;
  }
  std::vector<std::string> Keys() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(ca_)) {
      const std::string name = entry.path().filename();
      if (name.find(".key") != std::string::npos) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string Password(const char* phrase) {
    FixedPassphrase source(phrase);
    const SecretBytes made = Authority::Open(ca_).UnlockPasswords(&source).Derive(1, "ws-1", {});
    return {made.begin(), made.end()};
  }

  FixedPassphrase phrase_{kPhrase};
};

using Names = std::vector<std::string>;
using Count = std::pair<int, int>;

TEST_F(ChangePassphraseTest, MovesEveryKey) {
  InitTwoTier(&phrase_);
  const auto done = Change();
  EXPECT_EQ(done.changed, (Names{"fleet.p1.key", "root.p1.key", "issuing.p1.key"}));
  EXPECT_TRUE(done.absent.empty());
  EXPECT_EQ(Keys(), (Names{"fleet.p1.key", "issuing.p1.key", "root.p1.key"}));
  EXPECT_EQ(Opens(kNewPhrase), (Count{3, 3}));
  EXPECT_EQ(Opens(kPhrase), (Count{0, 3}));
  for (const std::string& name : Keys()) {
    EXPECT_EQ(std::filesystem::status(ca_ + "/" + name).permissions(),
              std::filesystem::perms{0600});
  }
  EXPECT_EQ(Change(kNewPhrase, kPhrase).changed.front(), "fleet.p2.key");
  EXPECT_EQ(Opens(kPhrase), (Count{3, 3}));
}

TEST_F(ChangePassphraseTest, KeysAndPasswordsStayThemselves) {
  InitTwoTier(&phrase_);
  const std::string before = Password(kPhrase);
  Change();
  EXPECT_EQ(Password(kNewPhrase), before);
  const Authority authority = Authority::Open(ca_);
  FixedPassphrase source(kNewPhrase);
  const Bytes leaf = IssueLeaf(authority, authority.Unlock(&source, clock_));
  EXPECT_TRUE(OpensslVerify(authority, leaf).ok());
}

// A root that is kept elsewhere keeps its passphrase; it comes back under its name.
TEST_F(ChangePassphraseTest, NamesTheKeysThatAreNotHere) {
  InitTwoTier(&phrase_);
  std::filesystem::rename(ca_ + "/root.key", temp_ / "root.key");
  EXPECT_EQ(Change().absent, (Names{"root.key"}));
  EXPECT_EQ(Opens(kNewPhrase), (Count{2, 2}));
  std::filesystem::rename(temp_ / "root.key", ca_ + "/root.key");
  Authority::Open(ca_).RemoveStaleKeys();
  EXPECT_EQ(Opens(kPhrase), (Count{1, 3})) << "the root's";
}

TEST_F(ChangePassphraseTest, RefusesAndChangesNothing) {
  InitTwoTier(&phrase_);
  const Names before = Keys();
  EXPECT_EQ(Refusal("wrong", kNewPhrase)->kind(), ErrorKind::kAuthority);
  EXPECT_EQ(Refusal(kPhrase, kPhrase)->kind(), ErrorKind::kUsage);
  std::filesystem::rename(ca_ + "/root.key", temp_ / "root.key");
  Change();
  std::filesystem::rename(temp_ / "root.key", ca_ + "/root.key");
  const auto mixed = Refusal(kNewPhrase, "a third one");
  ASSERT_TRUE(mixed);
  EXPECT_NE(std::string(mixed->what()).find("root.key' is under another passphrase"),
            std::string::npos)
      << mixed->what();
  EXPECT_EQ(Keys(), (Names{"fleet.p1.key", "issuing.p1.key", "root.key"}));
  EXPECT_EQ(before.size(), 3u);
}

TEST_F(ChangePassphraseTest, KeysThatAreNotEncryptedStaySo) {
  InitTwoTier(nullptr);
  const auto refused = Refusal(kPhrase, kNewPhrase);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->kind(), ErrorKind::kUsage);
  EXPECT_EQ(Keys(), (Names{"fleet.key", "issuing.key", "root.key"}));
}

// What a crash has left of a change: the ledger knows it by name. A key of which it does not say so
// stays, and so does one beside which none that counts is here, whole.
TEST_F(ChangePassphraseTest, RemovesOnlyWhatIsStale) {
  InitTwoTier(&phrase_);
  Change();
  const auto write = [&](const char* name) {
    std::filesystem::copy_file(ca_ + "/fleet.p1.key", ca_ + "/" + name);
    std::filesystem::permissions(ca_ + "/" + name, std::filesystem::perms{0600});
  };
  for (const char* const name : {"issuing.key", "issuing.p2.key", ".issuing.p2.key.tmp",
                                 "fleet.key", "root.key", "issuing-2.key"}) {
    write(name);
  }
  Authority::Open(ca_).RemoveStaleKeys();
  EXPECT_EQ(Keys().size(), 9u) << "nobody has said that they are stale";
  std::filesystem::resize_file(ca_ + "/root.p1.key", 0);
  Authority authority = Authority::Open(ca_);
  using Pair = std::pair<std::string, std::string>;
  authority.ledger().AddStaleKeys(std::vector<Pair>{
      {"", "issuing.p2.key"}, {"", "root.key"}, {"", "fleet.p1.key"}, {"", "issuing-2.key"}});
  authority.RemoveStaleKeys();
  EXPECT_EQ(Keys(), (Names{"fleet.key", "fleet.p1.key", "issuing-2.key", "issuing.key",
                           "issuing.p1.key", "root.key", "root.p1.key"}));
  EXPECT_TRUE(authority.ledger().StaleKeys().empty());
  // What counts stays, whatever the ledger says of it besides.
  Connection(ca_ + "/ledger.db", false)
      .Execute("UPDATE issuer SET key_file = 'fleet.key' WHERE tier = 'root'");
  Authority later = Authority::Open(ca_);
  later.ledger().AddStaleKeys(std::vector<Pair>{{"", "fleet.key"}});
  later.RemoveStaleKeys();
  EXPECT_TRUE(later.directory().Exists("fleet.key"));
}

TEST_F(ChangePassphraseTest, ABackupHoldsWhatCounts) {
  InitTwoTier(&phrase_);
  Change();
  std::filesystem::copy_file(ca_ + "/issuing.p1.key", ca_ + "/issuing.p2.key");
  std::filesystem::permissions(ca_ + "/issuing.p2.key", std::filesystem::perms{0600});
  Authority authority = Authority::Open(ca_);
  authority.ledger().AddStaleKeys(
      std::vector<std::pair<std::string, std::string>>{{"", "issuing.p2.key"}});
  authority.BackUp(temp_ / "copy", random_);
  EXPECT_FALSE(std::filesystem::exists(temp_ / "copy/issuing.p2.key"));
  std::filesystem::rename(ca_, temp_ / "lost");
  std::filesystem::rename(temp_ / "copy", ca_);
  EXPECT_EQ(Opens(kNewPhrase), (Count{3, 3}));
}

// Two certificates of one key: it moves for both.
TEST_F(ChangePassphraseTest, TheNextGenerationMovesToo) {
  InitTwoTier(&phrase_);
  Authority::Open(ca_).Rotate({}, Options(&phrase_));
  EXPECT_EQ(Change().changed,
            (Names{"fleet.p1.key", "root.p1.key", "issuing.p1.key", "issuing-2.p1.key"}));
  Authority authority = Authority::Open(ca_);
  authority.Activate(clock_);
  FixedPassphrase source(kNewPhrase);
  EXPECT_TRUE(
      OpensslVerify(authority, IssueLeaf(authority, authority.Unlock(&source, clock_))).ok());
  authority.Rotate({}, Options(&source));
  EXPECT_EQ(Opens(kNewPhrase), (Count{5, 5}));
}

}  // namespace
}  // namespace fleetmint
