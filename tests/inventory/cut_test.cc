// Fleet files that break off at a syntax fault, and files that are none: what stands before the
// fault is judged, and nothing is said of what is not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "inventory/fleet.h"
#include "inventory/other_format.h"
#include "tests/support/layer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

using ::testing::HasSubstr;

// The faults of a fleet file as lines "line:column: message".
std::vector<std::string> FaultsOf(const TempDir& folder, const std::string& text) {
  const std::string path = folder.Write("fleet.yaml", text);
  const auto error = ThrownBy([&] { Fleet::Load(path, test::Builtin()).Accept(); });
  std::vector<std::string> lines;
  if (!error) return lines;
  for (const Fault& fault : error->faults()) {
    lines.push_back(Location{"", fault.where.position}.ToString() + ": " + fault.message);
  }
  return lines;
}

TEST(CutTest, TheFaultsBeforeASyntaxFaultAreReported) {
  const TempDir folder;
  const std::vector<std::string> lines{
      "fleet: Acme",
      "proflie: x",
      "hosts: [a, A, 'b[2-1]']",
      "defaults: {validity: soon, os: amiga}",
      "groups:",
      "  - name: g",
      "    hosts: [CON, 'd[1-3]', d2]",
      "    profile: nobody",
      "  - name: g",
      "    bundle: {chain: gold}",
      "    endpoints:",
      "      - {name: e, fqdn: a..b}",
      "      - name: 'f[1-2]'",
      "        vars: {host: x}",
      "      - {name: h, formerly: H}",
      "overrides:",
      "  a: {jitter: 1}",
      "profile: mtls-client",
  };
  std::string whole;
  for (const std::string& line : lines) whole += line + "\n";
  const std::vector<std::string> all = FaultsOf(folder, whole);
  ASSERT_EQ(all.size(), 16u) << ::testing::PrintToString(all);
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::vector<std::string> expected;
    for (const std::string& fault : all) {
      if (std::stoul(fault) <= i) expected.push_back(fault);
    }
    // The cut is at the depth of the line that is missing: what is open there stays open.
    const std::size_t indent = lines[i].find_first_not_of(' ');
    const std::string fault = std::string(indent, ' ') + "\"cut";
    std::vector<std::string> faults = FaultsOf(folder, text + fault);
    const Position where{static_cast<std::uint32_t>(i + 1), static_cast<std::uint32_t>(indent + 1)};
    ASSERT_FALSE(faults.empty());
    EXPECT_TRUE(faults.back().starts_with(Location{"", where}.ToString())) << faults.back();
    faults.pop_back();
    EXPECT_EQ(faults, expected) << text + fault;
    text += lines[i] + "\n";
  }
}

// What would be a fault of a whole file is none where the rest is not known.
TEST(CutTest, NothingIsSaidOfWhatIsAbsent) {
  const TempDir folder;
  for (const char* text : {
           "profile: mtls-client\n@",                      // no name, no endpoints
           "fleet: f\nhosts: [a]\n@",                      // no profile
           "fleet: f\nhosts:\n- {",                        // an item that is cut
           "fleet: f\nendpoints:\n- {os: linux, \"",       // an endpoint without a name
           "fleet: f\noverrides: {later: {os: linux}}\n@"  // an endpoint that comes later
       }) {
    EXPECT_EQ(FaultsOf(folder, text).size(), 1u)
        << text << ::testing::PrintToString(FaultsOf(folder, text));
  }
}

TEST(CutTest, KnowsIniAndCsvByTheirFirstLine) {
  for (const char* text : {"[web]\nweb1\n", "# c\n\n; c\n[a b:children]\r\n", "a=b\n",
                           "web1 ansible_host=10.0.0.1\n", "\xEF\xBB\xBF[web]\n"}) {
    const auto fault = OtherFormat(text, "hosts");
    ASSERT_TRUE(fault) << text;
    EXPECT_THAT(fault->message, HasSubstr("INI")) << text;
  }
  for (const char* text : {"name,os\na,b\n", "\"name\";\"os\"\r\n", "#TYPE x\nname\tos\n"}) {
    const auto fault = OtherFormat(text, "hosts");
    ASSERT_TRUE(fault) << text;
    EXPECT_THAT(fault->message, HasSubstr("CSV")) << text;
  }
  for (const char* text : {"", "fleet: a,b;c=d\n", "{fleet: f, hosts: [a, b]}\n", "---\nfleet: f\n",
                           "--- # a, b\nfleet: f\n", "- a, b\n", "[a, b]\n", "fleet:\n", "web1\n",
                           "# a, b\nfleet: f\n", "\"fleet\": f, g\n"}) {
    EXPECT_FALSE(OtherFormat(text, "hosts")) << text;
  }
}

}  // namespace
}  // namespace fleetmint
