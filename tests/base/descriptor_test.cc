// Descriptor: whoever opens a file has it closed once, whatever becomes of the owner.
#include "engine/base/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <type_traits>

namespace fleetmint {
namespace {

static_assert(!std::is_copy_constructible_v<Descriptor>);
static_assert(!std::is_copy_assignable_v<Descriptor>);
static_assert(std::is_nothrow_move_constructible_v<Descriptor>);
static_assert(std::is_nothrow_move_assignable_v<Descriptor>);

bool IsOpenNumber(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

Descriptor OpenNull() { return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TEST(DescriptorTest, ClosesWhatItOwnsAndNothingElse) {
  int fd = -1;
  {
    const Descriptor owner = OpenNull();
    fd = owner.get();
    ASSERT_TRUE(owner.IsOpen());
    EXPECT_TRUE(IsOpenNumber(fd));
  }
  EXPECT_FALSE(IsOpenNumber(fd));
  EXPECT_FALSE(Descriptor().IsOpen());
  EXPECT_FALSE(Descriptor(-1).IsOpen());
}

// If this failed, a file would be closed twice: the second time perhaps another one.
TEST(DescriptorTest, MovesHandOver) {
  Descriptor first = OpenNull();
  const int fd = first.get();
  Descriptor second(std::move(first));
  EXPECT_EQ(second.get(), fd);
  EXPECT_FALSE(first.IsOpen());  // NOLINT(bugprone-use-after-move): that is what is asked
  Descriptor third = OpenNull();
  const int replaced = third.get();
  third = Descriptor(std::move(second));
  EXPECT_EQ(third.get(), fd);
  EXPECT_FALSE(IsOpenNumber(replaced));
  EXPECT_TRUE(IsOpenNumber(fd));
}

TEST(DescriptorTest, ReleaseGivesItAway) {
  int fd = -1;
  {
    Descriptor owner = OpenNull();
    fd = owner.Release();
    EXPECT_FALSE(owner.IsOpen());
  }
  ASSERT_TRUE(IsOpenNumber(fd));
  EXPECT_EQ(Descriptor(fd).Close(), 0);
  EXPECT_FALSE(IsOpenNumber(fd));
}

// A failed close is the last word of a network file system: who drops it loses bundles.
TEST(DescriptorTest, CloseReportsItsError) {
  Descriptor owner = OpenNull();
  EXPECT_EQ(Descriptor(owner.get()).Close(), 0);  // behind its back
  EXPECT_EQ(owner.Close(), EBADF);
  EXPECT_FALSE(owner.IsOpen());
}

TEST(DescriptorTest, DestructionLeavesErrnoAlone) {
  errno = ENOSPC;
  { const Descriptor invalid(1'000'000); }
  EXPECT_EQ(errno, ENOSPC);
}

}  // namespace
}  // namespace fleetmint
