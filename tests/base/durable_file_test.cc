// Directory: names never leave it, files are whole, errors name path and reason.
#include "engine/base/durable_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() {
    std::string pattern = (fs::temp_directory_path() / "fleetmint-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~DirectoryTest() override { fs::remove_all(root_); }
  std::string root_;
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

TEST_F(DirectoryTest, WriteDurablyReplacesAndLeavesNoTemporaryFile) {
  const Directory directory = Directory::Open(root_);
  directory.WriteDurably("f", AsBytes("old"));
  directory.WriteDurably("f", AsBytes("new content"));
  EXPECT_EQ(AsText(directory.Read("f")), "new content");
  EXPECT_EQ(directory.List().size(), 1u);
}

TEST_F(DirectoryTest, CreateDurablyRefusesAnExistingFile) {
  const Directory directory = Directory::Open(root_);
  directory.CreateDurably("f", AsBytes("first"));
  EXPECT_THROW(directory.CreateDurably("f", AsBytes("second")), Error);
  EXPECT_EQ(AsText(directory.Read("f")), "first");
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

TEST_F(DirectoryTest, ErrorsNamePathAndReason) {
  const Directory directory = Directory::Open(root_);
  try {
    directory.Read("absent");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kDisk);
    EXPECT_NE(std::string(error.what()).find(root_ + "/absent"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("No such file"), std::string::npos);
  }
  directory.Write("big", Bytes(100));
  EXPECT_THROW(directory.Read("big", 99), Error);
  EXPECT_EQ(directory.Read("big", 100).size(), 100u);
  EXPECT_NO_THROW(directory.Remove("never-there"));
}

}  // namespace
}  // namespace fleetmint
