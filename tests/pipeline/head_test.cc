// The head of an output: a ledger or an output that was restored from an older copy is noticed
// before anything is written; what a crash leaves is not taken for one.
#include "engine/pipeline/head.h"

#include <filesystem>
#include <map>

#include "output/run_records.h"
#include "tests/pipeline/fleet_fixture.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

class HeadTest : public FleetFixture {
 protected:
  void Copy(const std::string& from, const std::string& to) {
    fs::remove_all(dir_ / to);
    fs::copy(dir_ / from, dir_ / to, fs::copy_options::recursive);
  }
  // What a run says, "" if it is accepted; a refused one changes nothing at all.
  std::string Refusal(const std::string& hosts) {
    const auto before = State();
    const auto error = ThrownBy([&] { RunHosts(hosts); });
    if (!error) return "";
    EXPECT_EQ(error->kind(), ErrorKind::kInput) << error->what();
    EXPECT_FALSE(error->faults().front().hint.empty());
    EXPECT_EQ(State(), before) << "a refused run wrote something";
    return error->what();
  }
  std::map<std::string, std::string> State() {
    std::map<std::string, std::string> files;
    for (const std::string& name : ListTree(out_)) {
      if (!fs::is_directory(out_ + "/" + name)) files[name] = ReadFileText(out_ + "/" + name);
    }
    return files;
  }
  std::string Token() {
    const std::string text = ReadFileText(out_ + "/.head");
    return text.substr(0, text.size() - 1);
  }
  OutputDirectory Output() {
    return OutputDirectory::Open(out_, Authority::Open(dir_ / "ca").id());
  }
};

TEST_F(HeadTest, NamesTheLastRunAndItsChunksAreCounted) {
  RunHosts("h-[1-9]");
  const std::string first = Token();
  const auto last = RunRecords(Output(), first).Last();  // before another command says it
  const auto head = Open().ledger().HeadOf("test");
  ASSERT_TRUE(head);
  EXPECT_EQ(ToHex(head->token), first);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->number, head->commits);
  EXPECT_TRUE(last->committed) << "the run has ended, and does not say so";
  EXPECT_GT(last->number, 1U);
  RunHosts("h-[1-10]");
  EXPECT_NE(Token(), first);
  EXPECT_EQ(Open().ledger().HeadOf("test")->commits, 1U);
}

// The records hold what adopting them needs: certificate, settings, files.
TEST_F(HeadTest, RecordsAreWhatTheLedgerHas) {
  RunHosts("h-[1-5]", "overrides:\n  h-2: {validity: 30d}\n");
  std::map<int, std::string> bodies;
  std::size_t certificates = 0;
  std::ifstream file(out_ + "/.runs/" + Token());
  const Authority authority = Authority::Open(dir_ / "ca");
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.contains("settings")) bodies[json["settings"]["id"]] = json["settings"]["body"];
    if (!json.contains("certificate")) continue;
    ++certificates;
    const auto& record = json["certificate"];
    const auto row = authority.ledger().Current("test", record["endpoint"].get<std::string>());
    ASSERT_TRUE(row);
    EXPECT_EQ(record["issued_at"], FormatRfc3339(*row->issued_at));
    EXPECT_EQ(record["files"][0]["sha256"], ToHex(row->files[0].sha256));
    EXPECT_EQ(record["files"][0]["bytes"], row->files[0].bytes);
    EXPECT_EQ(bodies.at(record["settings"]), authority.ledger().SettingsOf(row->settings).body);
  }
  EXPECT_EQ(certificates, 5U);
  EXPECT_EQ(bodies.size(), 2U);
}

TEST_F(HeadTest, AnOlderLedgerIsRefused) {
  RunHosts("h-[1-3]");
  Copy("ca", "backup");
  RunHosts("h-[1-6]");
  Copy("backup", "ca");
  const std::string token = Token();
  EXPECT_NE(Refusal("h-[1-6]").find(token), std::string::npos);
  EXPECT_TRUE(ThrownBy([&] { Open(); })) << "another command that writes";
}

// The ledger knows the run, but not all of its chunks.
TEST_F(HeadTest, AnOlderLedgerOfTheSameRunIsRefused) {
  RunHosts("h-[1-3]");
  const std::string token = Token();
  RunRecords(Output(), token)
      .Append("{\"chunk\":99,\"serial\":\"" + std::string(32, '5') + "\"}\n");
  EXPECT_NE(Refusal("h-[1-3]").find("99 chunks"), std::string::npos);
}

TEST_F(HeadTest, AnOldCopyOfTheOutputIsRefused) {
  RunHosts("h-[1-3]");
  Copy("out", "copy");
  RunHosts("h-[1-6]");
  Copy("copy", "out");
  EXPECT_NE(Refusal("h-[1-6]").find("is an old copy"), std::string::npos);
  // The hint, followed.
  fs::remove(out_ + "/.head");
  SystemStreams streams(random_);
  IssueFleetOptions options = Options(streams);
  options.selection = Selection::MissingOrLost({"h-4", "h-5", "h-6"});
  EXPECT_EQ(IssueFleet(MakePlan("h-[1-6]"), options).issued, 3U);
  EXPECT_EQ(Manifest().size(), 6U);
  EXPECT_EQ(Refusal("h-[1-6]"), "");
}

// Without its records an output looks old, and the hint is the same.
TEST_F(HeadTest, AnOutputWithoutItsRecordsIsRefused) {
  RunHosts("h-[1-3]");
  fs::remove_all(out_ + "/.runs");
  EXPECT_NE(Refusal("h-[1-3]").find("only 0 are here"), std::string::npos);
  fs::remove(out_ + "/.head");
  EXPECT_EQ(Refusal("h-[1-4]"), "");
  EXPECT_EQ(Manifest().size(), 4U);
}

// The same, cut within a run.
TEST_F(HeadTest, AnOutputThatLacksChunksIsRefused) {
  RunHosts("h-[1-20]");
  const OutputDirectory output = Output();
  RunRecords(output, Token()).CutAfter(1);
  EXPECT_NE(Refusal("h-[1-20]").find("is an old copy"), std::string::npos);
}

// What a backup holds need not lie beside the bundles any more; the head's own records stay.
TEST_F(HeadTest, RecordsThatABackupHoldsAreDroppedByTheNextRun) {
  const auto records = [&] { return ListTree(out_ + "/.runs"); };
  RunHosts("h-1");
  const std::string first = Token();
  RunHosts("h-[1-2]");
  const std::string second = Token();
  Authority::Open(dir_ / "ca").BackUp(dir_ / "backup", random_);
  EXPECT_EQ(records().size(), 2U);
  RunHosts("h-[1-2]");
  EXPECT_EQ(records().size(), 2U) << "a run with nothing to issue changed something";
  RunHosts("h-[1-3]");
  EXPECT_EQ(records(), std::vector<std::string>{Token()});
  RunHosts("h-[1-4]");
  EXPECT_EQ(records().size(), 2U) << "no backup holds the run before";
  // The backup is older than the output by two runs, and that is noticed.
  Copy("backup", "ca");
  EXPECT_NE(Refusal("h-[1-4]"), "");
}

// Both went back together, or neither did: nothing to find.
TEST_F(HeadTest, BothRestoredTogetherGoOn) {
  RunHosts("h-[1-3]");
  Copy("ca", "backup");
  Copy("out", "copy");
  RunHosts("h-[1-6]");
  Copy("backup", "ca");
  Copy("copy", "out");
  EXPECT_EQ(Refusal("h-[1-6]"), "");
  EXPECT_EQ(Manifest().size(), 6U);
}

// Removed, or lost: it is written again as the ledger has it, and the next restored backup is
// noticed all the same.
TEST_F(HeadTest, AHeadThatIsGoneIsMadeAgain) {
  for (const bool with_records : {true, false}) {
    RunHosts("h-[1-3]");
    const std::string token = Token();
    fs::remove(out_ + "/.head");
    if (!with_records) fs::remove_all(out_ + "/.runs");
    Copy("ca", "backup");
    Open();
    EXPECT_EQ(Token(), token);
    const auto last = RunRecords(Output(), token).Last();
    ASSERT_TRUE(last);
    EXPECT_TRUE(last->committed);
    EXPECT_EQ(last->number, Open().ledger().HeadOf("test")->commits);
    EXPECT_EQ(RunHosts("h-[1-4]").issued, 1U);
    Copy("backup", "ca");
    EXPECT_NE(Refusal("h-[1-4]").find("does not know"), std::string::npos);
    fs::remove_all(out_);
    fs::remove_all(dir_ / "ca");
    Init("ca");
  }
}

// Without a head the records alone must tell.
TEST_F(HeadTest, AnOlderLedgerIsRefusedWithoutAHeadToo) {
  RunHosts("h-[1-3]");
  Copy("ca", "backup");
  RunHosts("h-[1-6]");
  Copy("backup", "ca");
  fs::remove(out_ + "/.head");
  EXPECT_NE(Refusal("h-[1-6]").find("does not know"), std::string::npos);
}

TEST_F(HeadTest, RecordsOfARunThatTheLedgerDoesNotKnowAreRefusedBesideAnyHead) {
  RunHosts("h-[1-3]");
  const std::string stranger(32, 'c');
  dir_.Write("out/.runs/" + stranger, "");
  EXPECT_NE(Refusal("h-[1-4]").find(stranger), std::string::npos);
  fs::rename(out_ + "/.runs/" + stranger, out_ + "/.runs/notes");  // what is no run says nothing
  EXPECT_EQ(Refusal("h-[1-4]"), "");
}

// The head of one fleet in the output of another.
TEST_F(HeadTest, ARunOfAnotherFleetIsNone) {
  RunHosts("h-[1-3]");
  SystemStreams streams(random_);
  IssueFleetOptions other = Options(streams);
  other.out = dir_ / "other";
  dir_.Write("other.yaml",
             "fleet: other\nprofile: fast-agent\ndefaults: {domain: example.com}\n"
             "groups:\n  - {name: all, hosts: \"o-[1-3]\"}\n");
  IssueFleet(Plan::Make(Fleet::Load(dir_ / "other.yaml", catalog_), catalog_), other);
  fs::copy(dir_ / "other/.head", out_ + "/.head", fs::copy_options::overwrite_existing);
  fs::copy(dir_ / "other/.runs", out_ + "/.runs",
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  EXPECT_NE(Refusal("h-[1-4]").find("does not know"), std::string::npos);
}

// What names no run is no head: said, and the hint helps.
TEST_F(HeadTest, ADamagedHeadIsSaid) {
  RunHosts("h-[1-3]");
  const std::string head = out_ + "/.head";
  const std::string token = Token();
  const auto refused = [&](const std::string& what) {
    EXPECT_NE(Refusal("h-[1-4]").find("names no run"), std::string::npos) << what;
    fs::remove_all(head);  // the hint, followed
    Open();
    EXPECT_EQ(Token(), token) << what;
  };
  for (const char* text : {"", "xyz\n", "00\n", "\n"}) {
    dir_.Write("out/.head", text);
    refused(text);
  }
  dir_.Write("out/.head", std::string(5000, 'a'));
  refused("too long");
  fs::remove(head);
  fs::create_symlink(".fleetmint", head);
  refused("a link");
  fs::remove(head);
  fs::create_directory(head);
  refused("a directory");
}

// A crash between recording a chunk and committing it, as each of its steps leaves the output. The
// last endpoint is the one of the last chunk.
class CutShortTest : public HeadTest {
 protected:
  // The state before the last chunk's commit, with its files still pending.
  void CutShort(const std::string& endpoint = "h-4") {
    RunHosts("h-[1-3]");
    Copy("ca", "before");
    // As the run that is cut short would: reserve, write, record.
    IssuingWorkspace workspace = OpenIssuingWorkspace(dir_ / "ca", out_, "test", clock_);
    const Time now = clock_.Now();
    run_ = workspace.ledger().BeginRun("test", {"missing", now}, random_, now);
    const std::vector<std::string> names{endpoint};
    SystemStreams streams(random_);
    auto reservations = workspace.ledger().Reserve(
        run_, names, {workspace.issuer().id(), now + std::chrono::days{300}}, streams, now);
    serial_ = SerialHex(reservations.front().serial());
    const std::string bundle = "a bundle";
    dir_.Write("out/.pending/" + serial_ + ".pfx", bundle);
    ChunkRecords records;
    records.Add({endpoint,
                 FormatRfc3339(now),
                 AsBytes("der"),
                 {1, "p", "g", "b"},
                 {{"pfx", bundle.size(), Sha256(AsBytes(bundle))}}});
    WriteHead(workspace.output(), run_.token);
    RunRecords(workspace.output(), ToHex(run_.token)).Append(records.Take(1, serial_));
  }
  fleetmint::Run run_;
  std::string serial_;
};

TEST_F(CutShortTest, IsTakenBackAndIssuedAnew) {
  CutShort();
  EXPECT_EQ(Refusal("h-[1-4]"), "");
  EXPECT_EQ(Manifest().size(), 4U);
  EXPECT_NE(Manifest().at("h-4")["serial"], serial_);
  EXPECT_FALSE(RunRecords(Output(), ToHex(run_.token)).Last()) << "a record of what never was";
}

TEST_F(CutShortTest, IsTakenBackThoughItsFilesAreGone) {
  CutShort();
  fs::remove(out_ + "/.pending/" + serial_ + ".pfx");
  EXPECT_EQ(Refusal("h-[1-4]"), "");
}

// A power cut keeps what it likes of what was not synced: here the records, and no file. That the
// bundle to be replaced is lost, or damaged, was so before.
TEST_F(CutShortTest, IsTakenBackThoughTheBundleToReplaceIsLost) {
  CutShort("h-2");
  fs::remove(out_ + "/.pending/" + serial_ + ".pfx");
  fs::remove(out_ + "/bundles/h-2.pfx");
  EXPECT_EQ(Refusal("h-[1-4]"), "");
  EXPECT_FALSE(RunRecords(Output(), ToHex(run_.token)).Last());
}

TEST_F(CutShortTest, IsTakenBackThoughTheBundleToReplaceIsDamaged) {
  CutShort("h-2");
  fs::remove(out_ + "/.pending/" + serial_ + ".pfx");
  dir_.Write("out/bundles/h-2.pfx", "rotten  ");  // of the recorded size
  EXPECT_EQ(Refusal("h-[1-4]"), "");
}

TEST_F(CutShortTest, IsTakenBackThoughTheMiddleOfItsRecordsIsGone) {
  CutShort();
  const std::string file = "out/.runs/" + ToHex(run_.token);
  std::string text = ReadFileText(dir_ / file);
  const std::size_t last = text.rfind("{\"chunk\"");
  std::fill(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(last) - 1, '\0');
  dir_.Write(file, text);
  EXPECT_EQ(Refusal("h-[1-4]"), "");
}

TEST_F(CutShortTest, IsTakenBackThoughHalfOfItsRecordsIsThere) {
  CutShort();
  const std::string file = out_ + "/.runs/" + ToHex(run_.token);
  const std::string whole = ReadFileText(file);
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    dir_.Write("out/.runs/" + ToHex(run_.token), whole.substr(0, size));
    EXPECT_NO_THROW(Open()) << size;
  }
}

// The place of the endpoint holds something that this ledger never put there: it was committed.
TEST_F(CutShortTest, IsNoneIfTheBundleIsInPlace) {
  CutShort();
  fs::rename(out_ + "/.pending/" + serial_ + ".pfx", out_ + "/bundles/h-4.pfx");
  EXPECT_NE(Refusal("h-[1-4]"), "");
}

// Nor if its run has said that it was: a copy of the ledger was made between reservation and
// commit, and the bundles have gone to their hosts since.
TEST_F(CutShortTest, IsNoneIfItsRunSaysThatItWasCommitted) {
  CutShort();
  fs::remove(out_ + "/.pending/" + serial_ + ".pfx");
  RunRecords(Output(), ToHex(run_.token)).SetCommitted(1);
  EXPECT_NE(Refusal("h-[1-4]").find("1 chunk, of which the ledger knows 0"), std::string::npos);
}

// A serial that the ledger does not know was reserved in another one.
TEST_F(CutShortTest, IsNoneForALedgerThatKnowsNothingOfIt) {
  CutShort();
  Copy("before", "ca");
  EXPECT_NE(Refusal("h-[1-4]"), "");
}

}  // namespace
}  // namespace fleetmint
