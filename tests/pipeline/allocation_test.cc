// No memory, at every allocation of a chunk: the run ends with an exception, what it had
// acknowledged stays, and the next run finishes the job. Needs tests/crash/shim.cc preloaded (ctest
// does that); every Nth allocation by FLEETMINT_ALLOCATION_EVERY=N.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string>

#include "engine/base/botan_error.h"
#include "engine/pipeline/recover.h"
#include "engine/pipeline/verify.h"
#include "tests/pipeline/issue_fixture.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

using FailFunction = void(long, bool);
using StopFunction = long();

class NamingObserver final : public RunObserver {
 public:
  NamingObserver() { names_.reserve(16); }
  void Acknowledged(std::span<const std::string> endpoints, std::size_t) override {
    names_.insert(names_.end(), endpoints.begin(), endpoints.end());
  }
  void Failed(const std::string&, const std::string&) override {}
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

class AllocationTest : public IssueFixture {
 protected:
  void SetUp() override {
    fail_ = reinterpret_cast<FailFunction*>(::dlsym(RTLD_DEFAULT, "shim_fail"));
    stop_ = reinterpret_cast<StopFunction*>(::dlsym(RTLD_DEFAULT, "shim_stop"));
    if (fail_ == nullptr)
      GTEST_SKIP() << "needs the shim of tests/crash preloaded: ctest -R allocations";
  }

  // A run whose Nth allocation fails, from the first reservation to the last commit. Gives how many
  // allocations it made; `failed`: whether it ended with an exception.
  long RunWithout(const Fleet& fleet, long n, bool all_that_follow, RunObserver& observer,
                  bool* failed) {
    Authority authority = Authority::Open(dir_ / "ca");
    authority.Unlock(nullptr, clock_);
    Ledger ledger = authority.OpenLedger();
    Plan plan = Plan::Make(fleet, catalog_, &ledger);
    const OutputDirectory output =
        OpenOutputToIssue(dir_ / "out", authority, ledger, fleet.name(), std::nullopt, random_);
    SystemStreams streams(random_);
    const RunContext context{.authority = authority,
                             .ledger = ledger,
                             .output = output,
                             .clock = clock_,
                             .random = random_,
                             .streams = streams,
                             .observer = observer,
                             .log = log_,
                             .threads = 1,
                             .stop = {}};
    *failed = true;
    try {
      fail_(n, all_that_follow);
      Issue(plan, context);
      *failed = false;
    } catch (const std::bad_alloc&) {
    } catch (const Botan::Exception& error) {
      stop_();
      EXPECT_THROW(ThrowIfOutOfMemory(error), std::bad_alloc) << n << ": " << error.what();
    } catch (const Error& error) {
      stop_();
      EXPECT_EQ(ExitCode(error.kind()), 3) << n << ": " << error.what();
    }
    return stop_();
  }

  // The next run finishes the job, and verify finds nothing.
  void ExpectFinished(const Fleet& fleet, const NamingObserver& before, long n) {
    Authority authority = Authority::Open(dir_ / "ca");
    authority.Unlock(nullptr, clock_);
    Ledger ledger = authority.OpenLedger();
    Recover(ledger, OpenOutput(dir_ / "out", authority, ledger), log_);
    NamingObserver after;
    SystemStreams streams(random_);
    IssueFleet(fleet, catalog_,
               {.ca = dir_ / "ca", .out = dir_ / "out", .streams = streams, .observer = after});
    for (const std::string& name : before.names()) {
      EXPECT_EQ(std::count(after.names().begin(), after.names().end(), name), 0)
          << n << ": '" << name << "' was acknowledged, and issued again";
    }
    const OutputDirectory output = OpenOutput(dir_ / "out", authority, ledger);
    const VerifyReport report =
        Verify(ledger, authority, output, catalog_, clock_, 1, /*run_in_progress=*/false, {});
    EXPECT_EQ(report.endpoints, fleet.size()) << n;
    for (const Finding& finding : report.findings) ADD_FAILURE() << n << ": " << finding.message;
    EXPECT_TRUE(output.pending().List().empty()) << n;
  }

  FailFunction* fail_ = nullptr;
  StopFunction* stop_ = nullptr;
  NullLog log_;
};

TEST_F(AllocationTest, AtEachOneARunEndsAndLosesNothing) {
  const char* const text = std::getenv("FLEETMINT_ALLOCATION_EVERY");
  const long every = text == nullptr ? 97 : std::max(1L, std::atol(text));
  const Fleet fleet = LoadFleet("h-[1-2]");
  const auto fresh = [&] {
    fs::remove_all(dir_ / "ca");
    fs::remove_all(dir_ / "out");
    fs::copy(dir_ / "start", dir_ / "ca", fs::copy_options::recursive);
  };
  fs::rename(dir_ / "ca", dir_ / "start");
  fresh();
  NamingObserver undisturbed;
  bool failed = false;
  const long count = RunWithout(fleet, 0, false, undisturbed, &failed);
  ASSERT_FALSE(failed);
  ASSERT_EQ(undisturbed.names().size(), 2U);
  ASSERT_GT(count, 1000);
  long cases = 0, noticed = 0;
  for (long n = 1; n <= count && !HasFailure(); n += every) {
    for (const bool all_that_follow : {false, true}) {
      fresh();
      NamingObserver observer;
      RunWithout(fleet, n, all_that_follow, observer, &failed);
      ++cases;
      noticed += failed ? 1 : 0;
      ExpectFinished(fleet, observer, n);
    }
  }
  EXPECT_GT(10 * noticed, 9 * cases);
  std::printf(
      "%ld runs without memory, of %ld allocations, %ld ended: nothing lost, nothing twice\n",
      cases, count, noticed);
}

}  // namespace
}  // namespace fleetmint
