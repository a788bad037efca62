// The output directory: whose it is, where a bundle lies, and who may read it.
#include "output/output_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine/base/error.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

constexpr const char* kAuthority = "00112233445566778899aabbccddeeff";
constexpr const char* kFleet = "acme-agents";

class OutputDirectoryTest : public testing::Test {
 protected:
  OutputDirectory Create(std::optional<Layout> layout = std::nullopt) {
    return CreateAs(out_, kAuthority, kFleet, layout);
  }
  OutputDirectory CreateAs(const std::string& path, const std::string& authority,
                           const std::string& fleet, std::optional<Layout> layout = std::nullopt,
                           const std::optional<std::string>& id = std::nullopt) {
    return OutputDirectory::OpenOrCreate(
        path, {.authority = authority, .fleet = fleet, .layout = layout, .id = id}, random_);
  }
  SystemRandom random_;
  TempDir temp_;
  const std::string out_ = temp_ / "out";
};

TEST_F(OutputDirectoryTest, IsMadePinnedAndFoundAgain) {
  EXPECT_EQ(Create().layout(), Layout::kFlat);
  EXPECT_EQ(ListTree(out_),
            (std::vector<std::string>{".fleetmint", ".pending", ".runs", "bundles"}));
  EXPECT_EQ(Create().fleet(), kFleet);
  const OutputDirectory opened = OutputDirectory::Open(out_, kAuthority);
  EXPECT_EQ(opened.fleet(), kFleet);
  EXPECT_EQ(opened.layout(), Layout::kFlat);
}

TEST_F(OutputDirectoryTest, AnEmptyDirectoryMayBecomeOne) {
  std::filesystem::create_directory(out_);
  EXPECT_NO_THROW(Create());
}

// Bundles of two authorities in one directory could not be told apart, nor cleaned up.
TEST_F(OutputDirectoryTest, AnotherPairIsRefused) {
  Create();
  const std::string other(32, 'f');
  struct Case {
    std::string authority, fleet;
    const char* reason;
  };
  for (const Case& c : {Case{other, kFleet, "another authority"},
                        Case{kAuthority, "other-fleet", "another fleet ('acme-agents')"},
                        Case{other, "other-fleet", "another authority"}}) {
    const auto error = ThrownBy([&] { CreateAs(out_, c.authority, c.fleet); });
    ASSERT_TRUE(error) << c.reason;
    EXPECT_EQ(error->kind(), ErrorKind::kInput);
    EXPECT_NE(std::string(error->what()).find(c.reason), std::string::npos) << error->what();
    EXPECT_FALSE(error->faults().front().hint.empty());
  }
  EXPECT_THROW(OutputDirectory::Open(out_, other), Error);
}

// Names that YAML takes for something else than text are fleet names all the same.
TEST_F(OutputDirectoryTest, EveryFleetNameIsPinnedAsText) {
  for (const char* fleet : {"null", "true", "no", "1e3", "0x10", "2026-01-01"}) {
    const std::string path = temp_ / fleet;
    CreateAs(path, kAuthority, fleet);
    EXPECT_EQ(MessageOf([&] { EXPECT_EQ(OutputDirectory::Open(path, kAuthority).fleet(), fleet); }),
              "")
        << fleet;
  }
}

// Bundles hold the only copy of their keys: a fleet must not be spread over directories unnoticed.
TEST_F(OutputDirectoryTest, ADirectoryIsKnownByItsIdAndNotByItsPath) {
  const std::string id = Create().id();
  EXPECT_EQ(id.size(), 32u);
  const std::string moved = temp_ / "moved";
  std::filesystem::rename(out_, moved);
  EXPECT_EQ(CreateAs(moved, kAuthority, kFleet, std::nullopt, id).id(), id);
  const std::string other = temp_ / "other";
  for (const std::string& path : {out_, other}) {
    const auto error = ThrownBy([&] { CreateAs(path, kAuthority, kFleet, std::nullopt, id); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::kInput);
    EXPECT_FALSE(std::filesystem::exists(path)) << "something was written";
  }
  EXPECT_NE(CreateAs(other, kAuthority, kFleet).id(), id);
  EXPECT_TRUE(ThrownBy([&] { CreateAs(other, kAuthority, kFleet, std::nullopt, id); }));
}

TEST_F(OutputDirectoryTest, HoldsWhatIsThereWithItsSize) {
  const OutputDirectory output = Create();
  output.bundles().Write("ws-0001.pfx", AsBytes("12345"));
  std::filesystem::create_directory(out_ + "/bundles/ws-0002.pfx");
  EXPECT_TRUE(output.Holds("ws-0001", "pfx", 5));
  EXPECT_FALSE(output.Holds("ws-0001", "pfx", 4));
  EXPECT_FALSE(output.Holds("ws-0002", "pfx", 4096));
  EXPECT_FALSE(output.Holds("ws-0003", "pfx", 0));
}

TEST_F(OutputDirectoryTest, ForeignFilesAreNotTouched) {
  temp_.Write("out/thesis.txt", "precious");
  const auto error = ThrownBy([&] { Create(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kInput);
  EXPECT_NE(std::string(error->what()).find("is not empty"), std::string::npos) << error->what();
  EXPECT_EQ(ListTree(out_), std::vector<std::string>{"thesis.txt"});
}

TEST_F(OutputDirectoryTest, OpenMakesNothing) {
  std::filesystem::create_directory(out_);
  for (const std::string& path : {out_, temp_ / "absent"}) {
    const auto error = ThrownBy([&] { OutputDirectory::Open(path, kAuthority); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::kInput);
  }
  EXPECT_EQ(ListTree(temp_.path()), std::vector<std::string>{"out"});
}

// Who asks for it, and whose ledger knows the directory, gets the pin written again, with the id
// and the layout that it had. Nothing else becomes an output.
TEST_F(OutputDirectoryTest, ALostPinIsWrittenAgain) {
  for (const Layout layout : {Layout::kFlat, Layout::kHashed}) {
    std::filesystem::remove_all(out_);
    OutputDirectory::Owner owner{kAuthority, "acme-agents", layout, std::nullopt, false};
    std::string id, path;
    {
      const OutputDirectory output = OutputDirectory::OpenOrCreate(out_, owner, random_);
      id = output.id();
      const auto [directory, name] = output.BundlePlace("ws-0001", "pfx");
      directory.Write(name, AsBytes("12345"));
      path = output.BundlePath("ws-0001", "pfx");
    }
    std::filesystem::remove(out_ + "/.fleetmint");
    const auto lost = ThrownBy([&] { OutputDirectory::Open(out_, kAuthority); });
    ASSERT_TRUE(lost);
    EXPECT_EQ(lost->kind(), ErrorKind::kFindings);
    owner.layout.reset();
    EXPECT_THROW(OutputDirectory::OpenOrCreate(out_, owner, random_), Error) << "no id";
    owner.id = id;
    EXPECT_THROW(OutputDirectory::OpenOrCreate(out_, owner, random_), Error) << "nobody asked";
    owner.make_again = true;
    const OutputDirectory output = OutputDirectory::OpenOrCreate(out_, owner, random_);
    EXPECT_EQ(output.id(), id);
    EXPECT_EQ(output.layout(), layout);
    EXPECT_TRUE(output.Holds("ws-0001", "pfx", 5)) << path;
  }
  temp_.Write("thesis/text", "precious");
  EXPECT_THROW(
      OutputDirectory::OpenOrCreate(temp_ / "thesis",
                                    {kAuthority, "acme-agents", std::nullopt, "id", true}, random_),
      Error);
}

TEST_F(OutputDirectoryTest, ADamagedPinIsRefused) {
  Create();
  for (const char* pin : {"", "authority: x\n", "fleet: x\n", "authority: [x]\nfleet: y\n",
                          "authority: a\nauthority: b\nfleet: y\n",
                          "authority: 00112233445566778899aabbccddeeff\nfleet: acme-agents\n"
                          "layout: hash\n"}) {
    temp_.Write("out/.fleetmint", pin);
    const auto error = ThrownBy([&] { Create(); });
    ASSERT_TRUE(error) << pin;
    EXPECT_EQ(error->kind(), ErrorKind::kInput);
    EXPECT_NE(std::string(error->what()).find("out/.fleetmint"), std::string::npos)
        << error->what();
  }
}

TEST_F(OutputDirectoryTest, TheLayoutIsFixedAtTheFirstIssue) {
  Create(Layout::kHashed);
  EXPECT_EQ(Create().layout(), Layout::kHashed);
  EXPECT_EQ(Create(Layout::kHashed).layout(), Layout::kHashed);
  const auto error = ThrownBy([&] { Create(Layout::kFlat); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kInput);
  EXPECT_NE(std::string(error->what()).find("has the layout hashed"), std::string::npos);
}

// The folder is the first byte of SHA-256("ws-0001"), so that it is found by anybody.
TEST_F(OutputDirectoryTest, BundlesLieWhereTheLayoutSays) {
  const OutputDirectory flat = Create();
  EXPECT_EQ(flat.BundlePath("ws-0001", "pfx"), "bundles/ws-0001.pfx");
  const OutputDirectory hashed = CreateAs(temp_ / "hashed", kAuthority, kFleet, Layout::kHashed);
  const std::string folder = ToHex(Sha256(AsBytes("ws-0001"))).substr(0, 2);
  EXPECT_EQ(hashed.BundlePath("ws-0001", "key.pem"), "bundles/" + folder + "/ws-0001.key.pem");
  EXPECT_EQ(hashed.BundlePath("WS-0001", "pfx"), "bundles/" + folder + "/WS-0001.pfx")
      << "the folder depends on the case of the name";
  for (const OutputDirectory* output : {&flat, &hashed}) {
    const auto [directory, name] = output->BundlePlace("ws-0001", "pfx");
    directory.Write(name, AsBytes("content"));
    EXPECT_EQ(AsText(output->root().Read(output->BundlePath("ws-0001", "pfx"))), "content");
  }
}

// Whoever can write into out/ must not be able to send keys elsewhere.
TEST_F(OutputDirectoryTest, SymbolicLinksAreNotFollowed) {
  std::filesystem::create_directory(temp_ / "elsewhere");
  for (const char* name : {"bundles", ".pending", ".fleetmint"}) {
    std::filesystem::remove_all(out_);
    Create();
    const std::string target = temp_ / "elsewhere/" + name;
    std::filesystem::rename(out_ + "/" + name, target);
    std::filesystem::create_symlink(target, out_ + "/" + name);
    const auto error = ThrownBy([&] { Create(); });
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->kind(), ErrorKind::kDisk);
    EXPECT_NE(std::string(error->what()).find(name), std::string::npos) << error->what();
  }
}

TEST_F(OutputDirectoryTest, AFolderOfTheHashedLayoutIsNoSymbolicLink) {
  const OutputDirectory hashed = Create(Layout::kHashed);
  const std::string folder =
      std::filesystem::path(hashed.BundlePath("ws-0001", "pfx")).parent_path().string();
  std::filesystem::create_directory_symlink(temp_.path(), out_ + "/" + folder);
  EXPECT_THROW(hashed.BundlePlace("ws-0001", "pfx"), Error);
}

TEST_F(OutputDirectoryTest, ModesAreTightWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{0022}, mode_t{0077}}) {
    std::filesystem::remove_all(out_);
    const mode_t old = ::umask(mask);
    std::optional<OutputDirectory> output(Create(Layout::kHashed));
    const auto [directory, name] = output->BundlePlace("ws-0001", "pfx");
    directory.Write(name, AsBytes("x"));
    ::umask(old);
    for (const std::string& entry : ListTree(out_)) {
      const std::string path = out_ + "/" + entry;
      EXPECT_EQ(ModeOf(path), std::filesystem::is_directory(path) ? 0700u : 0600u)
          << entry << " under umask " << mask;
    }
    EXPECT_EQ(ModeOf(out_), 0700u);
  }
}

}  // namespace
}  // namespace fleetmint
