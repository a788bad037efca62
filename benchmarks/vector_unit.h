// The vector unit of a processor, as a kernel uses it: the one instruction that binds the kernel,
// how fast the processor can start it, and how fast the kernel's squaring does.
#pragma once

#include <cstddef>

namespace fleetmint::bench {

// VectorUnit belongs to one kernel. Its functions may be called only where that kernel is offered.
struct VectorUnit {
  const char* kernel;
  const char* instruction;
  // saturate starts `instruction` kPerLoop times in each of `loops` passes over fixed registers:
  // independent of each other, no memory. In assembly, because compilers spill what they are given
  // as intrinsics, and then measure their spilling.
  void (*saturate)(std::size_t loops);
  // square makes `count` squarings modulo numbers of 64 * limbs bits, each of the one before.
  void (*square)(std::size_t limbs, std::size_t count);
  // operations is how often one squaring needs `instruction`, whatever the compiler does.
  std::size_t (*operations)(std::size_t limbs);
};

inline constexpr std::size_t kPerLoop = 24;

#if defined(__x86_64__)
extern const VectorUnit kIfmaUnit, kAvx2Unit;
#endif

// SpendCycles runs a chain of `count` additions of which each waits for the one before: a cycle
// each. From register to register: recent processors contract chains of small constants.
inline void SpendCycles(std::size_t count) {
#if defined(__x86_64__)
  std::size_t sum = 0, loops = count / 32;
  __asm__ volatile(
      "1:\n\t"
      ".rept 32\n\t"
      "add %0, %0\n\t"
      ".endr\n\t"
      "dec %1\n\t"
      "jnz 1b"
      : "+r"(sum), "+r"(loops)
      :
      : "cc");
#else
  static_cast<void>(count);
#endif
}

}  // namespace fleetmint::bench
