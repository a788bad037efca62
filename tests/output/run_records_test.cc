// Records of a run: the last whole chunk is found, whatever a crash has left of the file.
#include "output/run_records.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {
namespace {

TEST(RunRecordsTest, TheLastWholeChunkIsFoundInAnyFile) {
  const TempDir dir;
  SystemRandom random;
  const OutputDirectory output = OutputDirectory::OpenOrCreate(
      dir / "out", {.authority = std::string(32, 'a'), .fleet = "f", .layout = {}, .id = {}},
      random);
  const RunRecords records(output, "token");
  EXPECT_FALSE(records.Last());
  ChunkRecords chunks;
  const Bytes der(900, 0x30);
  std::vector<std::uint64_t> ends;
  for (std::uint64_t n = 1; n <= 40; ++n) {
    // Names and settings that look like the line that is searched for.
    for (int i = 0; i < 12; ++i) {
      chunks.Add(
          {"{\"chunk\":9", "t", der, {1, "p", "{\"chunk\":77,\"serial\":\"00\"}\n", ""}, {}});
    }
    records.Append(chunks.Take(n, std::string(32, 'b')));
    ends.push_back(*output.runs().FileSize("token"));
    const auto last = records.Last();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->number, n);
    EXPECT_EQ(last->end, ends.back());
  }
  EXPECT_GT(ends.back(), 500'000U) << "one window holds it all: the test tests nothing";
  records.Append("{\"certificate\":{\"endpoint\":\"half of a");
  EXPECT_EQ(records.Last()->number, 40U);
  EXPECT_FALSE(records.Last()->committed);
  for (int i = 0; i < 2; ++i) {
    records.SetCommitted(40);
    EXPECT_TRUE(records.Last()->committed);
    EXPECT_EQ(records.Last()->number, 40U);
    if (i == 0) ends.back() = records.Last()->end;
    EXPECT_EQ(ends.back(), *output.runs().FileSize("token")) << "said twice";
  }
  for (const std::uint64_t n : {40U, 39U, 3U, 1U, 0U}) {
    records.CutAfter(n);
    EXPECT_EQ(*output.runs().FileSize("token"), n == 0 ? 0 : ends[n - 1]);
  }
  EXPECT_FALSE(records.Last());
}

}  // namespace
}  // namespace fleetmint
