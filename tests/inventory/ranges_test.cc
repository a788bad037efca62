// Host patterns: which names a bracket stands for, and which brackets are refused.
#include "inventory/ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> NamesOf(std::string_view text) {
  const HostPattern pattern = HostPattern::Parse(text);
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < pattern.size(); ++i) names.push_back(pattern.Name(i));
  return names;
}

TEST(HostPatternTest, StandsForTheseNamesInThisOrder) {
  struct Case {
    const char* pattern;
    std::vector<std::string> names;
  };
  const Case cases[] = {
      {"dc1", {"dc1"}},
      {"dc1.example.com", {"dc1.example.com"}},
      {"", {""}},  // whether a name may be empty is not the pattern's question
      {"ws-[1-3]", {"ws-1", "ws-2", "ws-3"}},
      {"ws-[8-11]", {"ws-8", "ws-9", "ws-10", "ws-11"}},
      {"ws-[08-11]", {"ws-08", "ws-09", "ws-10", "ws-11"}},
      {"ws-[0099-0101]", {"ws-0099", "ws-0100", "ws-0101"}},
      {"ws-[0-1]", {"ws-0", "ws-1"}},
      {"ws-[00-01]", {"ws-00", "ws-01"}},
      {"ws-[7-7]", {"ws-7"}},
      {"[1-2].lab", {"1.lab", "2.lab"}},
      {"[a]", {"a"}},
      {"srv-[a,b,c]", {"srv-a", "srv-b", "srv-c"}},
      {"srv-[a,07-09,z,1-2]", {"srv-a", "srv-07", "srv-08", "srv-09", "srv-z", "srv-1", "srv-2"}},
      {"srv-[007,7]", {"srv-007", "srv-7"}},  // a number alone is a word: it keeps its zeros
      {"[a,b][1-2]", {"a1", "a2", "b1", "b2"}},
      {"k-[ber,muc]-[1-2].x", {"k-ber-1.x", "k-ber-2.x", "k-muc-1.x", "k-muc-2.x"}},
      {"[a,b][c,d][1,2]", {"ac1", "ac2", "ad1", "ad2", "bc1", "bc2", "bd1", "bd2"}},
  };
  for (const Case& c : cases) EXPECT_EQ(NamesOf(c.pattern), c.names) << c.pattern;
}

TEST(HostPatternTest, BigPatternsCostTheirTextAndAreIndexedFromEitherEnd) {
  const HostPattern million = HostPattern::Parse("ws-[0000000-0999999]");
  EXPECT_EQ(million.size(), 1'000'000u);
  EXPECT_EQ(million.Name(0), "ws-0000000");
  EXPECT_EQ(million.Name(999'999), "ws-0999999");
  const HostPattern product = HostPattern::Parse("s[001-500]-r[1-99,x]-h[01-40,41-99,a]");
  EXPECT_EQ(product.size(), 500u * 100 * 100);
  EXPECT_EQ(product.Name(0), "s001-r1-h01");
  EXPECT_EQ(product.Name(99), "s001-r1-ha");
  EXPECT_EQ(product.Name(100), "s001-r2-h01");
  EXPECT_EQ(product.Name(9'999), "s001-rx-ha");
  EXPECT_EQ(product.Name(4'999'999), "s500-rx-ha");
  EXPECT_EQ(HostPattern::Parse("[1-5000000]").size(), HostPattern::kMostNames);
}

TEST(HostPatternTest, RefusesWhatItCannotMean) {
  struct Case {
    const char* pattern;
    const char* message;
    const char* hint;
  };
  const Case cases[] = {
      {"a-[5-1]", "the range '5-1' runs backwards", "write [1-5]"},
      {"a-[01-1]", "the ends of '01-1' have different widths", "pad both with zeros"},
      {"a-[1-010]", "the ends of '1-010' have different widths", "pad both with zeros"},
      {"a-[01-100]", "the ends of '01-100' have different widths", "[001-100]"},
      {"web[1:20]", "'1:20' is not a range", "write 'web[1-20]'"},
      {"web[01..20]-[a,b]", "'01..20' is not a range", "write 'web[01-20]-[a,b]'"},
      {"web[a,1:3]", "'1:3' is not a range", "write 'web[a,1-3]'"},
      {"[::1]", "an address is no range", "ip: ['::1']"},
      {"web[a:f]", "'a:f' is not a range", "ranges are of numbers"},
      {"a-[a-b]", "'a-b' is not a range of numbers", "[01-20]"},
      {"a-[-5]", "'-5' is not a range of numbers", "[01-20]"},
      {"a-[5-]", "'5-' is not a range of numbers", "[01-20]"},
      {"a-[1-2-3]", "'1-2-3' is not a range of numbers", "[01-20]"},
      {"a-[1 - 2]", "a space between brackets", "without spaces"},
      {"a-[a, b]", "a space between brackets", "without spaces"},
      {"a-[1-99999999999]", "more than 5000000 names", "check the digits"},
      {"a-[1-99999999999999999999]", "'1-99999999999999999999' has a number of more than 18 digits",
       ""},
      {"a-[1-5000001]", "more than 5000000 names", ""},
      {"a-[1-5000000,x]", "more than 5000000 names", ""},
      {"[1-3000][1-3000]", "more than 5000000 names", ""},
      {"a-[1-5", "'[' without ']'", "ws-[0001-5000]"},
      {"a-[1-5]-[", "'[' without ']'", ""},
      {"a-1-5]", "']' without '['", "ws-[0001-5000]"},
      {"a-[1-5]]", "']' without '['", ""},
      {"a-[]", "an empty item between brackets", "[a,b,c]"},
      {"a-[a,,b]", "an empty item between brackets", ""},
      {"a-[a,b,]", "an empty item between brackets", ""},
      {"a-[[1-2]]", "a bracket within a bracket", "side by side"},
  };
  for (const Case& c : cases) {
    try {
      HostPattern::Parse(c.pattern);
      ADD_FAILURE() << c.pattern << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.faults()[0].message, HasSubstr("'" + std::string(c.pattern) + "'"));
      EXPECT_THAT(error.faults()[0].message, HasSubstr(c.message)) << c.pattern;
      EXPECT_THAT(error.faults()[0].hint, HasSubstr(c.hint)) << c.pattern;
    }
  }
}

// Sizes are added up before they are compared: a sum past 2^64 must not come out small.
TEST(HostPatternTest, SumsOfHugeRangesDoNotWrapAround) {
  std::string list;
  for (int i = 0; i < 18; ++i) list += "1-999999999999999999,";
  const std::string wraps_to_ten = "1-446744073709551644";  // 18 * (10^18 - 1) + this = 2^64 + 10
  EXPECT_THROW(HostPattern::Parse("a-[" + list + wraps_to_ten + "]"), Error);
}

}  // namespace
}  // namespace fleetmint
