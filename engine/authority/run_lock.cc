#include "engine/authority/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace fleetmint {
namespace {

constexpr std::chrono::milliseconds kPoll{200};

std::string ReadHolder(int fd) {
  char text[200];
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "another process";
}

}  // namespace

std::optional<RunLock> RunLock::TryAcquire(const Directory& authority, const std::string& what,
                                           std::string* holder) {
  Descriptor file(::openat(authority.descriptor(), RunLock::kFile,
                           O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.IsOpen() && errno == EROFS) {
    throw Error::OfCause(ErrorKind::kAuthority, ErrorCause::kUnsupported,
                         "'" + authority.path() +
                             "' is on a read-only medium: nothing can be "
                             "written there",
                         "copy the directory to a disk, and use the copy");
  }
  if (!file.IsOpen()) {
    throw Error(ErrorKind::kAuthority,
                "cannot open '" + authority.PathOf(RunLock::kFile) + "': " + std::strerror(errno));
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      throw Error(ErrorKind::kAuthority, "cannot lock '" + authority.PathOf(RunLock::kFile) +
                                             "': " + std::strerror(errno));
    }
    if (holder != nullptr) *holder = ReadHolder(file.get());
    return std::nullopt;
  }
  const std::string text = "pid " + std::to_string(::getpid()) + " (fleetmint " + what +
                           ") since " + FormatRfc3339(SystemClock().Now());
  // Who holds it is a courtesy to the next one; the lock holds without it.
  if (::ftruncate(file.get(), 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(file.get(), text.data(), text.size(), 0);
  }
  return RunLock(std::move(file));
}

RunLock RunLock::Acquire(const Directory& authority, const std::string& what,
                         const std::string& instead) {
  std::string holder;
  auto lock = TryAcquire(authority, what, &holder);
  if (!lock) {
    throw Error::WithHint(ErrorKind::kBusy,
                          "another run uses authority '" + authority.path() + "': " + holder,
                          "try again when it has ended" +
                              (instead.empty() ? "" : ", or " + instead) + "; nothing was changed");
  }
  return std::move(*lock);
}

RunLock RunLock::Wait(const Directory& authority, const std::string& what,
                      const std::function<void(const std::string& holder)>& told) {
  std::string holder;
  auto lock = TryAcquire(authority, what, &holder);
  if (!lock) told(holder);
  for (; !lock; lock = TryAcquire(authority, what, nullptr)) std::this_thread::sleep_for(kPoll);
  return std::move(*lock);
}

}  // namespace fleetmint
