// A manifest is read back as it was written, and a line that is damaged takes no other one away.
#include "output/manifest_words.h"

#include <gtest/gtest.h>

namespace fleetmint {
namespace {

std::string Line(const std::string& endpoint) {
  return "{\"endpoint\":\"" + endpoint + "\",\"fqdn\":\"" + endpoint +
         ".corp\",\"profile\":\"p\",\"serial\":\"" + std::string(32, '4') +
         "\",\"not_after\":\"2027-01-01T00:00:00Z\",\"sha1\":\"" + std::string(40, 'a') +
         "\",\"sha256\":\"" + std::string(64, 'b') + "\",\"spki_sha256\":\"" +
         std::string(64, 'c') + "\",\"issuer\":\"" + std::string(64, 'd') +
         "\",\"key\":\"RSA 2048\",\"store\":\"s\",\"exportable\":true,\"state\":\"delivered\","
         "\"issued_at\":\"2026-01-01T00:00:00Z\",\"files\":[{\"path\":\"bundles/x.pfx\","
         "\"bytes\":7,\"sha256\":\"" +
         std::string(64, 'e') + "\"}],\"supersedes\":[{\"serial\":\"" + std::string(32, '5') +
         "\",\"sha1\":\"" + std::string(40, '6') + "\",\"sha256\":\"" + std::string(64, '7') +
         "\"}],\"more\":1}\n";
}

struct Result {
  std::vector<ManifestWord> words;
  std::vector<std::uint64_t> damaged;
};

Result Read(const std::string& text) {
  Result result;
  ReadManifestWords(
      text, [&](ManifestWord&& word) { result.words.push_back(std::move(word)); },
      [&](std::uint64_t line) { result.damaged.push_back(line); });
  return result;
}

TEST(ManifestWordsTest, ALineIsReadWhole) {
  const Result read = Read(Line("ws-1"));
  ASSERT_EQ(read.words.size(), 1U);
  const ManifestWord& word = read.words[0];
  EXPECT_EQ(word.endpoint, "ws-1");
  EXPECT_EQ(word.fqdn, "ws-1.corp");
  EXPECT_EQ(word.state, "delivered");
  EXPECT_EQ(word.serial[15], 0x44);
  EXPECT_EQ(word.spki_sha256[0], 0xcc);
  EXPECT_EQ(word.issuer[31], 0xdd);
  EXPECT_TRUE(word.exportable);
  EXPECT_EQ(FormatRfc3339(word.not_after), "2027-01-01T00:00:00Z");
  ASSERT_EQ(word.files.size(), 1U);
  EXPECT_EQ(word.files[0].bytes, 7U);
  ASSERT_EQ(word.supersedes.size(), 1U);
  EXPECT_EQ(word.supersedes[0].serial[0], 0x55);
}

// Whatever byte is cut off or changed: the other lines are read, and nothing throws.
TEST(ManifestWordsTest, DamageOfOneLineIsItsOwn) {
  const std::string good = Line("ws-1"), bad = Line("ws-2");
  for (std::size_t i = 0; i < bad.size() - 1; ++i) {
    std::string damaged = bad;
    damaged[i] = '"';
    const Result read = Read(good + damaged + good);
    EXPECT_GE(read.words.size(), 2U) << i;
    EXPECT_EQ(read.words.size() + read.damaged.size(), 3U) << i;
    const Result cut = Read(good + bad.substr(0, i));
    EXPECT_EQ(cut.words.size(), 1U) << i;
  }
  EXPECT_EQ(Read("\n" + good + "[]\n").damaged, (std::vector<std::uint64_t>{1, 3}));
}

}  // namespace
}  // namespace fleetmint
