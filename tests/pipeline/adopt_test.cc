// A restored ledger learns what an output knows: records, CRLs, bundles and the manifest, and
// nothing that no CA of ours has signed.
#include "engine/pipeline/adopt.h"

#include <filesystem>

#include "engine/base/base64.h"
#include "engine/pipeline/crl.h"
#include "engine/pipeline/head.h"
#include "tests/pipeline/fleet_fixture.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

class AdoptPlanTest : public FleetFixture {
 protected:
  AdoptPlanTest() {
    RunHosts("h-[1-3]");
    Copy("ca", "backup");
    RunHosts("h-[1-6]");
  }
  void Copy(const std::string& from, const std::string& to) {
    fs::remove_all(dir_ / to);
    fs::copy(dir_ / from, dir_ / to, fs::copy_options::recursive);
  }
  void Restore() { Copy("backup", "ca"); }
  static CrlOptions Always() {
    CrlOptions options;
    options.always = true;
    return options;
  }
  static RevocationFilter Of(const std::vector<std::string>& endpoints) {
    RevocationFilter filter;
    filter.endpoints = endpoints;
    return filter;
  }
  void Sign() {
    const Authority authority = Authority::Open(dir_ / "ca");
    RenewCrls(authority, nullptr, nullptr, clock_, Always());
    PublishAgain();
  }
  AdoptPlan MakeAdoptPlan() {
    const Authority authority = Authority::Open(dir_ / "ca");
    const PasswordMaker passwords = authority.UnlockPasswords(nullptr);
    return PlanAdoption(
        authority, OpenOutput(out_, authority), [&]() -> const PasswordMaker& { return passwords; },
        random_, clock_.Now());
  }
  AdoptionCount Learn() {
    const AdoptPlan plan = MakeAdoptPlan();
    LockedAuthority locked = LockedAuthority::Acquire(dir_ / "ca", "test");
    return Adopt(locked, plan, clock_.Now());
  }
  // The lines of the head's run.
  std::string RunFile() {
    const std::string head = ReadFileText(out_ + "/.head");
    return out_ + "/.runs/" + head.substr(0, head.size() - 1);
  }
  // Changes the record of an endpoint: `change` is given its JSON.
  template <typename Change>
  void ChangeRecord(const std::string& endpoint, const Change& change) {
    std::ifstream in(RunFile());
    std::string text;
    for (std::string line; std::getline(in, line);) {
      auto json = nlohmann::ordered_json::parse(line);
      if (json.contains("certificate") && json["certificate"]["endpoint"] == endpoint) {
        change(json["certificate"]);
      }
      text += json.dump() + "\n";
    }
    in.close();
    std::ofstream(RunFile()) << text;
  }
};

TEST_F(AdoptPlanTest, WhatTheLedgerKnowsIsNoNews) {
  EXPECT_TRUE(MakeAdoptPlan().empty);
  Sign();
  EXPECT_TRUE(MakeAdoptPlan().empty);
  EXPECT_TRUE(MakeAdoptPlan().refused.empty());
}

TEST_F(AdoptPlanTest, RecordsAreTakenAndTheRunIsTakenOver) {
  Restore();
  EXPECT_TRUE(ThrownBy([&] { Open(); }));
  const AdoptPlan plan = MakeAdoptPlan();
  EXPECT_TRUE(plan.refused.empty());
  ASSERT_EQ(plan.adoption.certificates.size(), 3U);
  EXPECT_EQ(plan.adoption.certificates[0].as, AdoptedCertificate::As::kIssued);
  EXPECT_EQ(Learn().issued, 3U);
  EXPECT_TRUE(MakeAdoptPlan().empty);
  Open();  // the head is the ledger's
  RunHosts("h-[1-7]");
  EXPECT_EQ(CountRows().issued, 7U);
}

// Runs of one second, whose tokens are random: each certificate supersedes the one before it.
TEST_F(AdoptPlanTest, RunsAreTakenInTheirOrder) {
  SystemStreams streams(random_);
  std::vector<Serial> serials;
  for (int i = 0; i < 8; ++i) {
    IssueFleetOptions options = Options(streams);
    options.selection = Selection::Only({"h-1"}, false);
    IssueFleet(MakePlan("h-[1-6]"), options);
    serials.push_back(Open().ledger().Current("test", "h-1")->serial);
  }
  Restore();
  Learn();
  Workspace workspace = Open();
  const auto row = workspace.ledger().Current("test", "h-1");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->serial, serials.back());
  const auto before = workspace.ledger().Predecessors(*row);
  ASSERT_EQ(before.size(), serials.size());
  for (std::size_t i = 1; i < before.size(); ++i) EXPECT_EQ(before[i].serial, serials[i - 1]);
}

// One bit of the certificate in a record: its signature is not its CA's any more.
TEST_F(AdoptPlanTest, ACertificateThatNoCaOfOursHasSignedIsRefused) {
  ChangeRecord("h-5", [](auto& record) {
    Bytes der = Base64Decode(record["der"].template get<std::string>());
    der.back() ^= 1U;
    record["der"] = Base64Encode(der);
  });
  fs::remove(out_ + "/bundles/h-5.pfx");
  fs::remove(out_ + "/manifest.jsonl");
  Restore();
  const AdoptPlan plan = MakeAdoptPlan();
  ASSERT_EQ(plan.refused.size(), 1U);
  EXPECT_NE(plan.refused[0].what.find("'h-5'"), std::string::npos);
  EXPECT_FALSE(plan.refused[0].doubtful);
  EXPECT_EQ(plan.adoption.certificates.size(), 2U);
}

// A certificate of ours, under another name.
TEST_F(AdoptPlanTest, ACertificateIsOfTheEndpointThatItNames) {
  ChangeRecord("h-5", [](auto& record) { record["endpoint"] = "h-9"; });
  fs::remove(out_ + "/manifest.jsonl");
  Restore();
  const AdoptPlan plan = MakeAdoptPlan();
  EXPECT_EQ(plan.adoption.certificates.size(), 2U);
  ASSERT_EQ(plan.refused.size(), 2U);  // and the bundle, of which nothing else tells
  EXPECT_TRUE(plan.refused[0].doubtful);
  EXPECT_TRUE(plan.refused[1].doubtful);
}

TEST_F(AdoptPlanTest, CrlsOfOursAreBelieved) {
  Sign();
  Copy("ca", "backup");  // with the list of then
  const auto serial = Open().ledger().Current("test", "h-2")->serial;
  Open().ledger().Revoke(Of({"h-2", "h-6"}), 4, clock_.Now());
  Sign();
  Restore();
  const AdoptPlan plan = MakeAdoptPlan();
  EXPECT_FALSE(plan.crls.empty());
  EXPECT_TRUE(plan.adoption.certificates.empty());
  EXPECT_EQ(Learn().revoked, 2U);
  const Authority authority = Authority::Open(dir_ / "ca");
  EXPECT_EQ(authority.ledger().Find(serial)->reason, 4);
  // The newest list is the authority's again: publishing takes nothing back.
  const std::string before = ReadFileText(out_ + "/crl.der");
  PublishAgain();
  EXPECT_EQ(ReadFileText(out_ + "/crl.der"), before);
}

TEST_F(AdoptPlanTest, ACrlThatIsNotOursIsRefused) {
  Open().ledger().Revoke(Of({"h-2"}), 4, clock_.Now());
  Sign();
  Restore();
  for (const char* name : {"crl.der", "crl.pem"}) fs::remove(out_ + "/" + name);
  const AdoptPlan without = MakeAdoptPlan();
  Copy("backup", "ca");
  // Of a CA of the same name.
  Init("other");
  {
    const Authority other = Authority::Open(dir_ / "other");
    RenewCrls(other, nullptr, nullptr, clock_, Always());
    fs::copy(dir_ / "other/crl/issuing.crl", out_ + "/crl.der");
  }
  const AdoptPlan plan = MakeAdoptPlan();
  EXPECT_EQ(plan.adoption.lists.size(), without.adoption.lists.size());
  EXPECT_EQ(plan.refused.size(), without.refused.size() + 1);
}

TEST_F(AdoptPlanTest, WithoutRecordsBundlesAndTheManifestTell) {
  fs::remove(RunFile());
  fs::remove(out_ + "/bundles/h-6.pfx");
  Restore();
  AdoptPlan plan = MakeAdoptPlan();
  EXPECT_TRUE(plan.refused.empty());
  EXPECT_EQ(plan.settings_guessed, (std::vector<std::string>{"h-4", "h-5"}));
  EXPECT_EQ(plan.reported, std::vector<std::string>{"h-6"});
  const AdoptionCount count = Learn();
  EXPECT_EQ(count.issued, 2U);
  EXPECT_EQ(count.reported, 1U);
  // It is not issued anew unasked.
  const RunResult result = RunHosts("h-[1-6]");
  EXPECT_EQ(result.issued, 0U);
  EXPECT_EQ(CountRows().issued, 5U);
}

// A run that was ended between its files and its commit, and then an older backup: what it has
// signed is adopted if its bundle is whole, and is on the CRL otherwise.
TEST_F(AdoptPlanTest, OfTheLastChunkOfARunThatDidNotEndTheFilesTell) {
  const std::string file = RunFile();
  std::string text = ReadFileText(file);
  text.resize(text.find("{\"committed\""));
  std::ofstream(file) << text;
  std::string last_of_chunk;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.contains("certificate")) last_of_chunk = json["certificate"]["endpoint"];
  }
  in.close();
  std::ofstream(file) << text;  // opening the output has said that it was committed
  const auto row = *Open().ledger().Current("test", last_of_chunk);
  std::ofstream(file) << text;
  const std::string place = out_ + "/bundles/" + last_of_chunk + ".pfx";
  fs::copy(place, dir_ / "kept");
  fs::remove(place);
  fs::remove(out_ + "/manifest.jsonl");
  Restore();
  const auto state = [&] {
    const AdoptPlan plan = MakeAdoptPlan();
    for (const AdoptedCertificate& one : plan.adoption.certificates) {
      if (one.serial == row.serial) return one.as;
    }
    return AdoptedCertificate::As::kFormer;
  };
  EXPECT_EQ(state(), AdoptedCertificate::As::kAbandoned);
  const std::string pending = out_ + "/.pending/" + SerialHex(row.serial) + ".pfx";
  fs::copy(dir_ / "kept", pending);
  EXPECT_EQ(state(), AdoptedCertificate::As::kIssued);
  std::ofstream(pending) << "cut";
  EXPECT_EQ(state(), AdoptedCertificate::As::kAbandoned);
  fs::remove(pending);
  fs::copy(dir_ / "kept", place);
  EXPECT_EQ(state(), AdoptedCertificate::As::kIssued);
}

// An output that is ahead is noted: no CRL is signed before every fleet's was asked.
TEST_F(AdoptPlanTest, NoCrlIsSignedBeforeAllFleetsWereAsked) {
  Open().ledger().BindOutput("other", "another");
  Copy("ca", "backup");
  RunHosts("h-[1-7]");
  Restore();
  EXPECT_TRUE(ThrownBy([&] { Open(); }));
  const Authority authority = Authority::Open(dir_ / "ca");
  const auto sign = [&] {
    const auto error = ThrownBy([&] { RenewCrls(authority, nullptr, nullptr, clock_, Always()); });
    return error ? std::string(error->what()) : "";
  };
  EXPECT_NE(sign().find("'other', 'test'"), std::string::npos) << sign();
  Learn();
  EXPECT_NE(sign().find("'other'"), std::string::npos);
  Authority::Open(dir_ / "ca").ledger().FleetAsked("other");
  EXPECT_EQ(sign(), "");
}

TEST_F(AdoptPlanTest, WhoAdoptsHasNoticedIt) {
  Restore();
  Authority::Open(dir_ / "ca").ledger().BindOutput("other", "another");
  Learn();
  EXPECT_EQ(Authority::Open(dir_ / "ca").ledger().Unasked(), std::vector<std::string>{"other"});
}

// A command that finds an output not to be ahead has asked it.
TEST_F(AdoptPlanTest, AnOutputThatIsNotAheadWasAsked) {
  Open().ledger().AskFleets("test");
  Open();
  EXPECT_TRUE(Open().ledger().Unasked().empty());
}

}  // namespace
}  // namespace fleetmint
