// Operating systems: those whose importer cannot read AES must not get it, and the others must.
#include "profiles/target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

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
           // As people and directories write them.
           Case{"windows 10", Target::kModernWindows},
           Case{"windows10", Target::kModernWindows},
           Case{"win11", Target::kModernWindows},
           Case{"windows-10-22H2", Target::kModernWindows},
           Case{"windows-10-1709", Target::kModernWindows},
           Case{"windows-10-1809", Target::kModernWindows},
           Case{"windows-10-2004", Target::kModernWindows},
           Case{"Windows 10 Enterprise LTSC 2021", Target::kModernWindows},
           Case{"Windows 10 Enterprise 2016 LTSB", Target::kUnknown},
           Case{"windows-10-19045", Target::kModernWindows},
           Case{"windows-10-14393", Target::kLegacyWindows},
           Case{"windows-11-23h2", Target::kModernWindows},
           Case{"windows-11-22631", Target::kModernWindows},
           Case{"Windows Server 2012 R2 Standard", Target::kLegacyWindows},
           Case{"windows-server-2016", Target::kLegacyWindows},
           Case{"Microsoft Windows Server 2022 Datacenter", Target::kModernWindows},
           Case{"Windows 7 Professional", Target::kLegacyWindows},
           Case{"windows-8.1-pro", Target::kLegacyWindows},
           Case{"ubuntu-22.04", Target::kOther},
           Case{"Debian 12", Target::kOther},
       }) {
    EXPECT_EQ(TargetOf(c.os).value_or(Target::kUnknown), c.target) << c.os;
  }
}

TEST(TargetTest, NoGuessIsMadeForOtherNames) {
  for (const char* os : {"", "windows", "windows-server", "windows-210", "w10", "windows-10-1708",
                         "windows-10-22h3", "windows-10-99999", "windows-11-1809", "windows-12",
                         "windows-10-x", "ubuntu-x", "plan9-4"}) {
    EXPECT_FALSE(TargetOf(os)) << os;
  }
}

// Who writes `windows` is told how a version is written, and each of those is known.
TEST(TargetTest, HintsAreFollowed) {
  for (const char* os : {"windows", "Windows Server", "windows-12", "windows-10-22h9"}) {
    const std::string hint = OsHint(os);
    std::size_t named = 0;
    for (std::size_t at = 0; (at = hint.find("windows-", at)) != std::string::npos; ++named) {
      const std::size_t end = std::min(hint.find_first_of(",: ;", at), hint.size());
      EXPECT_TRUE(TargetOf(hint.substr(at, end - at))) << hint.substr(at, end - at);
      at = end;
    }
    EXPECT_GE(named, 5u) << hint;
    EXPECT_EQ(hint.substr(0, hint.find(',')), "write its version: windows-10") << "the usual first";
  }
  EXPECT_EQ(OsHint("windwos-10"), "did you mean 'windows-10'?");
}

TEST(TargetTest, EveryNameThatIsSuggestedIsKnown) {
  EXPECT_GE(OsNames().size(), 20u);
  for (const std::string& name : OsNames()) EXPECT_TRUE(TargetOf(name)) << name;
}

}  // namespace
}  // namespace fleetmint
