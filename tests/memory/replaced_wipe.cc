#include "tests/memory/replaced_wipe.h"

#include <botan/mem_ops.h>

#include "engine/base/wipe.h"

namespace fleetmint {

ReplacedWipe& TheWipe() {
  static ReplacedWipe wipe;
  return wipe;
}

void Wipe(void* data, std::size_t size) {
  if (TheWipe().memory) Botan::secure_scrub_memory(data, size);
}

__attribute__((noinline)) void WipeStack(std::size_t bytes) {
  TheWipe().asked = bytes;
  TheWipe().from = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (TheWipe().stack) Botan::secure_scrub_memory(__builtin_alloca(bytes), bytes);
}

void ClearRegisters() {}  // tests/prime has the real one

}  // namespace fleetmint
