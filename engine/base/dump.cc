#include "engine/base/dump.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace fleetmint {
namespace {

void ExcludeStack() {
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return;
  void* lowest = nullptr;
  std::size_t size = 0;
  if (::pthread_attr_getstack(&attributes, &lowest, &size) == 0) {
    // The first thread's stack is not all there yet; what grows later is part of the same mapping.
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(lowest) + size) / page * page;
    auto* const begin = reinterpret_cast<char*>(
        (reinterpret_cast<std::uintptr_t>(lowest) + page - 1) / page * page);
    ::madvise(begin, end - reinterpret_cast<std::uintptr_t>(begin), MADV_DONTDUMP);
  }
  ::pthread_attr_destroy(&attributes);
}

}  // namespace

void KeepStackOutOfDumps() {
  static thread_local bool asked = false;
  if (asked) return;
  asked = true;
  ExcludeStack();
}

}  // namespace fleetmint
