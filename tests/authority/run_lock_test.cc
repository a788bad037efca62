// The run lock: two runs of one authority would issue the same endpoints twice.
#include "engine/authority/run_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

class RunLockTest : public testing::Test {
 protected:
  TempDir temp_;
  const Directory directory_ = Directory::Open(temp_.path());
};

TEST_F(RunLockTest, TheSecondHolderLearnsOfTheFirst) {
  const RunLock first = RunLock::Acquire(directory_, "issue");
  std::string holder;
  EXPECT_FALSE(RunLock::TryAcquire(directory_, "renew", &holder));
  EXPECT_TRUE(
      holder.starts_with("pid " + std::to_string(::getpid()) + " (fleetmint issue) since 20"))
      << holder;
  EXPECT_FALSE(RunLock::TryAcquire(directory_, "renew", nullptr));
  const auto error = ThrownBy([&] { RunLock::Acquire(directory_, "renew"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kBusy);
  EXPECT_NE(std::string(error->what()).find(holder), std::string::npos) << error->what();
  EXPECT_EQ(error->faults().front().hint, "try again when it has ended; nothing was changed");
  const auto other = ThrownBy([&] { RunLock::Acquire(directory_, "issue", "give --wait"); });
  ASSERT_TRUE(other);
  EXPECT_EQ(other->faults().front().hint,
            "try again when it has ended, or give --wait; nothing was changed");
}

TEST_F(RunLockTest, IsReleasedOnDestructionAndRenamed) {
  { const RunLock first = RunLock::Acquire(directory_, "a much longer command line"); }
  const RunLock second = RunLock::Acquire(directory_, "renew");
  std::string holder;
  EXPECT_FALSE(RunLock::TryAcquire(directory_, "issue", &holder));
  EXPECT_NE(holder.find("(fleetmint renew)"), std::string::npos) << holder;
  EXPECT_TRUE(holder.ends_with("Z")) << "the rest of the longer holder stayed: " << holder;
}

TEST_F(RunLockTest, MovesWithItsHolder) {
  std::optional<RunLock> lock = RunLock::TryAcquire(directory_, "issue", nullptr);
  ASSERT_TRUE(lock);
  {
    RunLock moved = std::move(*lock);
    lock.reset();
    EXPECT_FALSE(RunLock::TryAcquire(directory_, "renew", nullptr)) << "released by the moved-from";
  }
  EXPECT_TRUE(RunLock::TryAcquire(directory_, "renew", nullptr));
}

// flock, so that other programs see it and nothing stale survives a crash.
TEST_F(RunLockTest, AnotherProcessIsExcluded) {
  if (!HasProgram("flock")) GTEST_SKIP() << "flock is not installed";
  const std::vector<std::string> probe{"flock", "--nonblock", temp_ / "run.lock", "true"};
  {
    const RunLock lock = RunLock::Acquire(directory_, "issue");
    EXPECT_EQ(RunProgram(probe).exit_code, 1);
  }
  EXPECT_EQ(RunProgram(probe).exit_code, 0);
}

TEST_F(RunLockTest, TheFileIsPrivateAndNoSymbolicLink) {
  { const RunLock lock = RunLock::Acquire(directory_, "issue"); }
  EXPECT_EQ(ModeOf(temp_ / "run.lock"), 0600u);
  std::filesystem::remove(temp_ / "run.lock");
  temp_.Write("victim", "content");
  std::filesystem::create_symlink(temp_ / "victim", temp_ / "run.lock");
  EXPECT_THROW(RunLock::Acquire(directory_, "issue"), Error);
  EXPECT_EQ(ReadFileText(temp_ / "victim"), "content");
}

}  // namespace
}  // namespace fleetmint
