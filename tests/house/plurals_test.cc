// "1 endpoints" is nobody's English: a number beside a noun is written by Counted (base/counted.h).
// This reads the sources for a std::to_string( ) that is followed by a literal with a plural.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

namespace fleetmint {
namespace {

const std::regex kPlural(
    "^ ([a-z]+ ){0,2}(endpoints|certificates|bundles|receipts|files|findings|keys|threads|serials|"
    "entries|reservations|chunks|faults|bytes|iterations|revocations|hosts|fleets|are|were|have)"
    "\\b");

// Behind the parenthesis that closes the one at `open`.
std::size_t BehindClosing(const std::string& text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i + 1;
  }
  return text.size();
}

// The plurals of a source that stand behind a number which may be 1.
std::string PluralsOf(const std::string& text) {
  const std::string call = "std::to_string(";
  std::string found;
  for (std::size_t at = text.find(call); at != std::string::npos; at = text.find(call, at + 1)) {
    const std::size_t argument = at + call.size();
    if (text[argument] == 'k') continue;  // a constant
    std::size_t literal = BehindClosing(text, argument - 1);
    literal = text.find_first_not_of(" \n", literal);
    if (literal == std::string::npos || text[literal] != '+') continue;
    literal = text.find_first_not_of(" \n", literal + 1);
    if (literal == std::string::npos || text[literal] != '"') continue;
    const std::string words = text.substr(literal + 1, text.find('"', literal + 1) - literal - 1);
    if (std::regex_search(words, kPlural)) found += "\"" + words + "\" ";
  }
  return found;
}

TEST(PluralsTest, FindsThem) {
  EXPECT_EQ(PluralsOf("Say(std::to_string(f(a, b)) +\n    \" endpoints\");"), "\" endpoints\" ");
  EXPECT_EQ(PluralsOf("std::to_string(n) + \" current certificates in\""),
            "\" current certificates in\" ");
  EXPECT_EQ(PluralsOf("std::to_string(n) + \" are left\""), "\" are left\" ");
  EXPECT_EQ(PluralsOf("std::to_string(kMost) + \" endpoints\""), "");
  EXPECT_EQ(PluralsOf("std::to_string(n) + \" superseded, \""), "");
}

TEST(PluralsTest, NoNumberStandsBesideAFixedPlural) {
  namespace fs = std::filesystem;
  std::size_t files = 0;
  for (const char* folder : {"engine", "profiles", "inventory", "output"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(FLEETMINT_SOURCE_DIR) / folder)) {
      const fs::path& path = entry.path();
      if (path.extension() != ".cc" && path.extension() != ".h") continue;
      std::ifstream stream(path);
      const std::string text{std::istreambuf_iterator<char>(stream), {}};
      EXPECT_EQ(PluralsOf(text), "") << path << ": let Counted (base/counted.h) say it";
      ++files;
    }
  }
  EXPECT_GT(files, 100U);
}

}  // namespace
}  // namespace fleetmint
