// Who may include whom (engine/README.md "Rooms"): reads every #include of the tree and holds the
// list.
// A third-party library stays inside the folders named here. If this fails, a layer was crossed:
// move the code, don't widen the list.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;

struct Rule {
  std::set<std::string> folders;    // of ours, beside the folder itself
  std::set<std::string> libraries;  // first path component of <...> includes
};

const std::map<std::string, Rule> kRules{
    {"engine/base", {{}, {"botan", "yaml-cpp"}}},
    {"engine/x509", {{"engine/base"}, {"botan"}}},
    {"engine/prime", {{"engine/base"}, {}}},
    {"engine/keys", {{"engine/prime", "engine/base"}, {"botan"}}},
    {"engine/ledger", {{"engine/base"}, {"sqlite3.h"}}},
    {"profiles", {{"engine/keys", "engine/x509", "engine/base"}, {}}},
    {"inventory", {{"profiles", "engine/x509", "engine/base"}, {}}},
    {"output", {{"profiles", "engine/keys", "engine/x509", "engine/base"}, {"botan", "nlohmann"}}},
    {"engine/authority",
     {{"profiles", "engine/keys", "engine/ledger", "engine/x509", "engine/base"}, {"botan"}}},
    {"engine/pipeline",
     {{"engine/prime", "engine/authority", "engine/ledger", "engine/keys", "engine/x509",
       "engine/base", "profiles", "inventory", "output"},
      {"oneapi"}}},
    {"engine/cli",
     {{"engine/prime", "engine/pipeline", "engine/authority", "engine/ledger", "engine/keys",
       "engine/x509", "engine/base", "profiles", "inventory", "output"},
      {"CLI", "spdlog", "nlohmann"}}},
    {"engine", {{"engine/cli"}, {}}},
};

const std::set<std::string> kWatchedLibraries{"botan", "yaml-cpp", "oneapi", "tbb",
                                              "CLI",   "nlohmann", "spdlog", "sqlite3.h"};
const std::set<std::string> kOurRoots{"engine", "profiles", "inventory", "output"};

struct Include {
  std::string file;  // relative to the root
  std::string path;
  bool system = false;
};

std::vector<Include> AllIncludes() {
  const fs::path root = FLEETMINT_SOURCE_DIR;
  static const std::regex line_pattern(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"])re");
  std::vector<Include> includes;
  for (const std::string& top : kOurRoots) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        std::smatch match;
        if (!std::regex_search(line, match, line_pattern)) continue;
        includes.push_back(
            {fs::relative(entry.path(), root).generic_string(), match[2], match[1] == "<"});
      }
    }
  }
  return includes;
}

std::string FolderOf(const std::string& path) {
  return fs::path(path).parent_path().generic_string();
}

TEST(HouseTest, EveryIncludeKeepsItsLayer) {
  const auto includes = AllIncludes();
  ASSERT_GT(includes.size(), 200u) << "the tree was not found";
  for (const Include& include : includes) {
    const auto rule = kRules.find(FolderOf(include.file));
    ASSERT_NE(rule, kRules.end()) << include.file << " is in a folder that has no rule";
    const std::string first = include.path.substr(0, include.path.find('/'));
    if (include.system) {
      if (!kWatchedLibraries.contains(first)) continue;
      EXPECT_TRUE(rule->second.libraries.contains(first))
          << include.file << " may not include <" << include.path << ">";
      continue;
    }
    EXPECT_TRUE(kOurRoots.contains(first))
        << include.file << ": write \"" << include.path << "\" from the root";
    const std::string folder = FolderOf(include.path);
    EXPECT_TRUE(folder == rule->first || rule->second.folders.contains(folder))
        << include.file << " may not include \"" << include.path << "\"";
  }
}

// The core never prints, exits or reads the environment (engine/README.md "Rooms").
TEST(HouseTest, OnlyCliPrintsExitsAndReadsTheEnvironment) {
  const fs::path root = FLEETMINT_SOURCE_DIR;
  static const std::regex forbidden(
      R"re(std::cout|std::cerr|\bprintf\(|\bputs\(|\bfprintf\(|\b_?exit\(|std::abort|\bgetenv\()re");
  for (const std::string& top : kOurRoots) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string name = fs::relative(entry.path(), root).generic_string();
      const std::string extension = entry.path().extension();
      if ((extension != ".h" && extension != ".cc") || name.starts_with("engine/cli/")) continue;
      std::ifstream file(entry.path());
      int number = 0;
      for (std::string line; std::getline(file, line);) {
        ++number;
        const std::string code = line.substr(0, line.find("//"));
        EXPECT_FALSE(std::regex_search(code, forbidden)) << name << ":" << number << ": " << line;
      }
    }
  }
}

// main.cc is argv -> cli::Run -> exit code.
TEST(HouseTest, MainStaysSmall) {
  std::ifstream file(fs::path(FLEETMINT_SOURCE_DIR) / "engine/main.cc");
  int lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  EXPECT_GT(lines, 0);
  EXPECT_LT(lines, 40);
}

}  // namespace
