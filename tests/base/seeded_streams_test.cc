// SeededStreams: a stream is a function of seed, fleet, endpoint, purpose and attempt, each of
// which counts.
#include "engine/base/seeded_streams.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace fleetmint {

// The name that TestMark has given its leave to; the one of pipeline/ is not in this program.
class TestFleet {
 public:
  static TestMark Mark() { return {}; }
};

namespace {

Bytes Drawn(RandomStream stream) {
  Bytes bytes(32);
  stream.Fill(bytes);
  return bytes;
}

TEST(SeededStreamsTest, EachPartOfTheLabelCounts) {
  std::set<Bytes> seen;
  std::size_t streams = 0;
  for (const std::uint64_t seed : {1U, 2U}) {
    for (const char* fleet : {"a", "b"}) {
      SeededStreams factory(TestFleet::Mark(), seed, fleet);
      for (const int attempt : {1, 2}) {
        for (const char* endpoint : {"h-1", "h-2"}) {
          for (const StreamPurpose purpose : {StreamPurpose::kFirstPrime, StreamPurpose::kBundle}) {
            seen.insert(Drawn(factory.Open({endpoint, purpose})));
            ++streams;
          }
        }
        EXPECT_EQ(seen.size(), streams) << "attempt " << attempt;
      }
    }
  }
}

TEST(SeededStreamsTest, TheOrderOfOtherLabelsDoesNot) {
  SeededStreams one(TestFleet::Mark(), 1, "a"), other(TestFleet::Mark(), 1, "a");
  one.Open({"h-2", StreamPurpose::kSerial});
  one.Open({"h-1", StreamPurpose::kBundle});
  EXPECT_EQ(Drawn(one.Open({"h-1", StreamPurpose::kSerial})),
            Drawn(other.Open({"h-1", StreamPurpose::kSerial})));
}

// HKDF-SHA-256 (RFC 5869) of the seed's eight octets, as openssl computes it:
//   openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:0000000000000001 -kdfopt salt:a
//     -kdfopt hexinfo:0000000000000003682d3100000000000000020000000000000000 HKDF
// That is the ChaCha20 key of the stream, whose first 32 octets these are:
//   openssl enc -chacha20 -K KEY -iv 0 -in /dev/zero
TEST(SeededStreamsTest, IsHkdfAndChaCha20) {
  SeededStreams streams(TestFleet::Mark(), 1, "a");
  EXPECT_EQ(ToHex(Drawn(streams.Open({"h-1", StreamPurpose::kSerial}))),
            "432a1322c26dc722d3ba1025570a2bdf0a0fc89f476a0c3ff302739c101ac362");
}

}  // namespace
}  // namespace fleetmint
