// install.sh as the binary carries it, run on small output directories.
#include "output/rollout.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/bytes.h"
#include "engine/base/pem.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {
namespace {

std::string_view Script(std::string_view name) {
  for (const EmbeddedFile& file : RolloutFiles()) {
    if (file.name == name) return file.text;
  }
  return {};
}

class InstallTest : public testing::Test {
 protected:
  void SetUp() override {
    temp_.Write("out/rollout/install.sh", Script("install.sh"));
    std::filesystem::create_directory(temp_ / "target");
  }

  // Adds an endpoint with these files to out/; the content of each tells whose it is.
  void Add(const std::string& endpoint, const std::vector<std::string>& extensions) {
    nlohmann::ordered_json line{{"endpoint", endpoint}, {"dns", {"itAuth"}}};
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    for (const std::string& extension : extensions) {
      const std::string path = "bundles/" + endpoint + "." + extension;
      const std::string content = ContentOf(endpoint, extension);
      temp_.Write("out/" + path, content);
      files.push_back(
          {{"path", path}, {"bytes", content.size()}, {"sha256", ToHex(Sha256(AsBytes(content)))}});
    }
    line["files"] = files;
    line["supersedes"] = {{{"serial", "41"}, {"sha1", std::string(40, '1')}}};
    manifest_ += line.dump() + "\n";
    temp_.Write("out/manifest.jsonl", manifest_);
  }

  static std::string ContentOf(const std::string& endpoint, const std::string& extension) {
    return "the " + extension + " of " + endpoint + "\n";
  }

  ProgramResult Install(const std::string& endpoint) const {
    return RunProgram(
        {"sh", temp_ / "out/rollout/install.sh", temp_ / "out", endpoint, temp_ / "target"});
  }

  TempDir temp_;
  std::string manifest_;
};

const std::vector<std::string> kPem{"key.pem", "crt.pem", "chain.pem"};

TEST_F(InstallTest, PutsTheEndpointsFilesInPlace) {
  Add("ws-0001", kPem);
  Add("ws-00011", kPem);
  Add("web 1", {"pfx", "key.pem", "crt.pem", "chain.pem"});
  for (const char* endpoint : {"ws-0001", "WS-0001", "web 1"}) {
    std::filesystem::remove_all(temp_ / "target");
    const auto result = Install(endpoint);
    ASSERT_TRUE(result.ok()) << result;
    const std::string name = endpoint[0] == 'W' ? "ws-0001" : endpoint;
    EXPECT_EQ(
        ListTree(temp_ / "target"),
        (std::vector<std::string>{name + ".chain.pem", name + ".crt.pem", name + ".key.pem"}));
    for (const std::string& extension : kPem) {
      const std::string path = temp_ / "target/" + name + "." + extension;
      EXPECT_EQ(ReadFileText(path), ContentOf(name, extension));
      EXPECT_EQ(ModeOf(path), 0600u);
    }
  }
}

TEST_F(InstallTest, ReplacesWhatWasThere) {
  Add("ws-0001", kPem);
  temp_.Write("target/ws-0001.key.pem", "old");
  ASSERT_TRUE(Install("ws-0001").ok());
  EXPECT_EQ(ReadFileText(temp_ / "target/ws-0001.key.pem"), ContentOf("ws-0001", "key.pem"));
}

// What `fleetmint installed` takes, by what lies in the target now.
TEST_F(InstallTest, WritesReceiptsOfWhatIsInPlace) {
  const auto pem = [](const std::string& content) {
    return PemEncode("CERTIFICATE", AsBytes(content));
  };
  const std::string leaf(100, 'L'), root(200, 'R'), next(300, 'N');
  Add("ws-1", kPem);
  temp_.Write("out/bundles/ws-1.crt.pem", pem(leaf));
  temp_.Write("out/trust.pem", pem(root) + pem(next));
  std::string line = manifest_;
  const auto replace = [&](const std::string& before, const std::string& after) {
    line.replace(line.find(before), before.size(), after);
  };
  replace(ToHex(Sha256(AsBytes(ContentOf("ws-1", "crt.pem")))), ToHex(Sha256(AsBytes(pem(leaf)))));
  temp_.Write("out/manifest.jsonl", line);
  const auto result = RunProgram({"sh", temp_ / "out/rollout/install.sh", temp_ / "out", "ws-1",
                                  temp_ / "target", temp_ / "receipts"});
  ASSERT_TRUE(result.ok()) << result;
  EXPECT_EQ(ReadFileText(temp_ / "target/trust.pem"), pem(root) + pem(next));
  std::istringstream receipts(ReadFileText(temp_ / "receipts"));
  std::vector<std::string> said;
  for (std::string text; std::getline(receipts, text);) {
    const auto json = nlohmann::json::parse(text);
    EXPECT_EQ(json["endpoint"], "ws-1");
    EXPECT_EQ(json["time"].get<std::string>().size(), 20u);
    said.push_back(json.value("sha256", "") + " " + json.value("trust", ""));
  }
  EXPECT_EQ(said, (std::vector<std::string>{ToHex(Sha256(AsBytes(leaf))) + " ",
                                            " " + ToHex(Sha256(AsBytes(root))),
                                            " " + ToHex(Sha256(AsBytes(next)))}));
}

// The target as it was: the old files, and nothing new beside them.
void ExpectUntouched(const TempDir& temp, const ProgramResult& result, const std::string& reason) {
  EXPECT_NE(result.exit_code, 0) << result;
  EXPECT_NE((result.out + result.err).find(reason), std::string::npos) << result;
  EXPECT_EQ(ListTree(temp / "target"), std::vector<std::string>{"ws-0001.key.pem"});
  EXPECT_EQ(ReadFileText(temp / "target/ws-0001.key.pem"), "old");
}

// Whichever file is damaged or missing, also the last: a new key beside an old certificate would
// stop the service.
TEST_F(InstallTest, ADamagedBundleLeavesTheTargetUntouched) {
  Add("ws-0001", kPem);
  temp_.Write("target/ws-0001.key.pem", "old");
  for (const std::string& extension : kPem) {
    const std::string name = "out/bundles/ws-0001." + extension;
    temp_.Write(name, "damaged");
    ExpectUntouched(temp_, Install("ws-0001"), "ws-0001." + extension);
    std::filesystem::remove(temp_ / name);
    ExpectUntouched(temp_, Install("ws-0001"), "ws-0001." + extension);
    temp_.Write(name, ContentOf("ws-0001", extension));
  }
  EXPECT_TRUE(Install("ws-0001").ok());
}

TEST_F(InstallTest, AnUnknownEndpointLeavesTheTargetUntouched) {
  Add("ws-0001", kPem);
  temp_.Write("target/ws-0001.key.pem", "old");
  for (const char* endpoint : {"ws-0002", "ws-000", "ws-000.", "ws-0001\",", ""}) {
    ExpectUntouched(temp_, Install(endpoint), "is not in");
  }
}

TEST_F(InstallTest, ABundleWithoutPemFilesIsSaid) {
  Add("win-1", {"pfx"});
  temp_.Write("target/ws-0001.key.pem", "old");
  ExpectUntouched(temp_, Install("win-1"), "has no PEM files");
}

TEST_F(InstallTest, UsageIsExitCode2) {
  EXPECT_EQ(RunProgram({"sh", temp_ / "out/rollout/install.sh", "one"}).exit_code, 2);
}

// The Windows script cannot be run here; that it is carried whole can be seen.
TEST(RolloutFilesTest, EveryScriptOfTheFolderIsCarriedWhole) {
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(FLEETMINT_SOURCE_DIR "/output/rollout")) {
    const std::string name = entry.path().filename().string();
    EXPECT_EQ(Script(name), ReadFileText(entry.path().string())) << name;
    ++count;
  }
  EXPECT_EQ(RolloutFiles().size(), count);
}

}  // namespace
}  // namespace fleetmint
