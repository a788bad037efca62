// A library to preload (LD_PRELOAD) into fleetmint: it makes the C library fail in ways that the
// kernel cannot be asked for. Allocations and writes are counted from the first flock on, that is,
// from the run lock on.
//
//   SHIM_FAIL_ALLOCATION=N    the Nth allocation of the process fails, once
//   SHIM_FAIL_ALLOCATIONS=N   it and all that follow fail
//   SHIM_COUNT=FILE           at the end the number of allocations is written to FILE
//   SHIM_SHORT_WRITES=1       write and pwrite write half of what they were given
//   SHIM_HANG_RENAME=1        the first renameat takes a minute
//   SHIM_NO_SYNC=1            fsync, fdatasync and syncfs do nothing, and say that they did
//   SHIM_CLOCK=SECONDS        the time of day is that much later
//
// NOLINTBEGIN(bugprone-reserved-identifier,readability-inconsistent-declaration-parameter-name):
// the names are the C library's, in whose place this stands.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace {

std::atomic<bool> armed{false};
std::atomic<long> allocations{0};

long NumberFrom(const char* variable) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? 0 : std::atol(text);
}

bool Fails() {
  if (!armed.load(std::memory_order_relaxed)) return false;
  static const long once = NumberFrom("SHIM_FAIL_ALLOCATION");  // 0: none
  static const long from = NumberFrom("SHIM_FAIL_ALLOCATIONS");
  const long number = ++allocations;
  if (number != once && (from == 0 || number < from)) return false;
  errno = ENOMEM;
  return true;
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

size_t Some(size_t size) {
  static const bool halves = NumberFrom("SHIM_SHORT_WRITES") != 0;
  return halves && armed && size > 1 ? size / 2 : size;
}

bool Syncs() {
  static const bool never = NumberFrom("SHIM_NO_SYNC") != 0;
  return !never;
}

struct Counter {
  ~Counter() {
    armed = false;
    const char* const path = std::getenv("SHIM_COUNT");
    if (path == nullptr) return;
    if (FILE* const file = std::fopen(path, "w")) {
      std::fprintf(file, "%ld\n", allocations.load());
      std::fclose(file);
    }
  }
} counter;

}  // namespace

extern "C" {

int flock(int fd, int operation) {
  static auto* const next = Next<int(int, int)>("flock");
  const int result = next(fd, operation);
  armed = true;
  return result;
}

ssize_t write(int fd, const void* data, size_t size) {
  static auto* const next = Next<ssize_t(int, const void*, size_t)>("write");
  return next(fd, data, Some(size));
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  static auto* const next = Next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return next(fd, data, Some(size), offset);
}

int fsync(int fd) {
  static auto* const next = Next<int(int)>("fsync");
  return Syncs() ? next(fd) : 0;
}

int fdatasync(int fd) {
  static auto* const next = Next<int(int)>("fdatasync");
  return Syncs() ? next(fd) : 0;
}

int syncfs(int fd) noexcept {
  static auto* const next = Next<int(int)>("syncfs");
  return Syncs() ? next(fd) : 0;
}

int renameat(int from_directory, const char* name, int to_directory, const char* to) noexcept {
  static auto* const next = Next<int(int, const char*, int, const char*)>("renameat");
  static std::atomic<bool> hangs{NumberFrom("SHIM_HANG_RENAME") != 0};
  if (hangs.exchange(false)) ::sleep(60);
  return next(from_directory, name, to_directory, to);
}

int clock_gettime(clockid_t id, timespec* time) noexcept {
  static const long later = NumberFrom("SHIM_CLOCK");
  const long code = ::syscall(SYS_clock_gettime, id, time);
  if (code == 0 && id == CLOCK_REALTIME) time->tv_sec += later;
  return static_cast<int>(code);
}

void* malloc(size_t size) { return Fails() ? nullptr : __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return Fails() ? nullptr : __libc_calloc(count, size); }
void* realloc(void* old, size_t size) { return Fails() ? nullptr : __libc_realloc(old, size); }
void* memalign(size_t alignment, size_t size) {
  return Fails() ? nullptr : __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** place, size_t alignment, size_t size) {
  void* const made = memalign(alignment, size);
  if (made == nullptr) return ENOMEM;
  *place = made;
  return 0;
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,readability-inconsistent-declaration-parameter-name)
