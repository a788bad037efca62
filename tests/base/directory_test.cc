// Directory: names never leave it, errors name path, reason and cause.
#include "engine/base/directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "engine/base/error.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

class DirectoryTest : public testing::Test {
 protected:
  const TempDir temp_;
  const std::string& root_ = temp_.path();
};

TEST_F(DirectoryTest, FilesAre0600WhateverTheUmask) {
  const mode_t old = ::umask(0);
  const Directory directory = Directory::Create(root_ + "/a/b", 0700);
  directory.Write("plain", AsBytes("x"));
  directory.WriteDurably("durable", AsBytes("y"));
  directory.CreateDurably("created", AsBytes("z"));
  ::umask(old);
  EXPECT_EQ(directory.mode(), 0700u);
  for (const char* name : {"plain", "durable", "created"}) {
    EXPECT_EQ(directory.FileMode(name), 0600u) << name;
  }
  EXPECT_EQ(directory.List(), (std::vector<std::string>{"created", "durable", "plain"}));
}

TEST_F(DirectoryTest, NoNameLeavesTheDirectory) {
  const Directory directory = Directory::Create(root_ + "/in", 0700);
  fs::create_symlink(root_, root_ + "/in/link");
  fs::create_symlink("/etc/passwd", root_ + "/in/passwd");
  for (const char* name : {"../out", "/etc/passwd", "link/out", "a/../../out", ".", "..", ""}) {
    EXPECT_THROW(directory.Write(name, AsBytes("x")), Error) << name;
  }
  EXPECT_THROW(directory.Read("passwd"), Error);
  EXPECT_THROW(directory.Subdirectory("link"), Error);
  EXPECT_FALSE(fs::exists(root_ + "/out"));
}

TEST_F(DirectoryTest, RenameReplacesAcrossDirectories) {
  const Directory directory = Directory::Open(root_);
  const Directory sub = directory.MakeSubdirectory("sub", 0700);
  directory.Write("f", AsBytes("new"));
  sub.Write("g", AsBytes("old"));
  directory.Rename("f", sub, "g");
  EXPECT_EQ(AsText(sub.Read("g")), "new");
  EXPECT_FALSE(directory.Exists("f"));
  EXPECT_EQ(sub.SyncFileSystem(), !sub.DoubtOfSyncfs());
  sub.Sync();
}

TEST_F(DirectoryTest, ErrorsNamePathReasonAndCause) {
  const Directory directory = Directory::Open(root_);
  directory.Write("big", Bytes(100));
  fs::create_directory(root_ + "/sub");
  ASSERT_EQ(::mkfifo((root_ + "/pipe").c_str(), 0600), 0);
  struct Case {
    const char* name;
    const char* reason;
    ErrorCause cause;
  };
  for (const Case& c : {Case{"absent", "No such file", ErrorCause::kAbsent},
                        Case{"sub/absent", "No such file", ErrorCause::kAbsent},
                        Case{"big/under", "Not a directory", ErrorCause::kOther},
                        Case{"sub", "Is a directory", ErrorCause::kOther},
                        Case{"pipe", "it is no regular file", ErrorCause::kOther},
                        Case{"big", "is larger than 99 bytes", ErrorCause::kOther}}) {
    const auto error = ThrownBy([&] { directory.Read(c.name, 99); });
    ASSERT_TRUE(error) << c.name;
    EXPECT_EQ(error->kind(), ErrorKind::kDisk) << c.name;
    EXPECT_EQ(error->cause(), c.cause) << c.name;
    const std::string text = error->what();
    EXPECT_NE(text.find(root_ + "/" + c.name), std::string::npos) << text;
    EXPECT_NE(text.find(c.reason), std::string::npos) << text;
  }
  EXPECT_EQ(directory.Read("big", 100).size(), 100u);
  EXPECT_NO_THROW(directory.Remove("never-there"));
}

TEST_F(DirectoryTest, WhatIsAbsentHasNoModeSizeOrOwner) {
  const Directory directory = Directory::Open(root_);
  directory.Write("f", AsBytes("four"));
  fs::create_symlink("f", root_ + "/link");
  for (const char* name : {"absent", "absent/deeper", "f/deeper"}) {
    EXPECT_FALSE(directory.Exists(name)) << name;
    EXPECT_EQ(directory.FileMode(name), std::nullopt) << name;
    EXPECT_EQ(directory.FileSize(name), std::nullopt) << name;
    EXPECT_EQ(directory.OwnerOf(name), std::nullopt) << name;
  }
  EXPECT_EQ(directory.FileSize("f"), 4u);
  EXPECT_EQ(directory.OwnerOf("f"), directory.OwnerOf("."));
  EXPECT_TRUE(directory.Exists("link"));
  EXPECT_EQ(directory.FileSize("link"), std::nullopt);  // not followed
}

// If this failed, two runs would write one output at a time.
TEST_F(DirectoryTest, ALockEndsWithItsOwner) {
  const Directory directory = Directory::Open(root_);
  directory.Write("f", {});
  for (int i = 0; i < 3; ++i) {
    FileLock first = directory.Lock("f");
    const FileLock moved = std::move(first);
    const FileLock other = directory.LockItself();
  }
  const FileLock again = directory.Lock("f");  // would wait for ever
}

}  // namespace
}  // namespace fleetmint
