#include "engine/base/file_system_calls.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>

#include "engine/base/descriptor_io.h"

namespace fleetmint {
namespace {

std::atomic<bool> openat2_missing{false};
std::atomic<bool> syncfs_missing{false};

// ENOSYS: an older kernel; EPERM: a container's filter that does not know the call.
bool MeansMissing(int error) { return error == ENOSYS || error == EPERM; }

// syncfs reports failed write-backs since Linux 5.8.
bool KernelReportsBySyncfs() {
  static const bool reports = [] {
    utsname name{};
    int major = 0, minor = 0;
    return ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
           (major > 5 || (major == 5 && minor >= 8));
  }();
  return reports;
}

}  // namespace

bool IsPlainName(std::string_view name) {
  if (name.empty() || name.front() == '/') return false;
  if (name.find('\0') != std::string_view::npos) return false;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

Descriptor OpenBeneath(int directory, std::string_view name, int flags, unsigned mode) {
  if (!IsPlainName(name)) {
    errno = EINVAL;
    return Descriptor();
  }
  const std::string copy(name);
  if (!openat2_missing) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
    how.mode = (flags & O_CREAT) != 0 ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const long fd =
        Retry([&] { return ::syscall(SYS_openat2, directory, copy.c_str(), &how, sizeof how); });
    if (fd >= 0 || !MeansMissing(errno)) return Descriptor(static_cast<int>(fd));
    openat2_missing = true;
  }
  return Descriptor(Retry(
      [&] { return ::openat(directory, copy.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode); }));
}

bool HasOpenAt2() { return !openat2_missing; }

std::optional<std::string> DoubtOfSyncfs(int directory) {
  if (syncfs_missing) return "syncfs is missing here";
  if (!KernelReportsBySyncfs()) return "this kernel does not report errors by syncfs";
  struct statfs status {};
  if (::fstatfs(directory, &status) != 0) return "its file system is unknown";
  switch (static_cast<unsigned long>(status.f_type)) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case TMPFS_MAGIC:
      return std::nullopt;
    default:
      return "it is on a file system whose syncfs may hide errors (network, overlay or FUSE)";
  }
}

bool SyncFileSystemOf(int directory, const std::string& path) {
  if (DoubtOfSyncfs(directory)) return false;
  if (::syncfs(directory) == 0) return true;
  if (!MeansMissing(errno))
    ThrowFileError(ErrorKind::kDisk, "sync the file system of", path, errno);
  syncfs_missing = true;
  return false;
}

}  // namespace fleetmint
