// Nothing else may stand in this file: a test replaces these functions to see what they keep clean
// (tests/memory).
#include "engine/base/wipe.h"

#include <botan/mem_ops.h>

namespace fleetmint {

void Wipe(void* data, std::size_t size) { Botan::secure_scrub_memory(data, size); }

__attribute__((noinline)) void WipeStack(std::size_t bytes) {
  Wipe(__builtin_alloca(bytes), bytes);
}

#if defined(__x86_64__)

namespace {

__attribute__((target("avx512f"))) void ClearAvx512() {
  __asm__ volatile(
      ".irp number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31\n\t"
      "vpxorq %%zmm\\number, %%zmm\\number, %%zmm\\number\n\t"
      ".endr\n\t"
      ".irp number, 0, 1, 2, 3, 4, 5, 6, 7\n\t"
      "kxorw %%k\\number, %%k\\number, %%k\\number\n\t"
      ".endr" ::
          : "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24",
            "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4",
            "k5", "k6", "k7");
}

// vzeroall clears the whole of 0 to 15, and leaves no upper parts that slow down older code.
__attribute__((target("avx"))) void ClearAvx() {
  __asm__ volatile("vzeroall" ::
                       : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                         "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

void ClearSse() {
  __asm__ volatile(
      ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
      "pxor %%xmm\\number, %%xmm\\number\n\t"
      ".endr" ::
          : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
            "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

void ClearGeneral() {
  __asm__ volatile(
      "xorl %%eax, %%eax\n\t"
      "xorl %%ecx, %%ecx\n\t"
      "xorl %%edx, %%edx\n\t"
      "xorl %%esi, %%esi\n\t"
      "xorl %%edi, %%edi\n\t"
      "xorl %%r8d, %%r8d\n\t"
      "xorl %%r9d, %%r9d\n\t"
      "xorl %%r10d, %%r10d\n\t"
      "xorl %%r11d, %%r11d" ::
          : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc");
}

}  // namespace

void ClearRegisters() {
  if (__builtin_cpu_supports("avx512f") != 0) ClearAvx512();
  if (__builtin_cpu_supports("avx") != 0) {
    ClearAvx();
  } else {
    ClearSse();
  }
  ClearGeneral();
}

#else

void ClearRegisters() {}

#endif

}  // namespace fleetmint
