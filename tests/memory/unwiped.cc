// Preloaded into fleetmint, this leaves out the wipes that FLEETMINT_UNWIPED names: `stack`, those
// of the caller's stack, or `heap`, all others, those of Botan's own memory included. So a search
// of memory that finds nothing can be seen to find something (tests/cli/verify_factors_test.sh).
// Everything that wipes ends in this function of Botan's: engine/base/wipe.cc, secure_vector,
// BigInt.
#include <pthread.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

bool IsOnStack(const void* pointer) {
  thread_local std::uintptr_t low = 0, high = 0;
  if (high == 0) {
    pthread_attr_t attributes;
    void* start = nullptr;
    std::size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
    pthread_attr_getstack(&attributes, &start, &size);
    pthread_attr_destroy(&attributes);
    low = reinterpret_cast<std::uintptr_t>(start);
    high = low + size;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  return low <= address && address < high;
}

}  // namespace

namespace Botan {

__attribute__((visibility("default"))) void secure_scrub_memory(void* pointer, std::size_t size) {
  static const char* const mode = std::getenv("FLEETMINT_UNWIPED");
  if (mode != nullptr && IsOnStack(pointer) == (std::strcmp(mode, "stack") == 0)) return;
  auto* volatile bytes = static_cast<volatile unsigned char*>(pointer);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = 0;
}

}  // namespace Botan
