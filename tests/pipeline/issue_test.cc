#include "engine/pipeline/issue.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>

#include "engine/pipeline/hierarchy.h"
#include "engine/pipeline/recover.h"
#include "output/manifest.h"
#include "tests/support/issue_fleet.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

// Streams that are a function of their label.
class LabelStreams final : public StreamFactory {
 public:
  RandomStream Open(const StreamLabel& label) override {
    const std::string text = label.endpoint + "/" + std::to_string(label.part);
    return RandomStream(Sha256(AsBytes(text)));
  }
};

// A random source gone wrong in a way that SystemStreams cannot see: every key from the same
// stream.
class EqualStreams final : public StreamFactory {
 public:
  RandomStream Open(const StreamLabel& label) override {
    return RandomStream(Sha256(AsBytes(std::to_string(label.part))));
  }
};

class CountingObserver final : public RunObserver {
 public:
  void Acknowledged(std::span<const std::string>, std::size_t total) override {
    acknowledged = total;
  }
  void Failed(const std::string& endpoint, const std::string&) override {
    failed.push_back(endpoint);
  }
  std::size_t acknowledged = 0;
  std::vector<std::string> failed;
};

// An authority with ECDSA keys, a fleet file, and runs of it.
class IssueTest : public testing::Test {
 protected:
  IssueTest() {
    dir_.Write("fast-authority.yaml",
               "authority: fast\nsummary: ECDSA\ntiers:\n"
               "  - {name: root, subject: \"CN=Root\", key: {algorithm: ecdsa, curve: p256}, "
               "validity: 10y}\n"
               "  - {name: issuing, subject: \"CN=Issuing\", key: {algorithm: ecdsa, curve: p256}, "
               "validity: 5y, path_length: 0}\n"
               "crl_validity: 1y\n");
    dir_.Write("fast-agent.yaml",
               "profile: fast-agent\nextends: mtls-client\nkey: {algorithm: ecdsa, curve: p256}\n"
               "key_usage: [digital_signature]\n"
               "bundle: {csp: \"Microsoft Software Key Storage Provider\", key_spec: none}\n");
    FaultList faults("profiles");
    for (const char* name : {"fast-authority.yaml", "fast-agent.yaml"})
      catalog_.AddFile(dir_ / name, faults);
    faults.ThrowIfAny();
    Init("ca");
  }

  void Init(const std::string& ca) {
    SystemStreams streams(random_);
    Authority::Init(dir_ / ca, HierarchyOf(*catalog_.FindAuthority("fast")), random_, streams,
                    clock_);
  }

  Fleet LoadFleet(const std::string& hosts, const std::string& more = "") {
    return Fleet::Load(
        dir_.Write("fleet.yaml",
                   "fleet: test\nprofile: fast-agent\ndefaults: {domain: example.com}\n"
                   "groups:\n  - {name: all, hosts: \"" +
                       hosts + "\"}\n" + more),
        catalog_);
  }

  RunResult Run(const std::string& hosts, StreamFactory& streams, unsigned threads = 2,
                const std::string& ca = "ca", const std::string& out = "out",
                std::stop_token stop = {}) {
    return IssueFleet(LoadFleet(hosts), catalog_,
                      {.ca = dir_ / ca,
                       .out = dir_ / out,
                       .streams = streams,
                       .observer = observer_,
                       .threads = threads,
                       .stop = std::move(stop)});
  }

  // endpoint -> a field of its manifest line
  std::map<std::string, ManifestEntry> ReadManifest(const std::string& out = "out") {
    std::map<std::string, ManifestEntry> entries;
    std::ifstream file(dir_ / (out + "/manifest.jsonl"));
    for (std::string line; std::getline(file, line);) {
      ManifestEntry entry = ParseManifestJsonLine(line);
      entries.emplace(entry.endpoint, std::move(entry));
    }
    return entries;
  }

  Ledger::Counts Counts() { return Authority::Open(dir_ / "ca").OpenLedger().Count(); }

  TempDir dir_;
  Catalog catalog_ = Catalog::Builtin();
  SystemClock clock_;
  SystemRandom random_;
  CountingObserver observer_;
};

TEST(ChunkSizeTest, FillsTheWorkersAndShrinksAtTheEnd) {
  EXPECT_EQ(ChunkSize(1, 1), 1U);
  EXPECT_EQ(ChunkSize(8, 2), 1U);
  EXPECT_EQ(ChunkSize(9, 2), 2U);
  EXPECT_EQ(ChunkSize(100000, 2), 64U);
  for (std::size_t remaining = 1000; remaining > 0;) {
    const std::size_t size = ChunkSize(remaining, 2);
    ASSERT_GE(size, 1U);
    ASSERT_LE(size, remaining);
    remaining -= size;
  }
}

TEST_F(IssueTest, AKeyIsAFunctionOfItsStreamWhateverTheThreadsAndChunks) {
  LabelStreams streams;
  Init("ca2");
  EXPECT_EQ(Run("h-[01-30]", streams, 1).issued, 30U);
  EXPECT_EQ(Run("h-[01-30]", streams, 4, "ca2", "out2").issued, 30U);
  const auto one = ReadManifest("out"), four = ReadManifest("out2");
  ASSERT_EQ(one.size(), 30U);
  for (const auto& [endpoint, entry] : one) {
    EXPECT_EQ(entry.spki_sha256, four.at(endpoint).spki_sha256) << endpoint;
    EXPECT_NE(entry.serial, four.at(endpoint).serial) << endpoint;
  }
}

// "No key is ever used twice", though the random source repeats itself.
TEST_F(IssueTest, AKeyThatCameBeforeIsRefusedByTheLedger) {
  EqualStreams streams;
  const auto error = ThrownBy([&] { Run("h-[1-2]", streams, 1); });
  ASSERT_TRUE(error.has_value());
  EXPECT_LE(observer_.acknowledged, 1U);
  EXPECT_LE(Counts().issued, 1U);
}

// A random source that fails at its n-th use.
class FailingRandom final : public RandomSource {
 public:
  explicit FailingRandom(int n) : left_(n) {}
  void Fill(std::span<std::uint8_t> out) override {
    if (left_-- == 0) throw Error(ErrorKind::kIntegrity, "the random source failed");
    source_.Fill(out);
  }
  bool failed() const { return left_ < 0; }

 private:
  SystemRandom source_;
  std::atomic<int> left_;
};

// Whenever it happens, the run ends with an error, what was issued is whole, and the next run goes
// on.
TEST_F(IssueTest, ARandomSourceThatFailsEndsTheRunAndLosesNothing) {
  bool failed = true;
  int n = 0;
  for (; failed; ++n) {
    FailingRandom failing(n);
    SystemStreams streams(failing);
    const std::uint64_t before = Counts().issued;
    const auto error = ThrownBy([&] { Run("h-[1-12]", streams, 2); });
    failed = failing.failed();
    ASSERT_EQ(error.has_value(), failed) << n;
    if (failed) {
      EXPECT_EQ(error->kind(), ErrorKind::kIntegrity) << n;
    }
    EXPECT_GE(Counts().issued, before);
  }
  EXPECT_GT(n, 3);
  EXPECT_EQ(ReadManifest().size(), 12U);
  EXPECT_EQ(Counts().issued, 12U);
}

TEST_F(IssueTest, AStoppedRunIssuesNothingMoreAndTheNextOneFinishes) {
  SystemStreams streams(random_);
  std::stop_source source;
  source.request_stop();
  const RunResult stopped = Run("h-[1-5]", streams, 2, "ca", "out", source.get_token());
  EXPECT_TRUE(stopped.interrupted);
  EXPECT_EQ(stopped.issued, 0U);
  EXPECT_EQ(Run("h-[1-5]", streams).issued, 5U);
  EXPECT_EQ(observer_.acknowledged, 5U);
}

// What a crash leaves between the commit point and the renames, and before the commit point.
TEST_F(IssueTest, RecoveryFinishesWhatWasCommittedAndDropsWhatWasNot) {
  SystemStreams streams(random_);
  Run("h-[1-3]", streams);
  const std::string serial = ReadManifest().at("h-2").serial;
  fs::rename(dir_ / "out/bundles/h-2.pfx", dir_ / ("out/.pending/" + serial + ".pfx"));
  dir_.Write("out/.pending/" + std::string(32, 'a') + ".pfx", "half a bundle");
  dir_.Write("out/.pending/notes.txt", "not ours");
  Authority authority = Authority::Open(dir_ / "ca");
  Ledger ledger = authority.OpenLedger();
  const std::int64_t run = ledger.BeginRun("test", clock_.Now());
  ledger.Reserve(run, "test", std::vector<std::string>{"h-9"}, random_, clock_.Now());
  const OutputDirectory output = OutputDirectory::Open(dir_ / "out", authority.id());
  NullLog log;
  const RecoveryReport report = Recover(ledger, output, log);
  EXPECT_EQ(report.finished, 1U);
  EXPECT_EQ(report.discarded, 1U);
  EXPECT_EQ(report.abandoned, 1U);
  EXPECT_EQ(report.strangers, std::vector<std::string>{"notes.txt"});
  EXPECT_TRUE(fs::exists(dir_ / "out/bundles/h-2.pfx"));
  EXPECT_EQ(ListTree(dir_ / "out/.pending"), std::vector<std::string>{"notes.txt"});
  const RecoveryReport again = Recover(ledger, output, log);
  EXPECT_EQ(again.finished + again.discarded + again.abandoned, 0U);
}

// A crash amid the replacement of a bundle by one in another format, whose endpoint is now written
// with capitals: the old files go, the new ones come, whatever was done already.
TEST_F(IssueTest, RecoveryFinishesAReplacementInAnotherFormat) {
  SystemStreams streams(random_);
  Run("h-1", streams);
  fs::remove(dir_ / "out/bundles/h-1.pfx");
  const Fleet fleet = LoadFleet("H-1", "overrides:\n  H-1: {bundle: {formats: [pem]}}\n");
  const std::vector<std::string> lost{"h-1"};
  const IssueFleetOptions options{
      .ca = dir_ / "ca", .out = dir_ / "out", .streams = streams, .observer = observer_};
  EXPECT_EQ(IssueFleet(fleet, catalog_, options, lost).issued, 1U);
  const std::vector<std::string> placed{"H-1.chain.pem", "H-1.crt.pem", "H-1.key.pem"};
  EXPECT_EQ(ListTree(dir_ / "out/bundles"), placed);

  const std::string serial = ReadManifest().at("H-1").serial;
  Authority authority = Authority::Open(dir_ / "ca");
  Ledger ledger = authority.OpenLedger();
  const OutputDirectory output = OutputDirectory::Open(dir_ / "out", authority.id());
  NullLog log;
  for (std::size_t done = 0; done < placed.size(); ++done) {
    // As many files as `done` are in place, the others are pending, the old one is still there.
    for (std::size_t i = done; i < placed.size(); ++i) {
      fs::rename(dir_ / ("out/bundles/" + placed[i]),
                 dir_ / ("out/.pending/" + serial + placed[i].substr(3)));
    }
    dir_.Write("out/bundles/h-1.pfx", "the one before");
    EXPECT_EQ(Recover(ledger, output, log).finished, placed.size() - done);
    EXPECT_EQ(ListTree(dir_ / "out/bundles"), placed);
  }
}

// Whatever looks like ours and belongs to somebody else is left alone.
TEST_F(IssueTest, RecoveryTouchesOwnFilesOnly) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  SystemStreams streams(random_);
  Run("h-1", streams);
  const std::string name = std::string(32, 'b') + ".pfx";
  dir_.Write("out/.pending/" + name, "somebody's");
  ASSERT_EQ(::chown((dir_ / ("out/.pending/" + name)).c_str(), 12345, 12345), 0);
  Authority authority = Authority::Open(dir_ / "ca");
  Ledger ledger = authority.OpenLedger();
  const OutputDirectory output = OutputDirectory::Open(dir_ / "out", authority.id());
  NullLog log;
  EXPECT_EQ(Recover(ledger, output, log).strangers, std::vector<std::string>{name});
  EXPECT_TRUE(fs::exists(dir_ / ("out/.pending/" + name)));
  // The directory's owner is one of us: a run as root after one as a service user.
  ASSERT_EQ(::chown((dir_ / "out/.pending").c_str(), 12345, 12345), 0);
  EXPECT_EQ(Recover(ledger, output, log).discarded, 1U);
}

TEST_F(IssueTest, ThePlanCountsWhatItFinds) {
  SystemStreams streams(random_);
  Run("h-[1-3]", streams);
  const Fleet fleet = LoadFleet("h-[2-6]", "overrides:\n  h-2: {validity: 30d}\n");
  Ledger ledger = Authority::Open(dir_ / "ca").OpenLedger();
  const Plan plan = Plan::Make(fleet, catalog_, &ledger);
  EXPECT_EQ(plan.summary().endpoints, 5U);
  EXPECT_EQ(plan.summary().already_issued, 2U);
  EXPECT_EQ(plan.summary().to_issue, 3U);
  EXPECT_EQ(plan.summary().not_in_fleet, 1U);
  EXPECT_EQ(plan.summary().older_profile, 1U);
  EXPECT_EQ(plan.summary().os_unknown, 3U);
}

// Faults that only the filled-in templates show are found before anything is issued, all at once.
TEST_F(IssueTest, ThePlanReportsEveryCertificateThatCannotBe) {
  const Fleet fleet =
      LoadFleet("h-[1-2]", "overrides:\n  h-1: {subject: \"CN=" + std::string(65, 'x') +
                               "\"}\n  h-2: {dns: [\"not a name\"]}\n");
  const auto error = ThrownBy([&] { Plan::Make(fleet, catalog_, nullptr); });
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::kInput);
  ASSERT_EQ(error->faults().size(), 2U) << error->what();
  for (const Fault& fault : error->faults())
    EXPECT_NE(fault.where.ToString().find("fleet.yaml:"), std::string::npos);
}

}  // namespace
}  // namespace fleetmint
