// The order of a commit and of a recovery, as the operating system sees it: what is synced before
// what. The C library's calls are replaced here by ones that write a journal first; this program's
// own code and SQLite's come by.
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "tests/pipeline/fleet_fixture.h"

namespace {

// What is told of each call before it is made: "syncfs", "sync PATH", "rename TO".
std::function<void(const std::string&)> listener;

void Tell(const std::string& event) {
  if (!listener) return;
  const auto told = std::exchange(listener, nullptr);  // what it does itself is not told
  told(event);
  listener = told;
}

std::string PathOf(int descriptor) {
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor)).string();
}

}  // namespace

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's.
extern "C" {
int syncfs(int fd) noexcept {
  Tell("syncfs");
  return static_cast<int>(::syscall(SYS_syncfs, fd));
}
int fsync(int fd) {
  Tell("sync " + PathOf(fd));
  return static_cast<int>(::syscall(SYS_fsync, fd));
}
int fdatasync(int fd) {
  Tell("sync " + PathOf(fd));
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}
int renameat(int from_fd, const char* from, int to_fd, const char* to) noexcept {
  Tell("rename " + PathOf(to_fd) + "/" + to);
  return static_cast<int>(::syscall(SYS_renameat2, from_fd, from, to_fd, to, 0));
}
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

// An event, and what the disk and the ledger had at that moment.
struct Moment {
  std::string event;
  std::uint64_t issued = 0;  // rows of the ledger, as another connection sees them
  std::vector<std::string> pending;
};

class ProtocolTest : public FleetFixture {
 protected:
  ~ProtocolTest() override { listener = nullptr; }

  void Listen() {
    listener = [this](const std::string& event) { Note(event); };
  }
  void Note(const std::string& event) {
    Moment moment{event, 0, {}};
    // SQLite's own calls come while it holds its locks: the ledger is not to be opened then.
    const bool of_the_ledger = event.find("/ca/ledger.db") != std::string::npos;
    moment.issued = of_the_ledger ? last_count_ : CountRows().issued;
    last_count_ = moment.issued;
    if (fs::exists(out_ + "/.pending")) moment.pending = ListTree(out_ + "/.pending");
    journal_.push_back(moment);
  }
  // The number of the first event from `from` on that begins so; the journal's size if there is
  // none.
  std::size_t Find(const std::string& event, std::size_t from = 0) const {
    const auto found =
        std::find_if(journal_.begin() + static_cast<std::ptrdiff_t>(from), journal_.end(),
                     [&](const Moment& moment) { return moment.event.starts_with(event); });
    return static_cast<std::size_t>(found - journal_.begin());
  }
  // Whether between two events this was synced, by its own call or with its file system.
  bool IsSynced(const std::string& path, std::size_t from, std::size_t to) const {
    return Find("syncfs", from) < to || Find("sync " + path, from) < to;
  }
  std::string InPlace(const std::string& name) const {
    return "rename " + out_ + "/bundles/" + name;
  }

  std::vector<Moment> journal_;
  std::uint64_t last_count_ = 0;
};

class NotingObserver final : public RunObserver {
 public:
  explicit NotingObserver(std::function<void()> note) : note_(std::move(note)) {}
  void Acknowledged(std::span<const std::string>, std::size_t) override { note_(); }
  void Failed(const std::string&, const std::string&) override {}

 private:
  std::function<void()> note_;
};

// If this fails, a power cut loses a bundle that is acknowledged, or leaves a certificate in the
// ledger whose key is nowhere.
TEST_F(ProtocolTest, AChunkIsDurableBeforeItIsRecordedAndInPlaceBeforeItIsAcknowledged) {
  SystemStreams streams(random_);
  NotingObserver observer([&] { Note("acknowledged"); });
  const IssueFleetOptions options{
      .ca = dir_ / "ca", .out = out_, .streams = streams, .observer = observer, .threads = 1};
  Plan plan = MakePlan("h-1");
  Listen();
  IssueFleet(std::move(plan), options);
  listener = nullptr;

  const std::size_t placed = Find(InPlace("h-1.pfx")), told = Find("acknowledged", placed);
  ASSERT_LT(told, journal_.size());
  EXPECT_EQ(journal_[placed].issued, 1U) << "in place before it was committed";
  const std::string serial = Manifest().at("h-1")["serial"], name = serial + ".pfx";
  ASSERT_EQ(journal_[placed].pending, std::vector<std::string>{name});
  // From the moment that the file is there to the one that the row is.
  const auto written = static_cast<std::size_t>(
      std::find_if(journal_.begin(), journal_.end(), [&](auto& m) { return !m.pending.empty(); }) -
      journal_.begin());
  const auto recorded = static_cast<std::size_t>(
      std::find_if(journal_.begin(), journal_.end(), [&](auto& m) { return m.issued == 1; }) -
      journal_.begin());
  ASSERT_LT(written, recorded) << "nothing was synced before the commit";
  EXPECT_TRUE(IsSynced(out_ + "/.pending/" + name, written, recorded));
  EXPECT_TRUE(IsSynced(out_ + "/.runs/", written, recorded));
  EXPECT_TRUE(IsSynced(out_ + "/bundles", placed + 1, told)) << "the rename was not synced";
}

// What a bundle of another format replaces is gone when the run ends.
TEST_F(ProtocolTest, AReplacedBundleLeavesNoFile) {
  RunHosts("h-1");
  SystemStreams streams(random_);
  IssueFleetOptions options = Options(streams);
  options.selection = Selection::MissingOrLost({"h-1"});
  const std::string more = "overrides:\n  h-1: {bundle: {formats: [pem]}}\n";
  EXPECT_EQ(IssueFleet(MakePlan("h-1", more), options).issued, 1U);
  EXPECT_EQ(ListTree(out_ + "/bundles"),
            (std::vector<std::string>{"h-1.chain.pem", "h-1.crt.pem", "h-1.key.pem"}));
}

// What a crash left of a certificate that is not current any more is not put in place, though the
// ledger has recorded the very file.
TEST_F(ProtocolTest, RecoveryDropsWhatWasSuperseded) {
  RunHosts("h-1");
  const std::string bundle = out_ + "/bundles/h-1.pfx", old = ReadFileText(bundle),
                    serial = Manifest().at("h-1")["serial"];
  SystemStreams streams(random_);
  IssueFleetOptions options = Options(streams);
  options.selection = Selection::MissingOrLost({"h-1"});
  IssueFleet(MakePlan("h-1"), options);
  const std::string current = ReadFileText(bundle);
  dir_.Write("out/.pending/" + serial + ".pfx", old);
  EXPECT_EQ(Open().recovered().discarded, 1U);
  EXPECT_EQ(ReadFileText(bundle), current);
}

// A commit whose sync has failed may be gone after a power cut: recovery makes it durable before it
// puts a file in the place of an older bundle. And what it has renamed is durable when it is done.
TEST_F(ProtocolTest, RecoverySyncsTheLedgerFirstAndTheBundlesLast) {
  const Authority keeps_the_log = Authority::Open(dir_ / "ca");  // the last one to close empties it
  ASSERT_EQ(keeps_the_log.ledger().Count().issued, 0U);
  RunHosts("h-1");
  const std::string serial = Manifest().at("h-1")["serial"];
  fs::rename(out_ + "/bundles/h-1.pfx", out_ + "/.pending/" + serial + ".pfx");
  Listen();
  const RecoveryReport report = Open().recovered();
  listener = nullptr;
  EXPECT_EQ(report.finished, 1U);
  const std::size_t placed = Find(InPlace("h-1.pfx"));
  ASSERT_LT(placed, journal_.size());
  EXPECT_LT(Find("sync " + (dir_ / "ca/ledger.db")), placed);
  EXPECT_TRUE(IsSynced(out_ + "/bundles", placed + 1, journal_.size()));
}

}  // namespace
}  // namespace fleetmint
