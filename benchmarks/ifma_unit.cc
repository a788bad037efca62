// vpmadd52luq, and the squarings of kernel ifma by themselves (vector_unit.h). Compiled like the
// kernel: its headers inside a target region.
#include "benchmarks/vector_unit.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstdint>
#include <utility>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512ifma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512ifma")
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12's own headers: _mm512_undefined_epi32
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "engine/prime/ifma_short.h"
#include "engine/prime/ifma_wide.h"

namespace fleetmint::bench {
namespace {

using namespace prime::ifma;

void Saturate(std::size_t loops) {
  __asm__ volatile(
      "1:\n\t"
      ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, "
      "22, 23\n\t"
      "vpmadd52luq %%zmm30, %%zmm31, %%zmm\\number\n\t"
      ".endr\n\t"
      "dec %0\n\t"
      "jnz 1b"
      : "+r"(loops)
      :
      : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
        "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19",
        "xmm20", "xmm21", "xmm22", "xmm23");
}

// The digits are what they are: the instructions take the same time for all.
template <std::size_t D>
void SquareChain(std::size_t count) {
  Modulus<D> m;
  alignas(64) Vector x[D];
  for (std::size_t j = 0; j < D; ++j) {
    m.n[j] = m.n2[j] = DigitMask();
    x[j] = _mm512_set1_epi64(static_cast<long long>(j + 1));
  }
  m.k0 = DigitMask();
  const Vector shift = Zero();
  for (std::size_t i = 0; i < count; ++i) {
    if constexpr (D == kShort) {
      SquareShort(x, x, m, shift);
    } else {
      SquareWide<D>(x, x, m, shift);
    }
    __asm__ volatile("" ::"r"(x) : "memory");  // or they would be left out
  }
}

void Square(std::size_t limbs, std::size_t count) {
  if (limbs == 16) SquareChain<20>(count);
  if (limbs == 24) SquareChain<30>(count);
  if (limbs == 32) SquareChain<40>(count);
}

// D digits: D (D - 1) halves of products and 2 D of squares, and 2 D D + 1 of the reduction.
std::size_t Operations(std::size_t limbs) {
  const std::size_t digits = limbs * 5 / 4;
  return digits * (digits + 1) + 2 * digits * digits + 1;
}

}  // namespace

const VectorUnit kIfmaUnit{"ifma", "vpmadd52luq", Saturate, Square, Operations};

}  // namespace fleetmint::bench

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC diagnostic pop
#pragma GCC pop_options
#endif
#endif
