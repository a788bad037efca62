// `formerly`: which names a host can have had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "inventory/fleet.h"
#include "tests/support/layer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// All that is wrong with the fleet file `text`; "" if nothing is.
std::string FaultsOf(const std::string& text) {
  const TempDir folder;
  const std::string path = folder.Write("fleet.yaml", text);
  const auto error = ThrownBy([&] { Fleet::Load(path, test::Builtin()).Accept(); });
  return error ? error->what() : "";
}

TEST(FormerNamesTest, AFormerNameIsOneThatAnEndpointCanHaveHad) {
  const auto fault_of = [](const std::string& former) {
    return FaultsOf("fleet: f\nprofile: mtls-client\nendpoints:\n- {name: front, formerly: " +
                    former + "}\n- {name: b, formerly: was-b}\n");
  };
  EXPECT_EQ(fault_of("old"), "");
  EXPECT_EQ(fault_of("[old, older]"), "");
  for (const auto& [former, says, hint] :
       {std::tuple{"'../x'", "former name '../x' cannot be a file name", "are safe"},
        std::tuple{"''", "former name '' cannot be a file name", "are safe"},
        std::tuple{"con", "former name 'con' cannot be a file name", "are safe"},
        std::tuple{"m\u00fcller", "former name 'm\u00fcller' cannot be a file name", "as DNS does"},
        std::tuple{"'h-[1-3]'", "former name 'h-[1-3]' has a bracket", "one by one"},
        std::tuple{"FRONT", "former name 'FRONT' is the endpoint's own", "leave it out"},
        std::tuple{"B", "former name 'b' is an endpoint of this file", "take one of the two out"},
        std::tuple{"Was-B", "former name 'was-b' stands twice", "already in line"}}) {
    EXPECT_THAT(fault_of(former), AllOf(HasSubstr(says), HasSubstr(hint))) << former;
  }
  EXPECT_THAT(fault_of("[old, a/b]"), HasSubstr(".yaml:4:33: former name 'a/b'"));
  EXPECT_THAT(FaultsOf("fleet: f\nprofile: mtls-client\nhosts: h-1\n"
                       "overrides: {H-1: {formerly: h-1}}\n"),
              HasSubstr("is the endpoint's own"));
}

}  // namespace
}  // namespace fleetmint
