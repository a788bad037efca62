// Text files from Windows: byte-order marks and UTF-16.
#include "engine/base/text_file.h"

#include <gtest/gtest.h>

using namespace std::string_literals;

namespace fleetmint {
namespace {

TEST(TextFileTest, TakesTheMarkAwayOnce) {
  EXPECT_EQ(WithoutMark("\xEF\xBB\xBF"
                        "a"),
            "a");
  EXPECT_EQ(WithoutMark("\xEF\xBB\xBF\xEF\xBB\xBF"), "\xEF\xBB\xBF");
  EXPECT_EQ(WithoutMark("a"), "a");
  EXPECT_EQ(WithoutMark("\xEF\xBB"), "\xEF\xBB");
}

TEST(TextFileTest, KnowsUtf16WithAndWithoutAMark) {
  struct Case {
    std::string content, name;
  };
  for (const Case& c :
       {Case{"\xFF\xFE"
             "a\0b\0"s,
             "UTF-16"},
        Case{"\xFE\xFF\0a\0b"s, "UTF-16"}, Case{"a\0b\0"s, "UTF-16LE"}, Case{"\0a\0b"s, "UTF-16BE"},
        Case{"\xFC\0b\0\xAC\x20"
             "c\0\n"s,
             "UTF-16LE"}}) {
    const auto fault = Utf16Fault(c.content, "a b.txt");
    ASSERT_TRUE(fault) << c.name;
    EXPECT_EQ(fault->hint,
              "iconv -f " + c.name +
                  " -t UTF-8 'a b.txt' > 'a b.txt.utf8' && mv 'a b.txt.utf8' 'a b.txt'");
  }
  for (const std::string& text : {""s, "a"s, "ab"s, "\0"s, "\0\0\0\0"s, "a\0bcdefg"s, "\xFF"s}) {
    EXPECT_FALSE(Utf16Fault(text, "f")) << text;
  }
  EXPECT_TRUE(Utf16Fault("\xFF\xFE"s, "f", true)->hint.starts_with("umask 077; iconv"));
}

TEST(TextFileTest, TextOfThrowsWithTheFile) {
  EXPECT_EQ(TextOf("\xEF\xBB\xBF"
                   "a\n",
                   "f", ErrorKind::kInput),
            "a\n");
  try {
    TextOf("a\0b\0"s, "f", ErrorKind::kAuthority);
    FAIL() << "UTF-16 was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kAuthority);
    EXPECT_TRUE(std::string(error.what()).starts_with("f: the file is in UTF-16")) << error.what();
  }
}

}  // namespace
}  // namespace fleetmint
