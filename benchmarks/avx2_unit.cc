// Fused multiply-adds of 256 bits, and the squarings of kernel avx2 by themselves (vector_unit.h).
// Compiled like the kernel: its headers inside a target region.
#include "benchmarks/vector_unit.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstdint>
#include <utility>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#include "engine/prime/avx2_columns.h"

namespace fleetmint::bench {
namespace {

using namespace prime::avx2;

void Saturate(std::size_t loops) {
  static_assert(kPerLoop == 2 * 12);
  __asm__ volatile(
      "1:\n\t"
      ".rept 2\n\t"
      ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n\t"
      "vfmadd231pd %%ymm14, %%ymm15, %%ymm\\number\n\t"
      ".endr\n\t"
      ".endr\n\t"
      "dec %0\n\t"
      "jnz 1b"
      : "+r"(loops)
      :
      : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
        "xmm10", "xmm11");
}

// The digits are what they are: the instructions take the same time for all.
template <std::size_t D>
void SquareChain(std::size_t count) {
  Modulus<D> m;
  Vector x[D];
  for (std::size_t j = 0; j < D; ++j) {
    m.n[j] = Vector{} + kDigitMask;
    m.n_real[j] = m.n2[j] = ToReal(m.n[j]);
    x[j] = Vector{} + (j + 1);
  }
  m.k0 = ToReal(Vector{} + kDigitMask);
  for (std::size_t i = 0; i < count; ++i) {
    prime::avx2::Square<D>(x, x, m, Vector{});
    __asm__ volatile("" ::"r"(x) : "memory");  // or they would be left out
  }
}

constexpr std::size_t Digits(std::size_t limbs) { return limbs == 16 ? 21 : limbs == 24 ? 31 : 41; }

void Square(std::size_t limbs, std::size_t count) {
  if (limbs == 16) SquareChain<Digits(16)>(count);
  if (limbs == 24) SquareChain<Digits(24)>(count);
  if (limbs == 32) SquareChain<Digits(32)>(count);
}

// As avx2_columns.h counts them.
std::size_t Operations(std::size_t limbs) {
  const std::size_t digits = Digits(limbs);
  return 2 * (digits * (digits + 1) / 2 + digits * (digits - 1) + digits + 1);
}

}  // namespace

const VectorUnit kAvx2Unit{"avx2", "vfmadd231pd", Saturate, bench::Square, Operations};

}  // namespace fleetmint::bench

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
