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

// What ForEach reads is what was written, with the settings that applied then; what is damaged is
// said and nothing else is lost by it; what is in no whole chunk does not count.
TEST(RunRecordsTest, EntriesAreReadAsTheyWereWritten) {
  const TempDir dir;
  SystemRandom random;
  const OutputDirectory output = OutputDirectory::OpenOrCreate(
      dir / "out", {.authority = std::string(32, 'a'), .fleet = "f", .layout = {}, .id = {}},
      random);
  const RunRecords records(output, "token");
  ChunkRecords chunks;
  const RecordedSettings first{1, "p", "g", "a=1\n"}, second{1, "p", "g", "a=2\n"};
  std::vector<Bytes> ders;
  for (std::uint64_t n = 1; n <= 3; ++n) {
    for (int i = 0; i < 400; ++i) {
      ders.emplace_back(900 + i % 7, static_cast<std::uint8_t>(ders.size()));
      chunks.Add({"ws-" + std::to_string(i),
                  "2026-01-01T00:00:00Z",
                  ders.back(),
                  i % 2 == 0 ? first : second,
                  {{"pfx", ders.size(), Sha256(ders.back())}}});
    }
    records.Append(chunks.Take(n, std::string(32, 'b')));
  }
  EXPECT_GT(*output.runs().FileSize("token"), std::uint64_t{1} << 20U) << "one window holds it";
  const std::uint64_t whole = *output.runs().FileSize("token");
  chunks.Add({"no-chunk", "2026-01-01T00:00:00Z", ders[0], first, {}});
  records.Append(chunks.Take(4, "b").substr(0, 500));
  std::vector<std::uint64_t> damaged;
  std::size_t count = 0;
  const auto read = [&] {
    count = 0;
    damaged.clear();
    records.ForEach(
        [&](RunRecords::Entry&& entry) {
          const std::size_t at = entry.files.at(0).bytes - 1;
          EXPECT_EQ(entry.der, ders.at(at));
          EXPECT_EQ(entry.endpoint, "ws-" + std::to_string(at % 400));
          EXPECT_EQ(entry.chunk, at / 400 + 1);
          EXPECT_EQ(entry.files[0].sha256, Sha256(ders[at]));
          EXPECT_EQ(entry.settings, at % 2 == 0 ? first : second);
          ++count;
        },
        [&](std::uint64_t line) { damaged.push_back(line); });
  };
  read();
  EXPECT_EQ(count, 1200U);
  EXPECT_TRUE(damaged.empty());
  // A byte of the first line of settings, and one of a certificate.
  Bytes content = output.runs().Read("token");
  content.resize(whole);
  content[1] = 'X';
  content[static_cast<std::size_t>(whole) - 200] = '\n';
  output.runs().Write("token", content);
  std::size_t without = 0;
  damaged.clear();
  records.ForEach([&](RunRecords::Entry&& entry) { without += entry.settings ? 0 : 1; },
                  [&](std::uint64_t line) { damaged.push_back(line); });
  EXPECT_EQ(without, 600U);
  EXPECT_EQ(damaged.size(), 3U);
  EXPECT_EQ(damaged.front(), 1U);
}

}  // namespace
}  // namespace fleetmint
