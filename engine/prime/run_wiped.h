// RunWiped: how a kernel's functions are entered, and what is done when they are left.
// Internal to prime/. A kernel includes this header inside its target region: what runs in it is
// compiled for the same instructions. Static, so that the linker chooses no other kernel's copy.
#pragma once

#include <cstddef>

#include "engine/base/wipe.h"

namespace fleetmint::prime {

template <class Work>
__attribute__((noinline)) static void Apart(Work& work) {
  work();
}

// RunWiped calls `work` in a frame of its own and, however that is left, wipes the `stack` bytes
// below and the registers. `stack` must be more than `work` uses: tests/memory measures that for
// each function, with the compiler that built it.
template <class Work>
static void RunWiped(std::size_t stack, Work work) {
  const Leave leave(stack);
  Apart(work);
}

}  // namespace fleetmint::prime
