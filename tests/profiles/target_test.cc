// Operating systems: those whose importer cannot read AES must not get it, and the others must.
#include "profiles/target.h"

#include <gtest/gtest.h>

namespace fleetmint {
namespace {

TEST(TargetTest, KnowsWhichWindowsReadsAes) {
  struct Case {
    const char* os;
    Target target;
  };
  for (const Case& c : {
           // Importers before Windows 10 1709 and Server 2019 say "network password is not
           // correct".
           Case{"windows-7", Target::kLegacyWindows},
           Case{"windows-8.1", Target::kLegacyWindows},
           Case{"windows-10-1703", Target::kLegacyWindows},
           Case{"windows-10-ltsb-2016", Target::kLegacyWindows},
           Case{"windows-2008r2", Target::kLegacyWindows},
           Case{"windows-2012", Target::kLegacyWindows},
           Case{"windows-2012r2", Target::kLegacyWindows},
           Case{"windows-2016", Target::kLegacyWindows},
           Case{"windows-10", Target::kModernWindows},
           Case{"windows-10-ltsc-2019", Target::kModernWindows},
           Case{"windows-11", Target::kModernWindows},
           Case{"windows-2019", Target::kModernWindows},
           Case{"windows-2022", Target::kModernWindows},
           Case{"windows-2025", Target::kModernWindows},
           Case{"linux", Target::kOther},
           Case{"macos", Target::kOther},
           Case{"other", Target::kOther},
           Case{"Windows-2012R2", Target::kLegacyWindows},
       }) {
    EXPECT_EQ(TargetOf(c.os), c.target) << c.os;
  }
}

TEST(TargetTest, NoGuessIsMadeForOtherNames) {
  for (const char* os : {"", "windows", "windows-210", "windows 10", "windows-10 ", "w10"}) {
    EXPECT_FALSE(TargetOf(os)) << os;
  }
}

TEST(TargetTest, EveryNameThatIsSuggestedIsKnown) {
  EXPECT_GE(OsNames().size(), 20u);
  for (const std::string& name : OsNames()) EXPECT_TRUE(TargetOf(name)) << name;
}

}  // namespace
}  // namespace fleetmint
