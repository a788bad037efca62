// Errors, time, text and random streams: the small things that every folder leans on.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "engine/base/clock.h"
#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/base/serial.h"
#include "engine/base/text.h"
#include "tests/base/stuck_source.h"

namespace fleetmint {
namespace {

TEST(ErrorTest, FaultsAreSortedByPositionAndRenderedWithHints) {
  FaultList faults("fleet.yaml");
  EXPECT_NO_THROW(faults.ThrowIfAny());
  faults.Add({9, 2}, "second", "do b");
  faults.Add({3, 1}, "first");
  try {
    faults.ThrowIfAny();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "fleet.yaml:3:1: first\nfleet.yaml:9:2: second\n  hint: do b");
    EXPECT_EQ(ExitCode(error.kind()), 2);
  }
}

TEST(ErrorTest, AMillionFaultsAreCountedNotKept) {
  FaultList faults("f");
  for (std::uint32_t i = 0; i < 1'000'000; ++i) faults.Add({i + 1, 1}, "x");
  EXPECT_EQ(faults.size(), 1'000'000u);
  try {
    faults.ThrowIfAny();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.faults().size(), FaultList::kMostFaults + 1);
    EXPECT_EQ(error.faults().back().message, "and 999800 more faults");
  }
}

TEST(ErrorTest, OfOnePlaceThreeFaultsAreKeptAndTheRestCounted) {
  FaultList faults("f");
  for (int i = 0; i < 50; ++i) faults.Add({2, 7}, "x" + std::to_string(i));
  for (int i = 0; i < 3; ++i) faults.Add({3, 1}, "y" + std::to_string(i));
  for (int i = 0; i < 5; ++i)
    faults.Add({}, "z" + std::to_string(i));  // no place: nothing in common
  EXPECT_EQ(faults.size(), 58u);
  try {
    faults.ThrowIfAny();
    FAIL();
  } catch (const Error& error) {
    ASSERT_EQ(error.faults().size(), 5u + 3 + 1 + 3);
    EXPECT_EQ(error.faults()[5].message, "x0");
    EXPECT_EQ(error.faults()[8].message, "and 47 more faults at this place");
    EXPECT_EQ(error.faults()[8].where.position, (Position{2, 7}));
    EXPECT_EQ(error.faults()[11].message, "y2");
  }
}

// As if each fault had been added here: what is kept, what is counted, and where.
TEST(ErrorTest, AListTakesOverAnothersFaults) {
  const auto text = [](const FaultList& faults) {
    try {
      faults.ThrowIfAny();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const std::uint32_t places : {1U, 7U, 150U, 5000U}) {
    FaultList one("f"), whole("f");
    std::uint32_t i = 0;
    for (int part = 0; part < 3; ++part) {
      FaultList some("f");
      for (int end = 0; end < 700; ++end, ++i) {
        one.Add({1 + i % places, 1}, "x" + std::to_string(i));
        some.Add({1 + i % places, 1}, "x" + std::to_string(i));
      }
      whole.Append(some);
    }
    EXPECT_EQ(whole.size(), one.size());
    EXPECT_EQ(text(whole), text(one)) << places;
  }
  FaultList twice("f"), other("f");
  twice.Add({1, 1}, "x");
  other.Add({1, 1}, "x");
  twice.Append(other);
  EXPECT_EQ(twice.size(), 1u);
}

// One wrong template over 5,000 hosts is one fault.
TEST(ErrorTest, TheSameFaultAtTheSamePlaceIsKeptOnce) {
  FaultList faults("f");
  for (int i = 0; i < 5000; ++i) faults.Add({1, 1}, "x");
  faults.Add({1, 2}, "x");
  faults.Add({1, 1}, "y");
  EXPECT_EQ(faults.size(), 3u);
}

TEST(ErrorTest, ExitCodesAreTheContract) {
  EXPECT_EQ(ExitCode(ErrorKind::kUsage), 2);
  EXPECT_EQ(ExitCode(ErrorKind::kEndpoint), 1);
  EXPECT_EQ(ExitCode(ErrorKind::kFindings), 1);
  EXPECT_EQ(ExitCode(ErrorKind::kAuthority), 3);
  EXPECT_EQ(ExitCode(ErrorKind::kLedger), 3);
  EXPECT_EQ(ExitCode(ErrorKind::kDisk), 3);
  EXPECT_EQ(ExitCode(ErrorKind::kIntegrity), 4);
  EXPECT_EQ(ExitCode(ErrorKind::kBusy), 5);
  EXPECT_EQ(ExitCode(ErrorKind::kInterrupted), 130);
}

// Whoever wraps an error keeps every fault with its place and its hint, and the cause.
TEST(ErrorTest, AboutKeepsFaultsPlacesHintsAndCause) {
  FaultList inner("a.yaml");
  inner.Add({2, 3}, "first", "do a");
  inner.Add({4, 1}, "second", "do b");
  try {
    inner.ThrowIfAny();
    FAIL();
  } catch (const Error& error) {
    const Error about = Error::About(ErrorKind::kAuthority, "the profile", error);
    EXPECT_EQ(about.kind(), ErrorKind::kAuthority);
    ASSERT_EQ(about.faults().size(), 2u);
    EXPECT_EQ(about.faults()[0].message, "the profile: first");
    EXPECT_EQ(about.faults()[0].where.ToString(), "a.yaml:2:3");
    EXPECT_EQ(about.faults()[1].hint, "do b");
  }
  const Error wrong =
      Error::OfCause(ErrorKind::kInput, ErrorCause::kWrongPassword, "wrong password", "try again");
  const Error about = Error::About(ErrorKind::kAuthority, "", wrong);
  EXPECT_EQ(about.cause(), ErrorCause::kWrongPassword);
  EXPECT_EQ(about.faults()[0].message, "wrong password");
  EXPECT_EQ(about.faults()[0].hint, "try again");
}

// AddAt gives a place to faults that have none, and leaves alone the place of others.
TEST(ErrorTest, AddAtPlacesWhatHasNoPlace) {
  FaultList faults("fleet.yaml");
  faults.AddAt({7, 5}, "'validity'", Error::WithHint(ErrorKind::kInput, "not a duration", "30d"));
  faults.AddAt({8, 1}, "'password'",
               Error(ErrorKind::kInput, "no comma in this line", Location{"p.csv", {3, 1}}));
  try {
    faults.ThrowIfAny();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "fleet.yaml:7:5: 'validity': not a duration\n  hint: 30d\n"
                 "p.csv:3:1: no comma in this line");
  }
}

TEST(ClockTest, DurationsRoundTrip) {
  for (const char* text : {"1s", "90s", "59m", "23h", "13d", "2w", "1y", "100y", "0s"}) {
    EXPECT_EQ(FormatDuration(ParseDuration(text)), text);
  }
  EXPECT_EQ(ParseDuration("14d"), Seconds{14 * 86400});
  EXPECT_EQ(ParseDuration("52w"), Seconds{364 * 86400});
}

TEST(ClockTest, WhatIsNoDurationIsRefused) {
  for (const char* text : {"", "d", "1", "1 d", "-1d", "1.5d", "1dd", "1M", "101y", "+1d",
                           "99999999999999999999d", "1d "}) {
    EXPECT_THROW(ParseDuration(text), Error) << text;
  }
}

TEST(ClockTest, Rfc3339RoundTripsAndRefuses) {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2050-01-01T00:00:00Z"}) {
    EXPECT_EQ(FormatRfc3339(ParseRfc3339(text)), text);
  }
  for (const char* text :
       {"2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00+01:00", "2024-01-01T00:00:00", "2024-1-1T0:0:0Z", ""}) {
    EXPECT_THROW(ParseRfc3339(text), Error) << text;
  }
}

TEST(TextTest, Utf8AcceptsExactlyTheWellFormed) {
  EXPECT_TRUE(IsValidUtf8("plain, \xC3\xA4, \xE2\x82\xAC, \xF0\x9F\x98\x80"));
  struct Case {
    const char* text;
    std::size_t offset;
  };
  for (const Case& c :
       {Case{"a\xC0\xAF", 1}, Case{"\xED\xA0\x80", 0}, Case{"ab\xF5\x80\x80\x80", 2},
        Case{"\x80", 0}, Case{"abc\xE2\x82", 3}, Case{"\xF4\x90\x80\x80", 0}}) {
    std::size_t offset = 99;
    EXPECT_FALSE(IsValidUtf8(c.text, &offset));
    EXPECT_EQ(offset, c.offset);
  }
}

TEST(TextTest, Utf16RoundTripsInBothOrders) {
  struct Case {
    std::string utf8;
    const char* big;
    const char* little;
  };
  for (const Case& c :
       {Case{"", "", ""}, Case{"a", "0061", "6100"}, Case{std::string("\0", 1), "0000", "0000"},
        Case{"\x7F\xC2\x80", "007f0080", "7f008000"},
        Case{"\xDF\xBF\xE0\xA0\x80", "07ff0800", "ff070008"},
        Case{"\xED\x9F\xBF\xEE\x80\x80", "d7ffe000", "ffd700e0"},
        Case{"\xE2\x82\xAC\xF0\x9F\x98\x80", "20acd83dde00", "ac203dd800de"},
        Case{"\xEF\xBF\xBF\xF0\x90\x80\x80", "ffffd800dc00", "ffff00d800dc"},
        Case{"\xF4\x8F\xBF\xBF", "dbffdfff", "ffdbffdf"}}) {
    Bytes big;
    SecretBytes little;
    AppendUtf16(big, c.utf8, ByteOrder::kBig);
    AppendUtf16(little, c.utf8, ByteOrder::kLittle);
    EXPECT_EQ(ToHex(big), c.big);
    EXPECT_EQ(ToHex(little), c.little);
    EXPECT_EQ(Utf8FromUtf16(big, ByteOrder::kBig), c.utf8);
    EXPECT_EQ(Utf8FromUtf16(little, ByteOrder::kLittle), c.utf8);
  }
  Bytes out;
  EXPECT_THROW(AppendUtf16(out, "\xED\xA0\x80", ByteOrder::kBig), Error);
}

// Names in the files of others: whatever they hold, the result is UTF-8.
TEST(TextTest, WhatIsNoUtf16IsReplaced) {
  constexpr const char* kReplaced = "\xEF\xBF\xBD";
  for (const auto& [hex, expected] : std::vector<std::pair<const char*, std::string>>{
           {"d83d", kReplaced},
           {"de00", kReplaced},
           {"d83d0061", std::string(kReplaced) + "a"},
           {"d83dd83dde00", std::string(kReplaced) + "\xF0\x9F\x98\x80"},
           {"de00d83d", std::string(kReplaced) + kReplaced},
           {"006100", "a"},
           {"00", ""}}) {
    EXPECT_EQ(Utf8FromUtf16(FromHex(hex), ByteOrder::kBig), expected) << hex;
  }
}

TEST(TextTest, SuggestionsAreCloseOrAList) {
  const std::vector<std::string> keys{"profile", "password", "dns"};
  EXPECT_EQ(DidYouMean("proflie", keys), "did you mean 'profile'?");
  EXPECT_EQ(DidYouMean("PROFILE", keys), "did you mean 'profile'?");
  EXPECT_EQ(DidYouMean("dsn", keys), "did you mean 'dns'?");
  EXPECT_EQ(DidYouMean("zzzzzz", keys), "expected one of: profile password dns");
}

TEST(TextTest, FileNamesThatWindowsOrLinuxMisreadAreUnsafe) {
  for (const char* name :
       {"",     ".",        "..",   "../x",  "a/b",  "a\\b",         "CON",      "con.txt",
        "Com1", "lpt9.pfx", "nul",  "a.",    "a ",   "a\tb",         "a:b",      "a*",
        "-rf",  ".hidden",  "a\"b", "x\x7F", "WS 1", "m\u00fcnchen", "com\u00b9"}) {
    EXPECT_TRUE(UnsafeFileNameReason(name).has_value()) << name;
  }
  EXPECT_TRUE(UnsafeFileNameReason(std::string(201, 'a')).has_value());
  for (const char* name : {"ws-0001", "a.b.c", "com10", "console", "x_y"}) {
    EXPECT_FALSE(UnsafeFileNameReason(name).has_value()) << name;
  }
}

// RFC 8439 2.4.2 uses another nonce and counter; this is its appendix A.1 test vector 1: key and
// nonce zero, counter 0. It would break if streams were not the plain ChaCha20 keystream.
TEST(RandomTest, StreamIsTheChaCha20Keystream) {
  const std::array<std::uint8_t, kSeedBytes> seed{};
  RandomStream stream(seed);
  Bytes out(64, 0xAA);
  stream.Fill(out);
  EXPECT_EQ(ToHex(out),
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
            "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
}

TEST(RandomTest, StreamDoesNotDependOnTheSizesOfItsReads) {
  std::array<std::uint8_t, kSeedBytes> seed{};
  seed[5] = 7;
  RandomStream whole(seed), pieces(seed);
  Bytes a(1000), b(1000);
  whole.Fill(a);
  for (std::size_t at = 0, step = 1; at < b.size(); at += step, step = step % 97 + 1) {
    pieces.Fill(std::span(b).subspan(at, std::min(step, b.size() - at)));
  }
  EXPECT_EQ(a, b);
}

TEST(RandomTest, AStuckSourceAborts) {
  StuckSource stuck;
  SystemStreams streams(stuck);
  streams.Open({});
  try {
    streams.Open({});
    FAIL() << "a generator that repeats itself went unnoticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIntegrity);
  }
}

// Gives bytes that count up, and notes how many it was asked for; one of them may be another one.
class CountingSource final : public RandomSource {
 public:
  explicit CountingSource(std::size_t changed = ~std::size_t{0}) : changed_(changed) {}
  void Fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) {
      byte = static_cast<std::uint8_t>(given_ == changed_ ? 0xFF : given_ + 1);
      ++given_;
    }
  }
  std::size_t given() const { return given_; }

 private:
  std::size_t changed_, given_ = 0;
};

// If this fails, keys can be found by trying seeds.
TEST(RandomTest, AStreamTakes32BytesAndEachOfThemCounts) {
  std::set<Bytes> outputs;
  for (std::size_t changed = 0; changed <= 32; ++changed) {  // the last one: none
    CountingSource source(changed);
    SystemStreams streams(source);
    RandomStream stream = streams.Open({});
    EXPECT_EQ(source.given(), 32U);
    Bytes output(16);
    stream.Fill(output);
    EXPECT_TRUE(outputs.insert(output).second) << "byte " << changed << " does not count";
    streams.Open({});
    EXPECT_EQ(source.given(), 64U);
  }
}

TEST(WipeTest, LeavesZeros) {
  for (const std::size_t size : {1U, 8U, 100U, 4096U}) {
    Bytes secret(size + 1, 0xA5);
    Wipe(secret.data(), size);
    EXPECT_EQ(std::count(secret.begin(), secret.end(), 0), static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(secret.back(), 0xA5);
  }
}

TEST(RandomTest, SerialsArePositiveWith126RandomBits) {
  SystemRandom random;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(DrawSerial(random)[0] >> 6U, 1);
}

TEST(TextTest, CountsAsPeopleDo) {
  EXPECT_EQ(Counted(1, "endpoint"), "1 endpoint");
  EXPECT_EQ(Counted(0, "endpoint"), "0 endpoints");
  EXPECT_EQ(Counted(2, "endpoint"), "2 endpoints");
  EXPECT_EQ(Counted(1, "entry is", "entries are"), "1 entry is");
  EXPECT_EQ(Counted(12, "entry is", "entries are"), "12 entries are");
}

}  // namespace
}  // namespace fleetmint
