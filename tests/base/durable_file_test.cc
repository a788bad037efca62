// DurableFile: what is not committed has not happened.
#include "engine/base/durable_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {
namespace {

class DurableFileTest : public testing::Test {
 protected:
  std::string Content(const char* name) const { return std::string(AsText(directory_.Read(name))); }
  const TempDir temp_;
  const Directory directory_ = Directory::Open(temp_.path());
};

TEST_F(DurableFileTest, WriteDurablyReplacesAndLeavesNoTemporaryFile) {
  directory_.WriteDurably("f", AsBytes("old"));
  directory_.WriteDurably("f", AsBytes("new content"));
  EXPECT_EQ(Content("f"), "new content");
  EXPECT_EQ(directory_.List(), std::vector<std::string>{"f"});
}

TEST_F(DurableFileTest, CreateDurablyRefusesAnExistingFile) {
  directory_.CreateDurably("f", AsBytes("first"));
  EXPECT_THROW(directory_.CreateDurably("f", AsBytes("second")), Error);
  EXPECT_EQ(Content("f"), "first");
  EXPECT_EQ(directory_.List(), std::vector<std::string>{"f"});
}

TEST_F(DurableFileTest, WithoutCommitTheOldFileStays) {
  directory_.WriteDurably("f", AsBytes("old"));
  {
    DurableFile file(directory_, "f");
    file.Append(Bytes(3 << 20U, 'x'));  // more than is buffered
    EXPECT_TRUE(directory_.Exists(DurableFile::TemporaryName("f")));
    EXPECT_EQ(Content("f"), "old");
  }
  EXPECT_EQ(Content("f"), "old");
  EXPECT_EQ(directory_.List(), std::vector<std::string>{"f"});
}

TEST_F(DurableFileTest, PiecesOfAnySizeAreOneFile) {
  std::string expected;
  DurableFile file(directory_, "f");
  for (std::size_t i = 0; i < 40; ++i) {
    const std::string piece(i * 7919, static_cast<char>('a' + i % 26));
    file.Append(AsBytes(piece));
    expected += piece;
  }
  file.Commit();
  EXPECT_EQ(Content("f"), expected);
  EXPECT_EQ(directory_.FileMode("f"), 0600u);
}

}  // namespace
}  // namespace fleetmint
