#include "engine/pipeline/issue.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>

#include "tests/pipeline/fleet_fixture.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

// Keys' streams that are a function of their label.
class LabelStreams final : public StreamFactory {
 public:
  RandomStream Open(const StreamLabel& label) override {
    if (label.purpose > StreamPurpose::kSecondPrime) return others_.Open(label);
    const std::string text = label.endpoint + "/" + std::to_string(static_cast<int>(label.purpose));
    return RandomStream(Sha256(AsBytes(text)));
  }

 private:
  SystemRandom random_;
  SystemStreams others_{random_};
};

// A random source gone wrong in a way that SystemStreams cannot see: every key from the same
// stream.
class EqualStreams final : public StreamFactory {
 public:
  RandomStream Open(const StreamLabel& label) override {
    if (label.purpose > StreamPurpose::kSecondPrime) return good_.Open(label);
    return RandomStream(Sha256(AsBytes(std::to_string(static_cast<int>(label.purpose)))));
  }

 private:
  LabelStreams good_;
};

using IssueTest = FleetFixture;

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
  IssueFleetOptions one = Options(streams), four = Options(streams);
  one.threads = 1;
  four.threads = 4;
  four.ca = dir_ / "ca2";
  four.out = dir_ / "out2";
  EXPECT_EQ(IssueFleet(MakePlan("h-[01-30]"), one).issued, 30U);
  EXPECT_EQ(IssueFleet(MakePlan("h-[01-30]"), four).issued, 30U);
  const auto lines = Manifest(), others = ReadManifest(four.out);
  ASSERT_EQ(lines.size(), 30U);
  for (const auto& [endpoint, line] : lines) {
    EXPECT_EQ(line["spki_sha256"], others.at(endpoint)["spki_sha256"]) << endpoint;
    EXPECT_NE(line["serial"], others.at(endpoint)["serial"]) << endpoint;
  }
}

// "No key is ever used twice", though the random source repeats itself.
TEST_F(IssueTest, AKeyThatCameBeforeIsRefusedByTheLedger) {
  EqualStreams streams;
  IssueFleetOptions options = Options(streams);
  options.threads = 1;
  const auto error = ThrownBy([&] { IssueFleet(MakePlan("h-[1-2]"), options); });
  ASSERT_TRUE(error.has_value());
  EXPECT_LE(observer_.acknowledged, 1U);
  EXPECT_LE(CountRows().issued, 1U);
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
    const std::uint64_t before = CountRows().issued;
    const auto error = ThrownBy([&] { IssueFleet(MakePlan("h-[1-12]"), Options(streams)); });
    failed = failing.failed();
    ASSERT_EQ(error.has_value(), failed) << n;
    if (failed) {
      EXPECT_EQ(error->kind(), ErrorKind::kIntegrity) << n;
    }
    EXPECT_GE(CountRows().issued, before);
  }
  EXPECT_GT(n, 3);
  EXPECT_EQ(Manifest().size(), 12U);
  EXPECT_EQ(CountRows().issued, 12U);
}

TEST_F(IssueTest, AStoppedRunIssuesNothingMoreAndTheNextOneFinishes) {
  SystemStreams streams(random_);
  std::stop_source source;
  source.request_stop();
  IssueFleetOptions options = Options(streams);
  options.stop = source.get_token();
  const RunResult stopped = IssueFleet(MakePlan("h-[1-5]"), options);
  EXPECT_TRUE(stopped.interrupted);
  EXPECT_EQ(stopped.issued, 0U);
  EXPECT_EQ(RunHosts("h-[1-5]").issued, 5U);
  EXPECT_EQ(observer_.acknowledged, 5U);
}

// A run with nothing to issue leaves every file as it is, times included, and no run behind.
TEST_F(IssueTest, ARunThatChangesNothingChangesNothing) {
  RunHosts("h-[1-5]");
  const auto state = [&] {
    std::map<std::string, std::pair<fs::file_time_type, std::string>> files;
    for (const std::string& name : ListTree(out_)) {
      if (fs::is_directory(out_ + "/" + name)) continue;
      files[name] = {fs::last_write_time(out_ + "/" + name), ReadFileText(out_ + "/" + name)};
    }
    return files;
  };
  const auto before = state();
  const auto runs = Open().ledger().EndedRuns();
  EXPECT_EQ(RunHosts("h-[1-5]").issued, 0U);
  PublishAgain();
  const auto after = state();
  EXPECT_EQ(before.size(), after.size());
  for (const auto& [name, file] : before) EXPECT_EQ(file, after.at(name)) << name;
  EXPECT_EQ(Open().ledger().EndedRuns(), runs);
}

// A manifest is replaced from the first difference on: in the middle, at the end, cut, or absent.
TEST_F(IssueTest, PublishedFilesAreMendedWhereverTheyDiffer) {
  RunHosts("h-[1-9]");
  const std::string file = out_ + "/manifest.jsonl", good = ReadFileText(file);
  for (const std::string& bad :
       {std::string("x") + good.substr(1), good.substr(0, good.size() / 2), good + "more\n",
        good.substr(0, 900) + "?" + good.substr(901), std::string()}) {
    dir_.Write("out/manifest.jsonl", bad);
    PublishAgain();
    EXPECT_EQ(ReadFileText(file), good);
  }
  fs::remove(file);
  PublishAgain();
  EXPECT_EQ(ReadFileText(file), good);
}

// What a crash leaves between the commit point and the renames, and before the commit point.
TEST_F(IssueTest, RecoveryFinishesWhatWasCommittedAndDropsWhatWasNot) {
  RunHosts("h-[1-3]");
  const std::string serial = Manifest().at("h-2")["serial"];
  fs::rename(out_ + "/bundles/h-2.pfx", out_ + "/.pending/" + serial + ".pfx");
  dir_.Write("out/.pending/" + std::string(32, 'a') + ".pfx", "half a bundle");
  dir_.Write("out/.pending/notes.txt", "not ours");
  {
    Authority authority = Authority::Open(dir_ / "ca");
    const auto run =
        authority.ledger().BeginRun("test", {"missing", clock_.Now()}, random_, clock_.Now());
    SystemStreams streams(random_);
    authority.ledger().Reserve(
        run, std::vector<std::string>{"h-9"},
        {authority.ledger().Issuers().back().id, clock_.Now() + std::chrono::days{1}}, streams,
        clock_.Now());
  }
  const RecoveryReport report = Open().recovered();
  EXPECT_EQ(report.finished, 1U);
  EXPECT_EQ(report.discarded, 1U);
  EXPECT_EQ(report.abandoned, 1U);
  EXPECT_EQ(report.strangers, std::vector<std::string>{"notes.txt"});
  EXPECT_TRUE(fs::exists(out_ + "/bundles/h-2.pfx"));
  EXPECT_EQ(ListTree(out_ + "/.pending"), std::vector<std::string>{"notes.txt"});
  const RecoveryReport again = Open().recovered();
  EXPECT_EQ(again.finished + again.discarded + again.abandoned, 0U);
}

// A name is not believed: what the ledger did not record never takes a bundle's place.
TEST_F(IssueTest, RecoverySetsAsideWhatTheLedgerHasNotRecorded) {
  RunHosts("h-1");
  const std::string serial = Manifest().at("h-1")["serial"];
  const std::string name = serial + ".pfx", bundle = out_ + "/bundles/h-1.pfx";
  const std::string good = ReadFileText(bundle);
  std::string same_size = good;
  same_size[100] = static_cast<char>(same_size[100] ^ 1);
  // The names that they are set aside under are free each time.
  const std::map<std::string, std::string> cases{
      {"rejected-", "another file"}, {"rejected-2-", same_size}, {"rejected-3-", ""}};
  for (const auto& [prefix, planted] : cases) {
    dir_.Write("out/.pending/" + name, planted);
    const RecoveryReport report = Open().recovered();
    EXPECT_EQ(report.finished, 0U);
    EXPECT_EQ(report.rejected, std::vector<std::string>{name});
    EXPECT_EQ(ReadFileText(bundle), good);
  }
  for (const auto& [prefix, planted] : cases) {
    EXPECT_EQ(ReadFileText(out_ + "/.pending/" + prefix + name), planted);
  }
}

// A directory is never replaced nor removed: nothing is signed for what has no place, the others
// are issued, and what was issued already waits for its place.
TEST_F(IssueTest, ADirectoryInABundlesPlaceIsThatEndpointsFault) {
  RunHosts("h-1");
  const std::string bundle = out_ + "/bundles/h-1.pfx", own = out_ + "/bundles/h-2.pfx/mine";
  dir_.Write("out/bundles/h-2.pfx/mine", "x");
  const RunResult result = RunHosts("h-[1-3]");
  EXPECT_EQ(result.issued, 1U);
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].endpoint, "h-2");
  EXPECT_NE(result.failures[0].reason.find("h-2.pfx' is a directory"), std::string::npos);
  EXPECT_EQ(CountRows().voided, 1U) << "nothing was signed for it";
  EXPECT_EQ(ReadFileText(own), "x");

  const std::string name = Manifest().at("h-1")["serial"].get<std::string>() + ".pfx";
  fs::rename(bundle, out_ + "/.pending/" + name);
  fs::rename(out_ + "/bundles/h-2.pfx", bundle);
  EXPECT_EQ(Open().recovered().finished, 0U);
  EXPECT_TRUE(fs::exists(out_ + "/.pending/" + name));
  fs::rename(bundle, dir_ / "away");
  EXPECT_EQ(Open().recovered().finished, 1U);
  EXPECT_TRUE(fs::is_regular_file(bundle));
  EXPECT_EQ(RunHosts("h-[1-3]").issued, 1U);
}

// A crash amid the replacement of a bundle by one in another format, whose endpoint is now written
// with capitals: the old files go, the new ones come, whatever was done already.
TEST_F(IssueTest, RecoveryFinishesAReplacementInAnotherFormat) {
  SystemStreams streams(random_);
  RunHosts("h-1");
  fs::remove(out_ + "/bundles/h-1.pfx");
  IssueFleetOptions options = Options(streams);
  options.selection = Selection::MissingOrLost({"h-1"});
  const std::string more = "overrides:\n  H-1: {bundle: {formats: [pem]}}\n";
  EXPECT_EQ(IssueFleet(MakePlan("H-1", more), options).issued, 1U);
  const std::vector<std::string> placed{"H-1.chain.pem", "H-1.crt.pem", "H-1.key.pem"};
  EXPECT_EQ(ListTree(out_ + "/bundles"), placed);

  const std::string serial = Manifest().at("H-1")["serial"];
  for (std::size_t done = 0; done < placed.size(); ++done) {
    // As many files as `done` are in place, the others are pending, the old one is still there.
    for (std::size_t i = done; i < placed.size(); ++i) {
      fs::rename(out_ + "/bundles/" + placed[i],
                 out_ + "/.pending/" + serial + placed[i].substr(3));
    }
    dir_.Write("out/bundles/h-1.pfx", "the one before");
    EXPECT_EQ(Open().recovered().finished, placed.size() - done);
    EXPECT_EQ(ListTree(out_ + "/bundles"), placed);
  }
}

// Whatever looks like ours and belongs to somebody else is left alone.
TEST_F(IssueTest, RecoveryTouchesOwnFilesOnly) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  RunHosts("h-1");
  const std::string name = std::string(32, 'b') + ".pfx";
  dir_.Write("out/.pending/" + name, "somebody's");
  ASSERT_EQ(::chown((out_ + "/.pending/" + name).c_str(), 12345, 12345), 0);
  EXPECT_EQ(Open().recovered().strangers, std::vector<std::string>{name});
  EXPECT_TRUE(fs::exists(out_ + "/.pending/" + name));
  // The directory's owner is one of us: a run as root after one as a service user.
  ASSERT_EQ(::chown((out_ + "/.pending").c_str(), 12345, 12345), 0);
  EXPECT_EQ(Open().recovered().discarded, 1U);
}

TEST_F(IssueTest, SupersedesNamesEveryCertificateThatAHostMayHold) {
  SystemStreams streams(random_);
  RunHosts("h-1");
  std::vector<std::string> serials{Manifest().at("h-1")["serial"]};
  IssueFleetOptions options = Options(streams);
  options.selection = Selection::MissingOrLost({"h-1"});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(IssueFleet(MakePlan("h-1"), options).issued, 1U);
    std::vector<std::string> superseded;
    const auto line = Manifest().at("h-1");
    for (const auto& old : line["supersedes"]) superseded.push_back(old["serial"]);
    EXPECT_EQ(superseded, serials);
    serials.push_back(line["serial"]);
  }
}

}  // namespace
}  // namespace fleetmint
