// Words: they are in profile files and, for years, in ledgers.
#include "profiles/words.h"

#include <gtest/gtest.h>

namespace fleetmint::profile_words {
namespace {

TEST(WordsTest, FormatsAreSortedAndAddUp) {
  BundleSpec bundle;
  bundle.pfx = false;
  EXPECT_TRUE(FormatWords(bundle).empty());
  EXPECT_TRUE(SetFormat("pfx", bundle));
  EXPECT_TRUE(SetFormat("pem", bundle));
  EXPECT_FALSE(SetFormat("p12", bundle));
  EXPECT_EQ(FormatWords(bundle), (std::vector<std::string>{"pem", "pfx"}));
}

}  // namespace
}  // namespace fleetmint::profile_words
