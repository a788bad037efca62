#include "engine/prime/kernel.h"

#include <algorithm>
#include <array>

namespace fleetmint::prime {

#if defined(__x86_64__)
extern const Kernel kIfmaCode;  // kernel_ifma.cc
#endif

namespace {

// Whether `kernel` computes what the reference computes, for every size, on numbers that fill all
// digits and lanes: x -> x * 6364136223846793005 + 1442695040888963407 (Knuth's MMIX), from 1.
[[maybe_unused]] bool ReproducesReference(const Kernel& kernel) {
  std::uint64_t state = 1;
  const auto next = [&state] {
    return state = state * 6364136223846793005U + 1442695040888963407U;
  };
  using Number = std::array<std::uint64_t, kMostLimbs>;
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    std::array<Number, 9> modulus, base, exponent, out, expected;  // one more than the lanes
    std::array<Power, 9> tasks{}, reference{};
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      for (Number* number : {&modulus[i], &base[i], &exponent[i]})
        std::generate(number->begin(), number->end(), next);
      modulus[i][0] |= 1U;
      modulus[i][limbs - 1] |= std::uint64_t{1} << 63U;
      base[i][limbs - 1] &= ~(std::uint64_t{1} << 63U);
      if (i == 0) std::fill(modulus[i].begin(), modulus[i].end(), ~std::uint64_t{0});
      tasks[i] = {modulus[i].data(), base[i].data(), exponent[i].data(), out[i].data()};
      reference[i] = {modulus[i].data(), base[i].data(), exponent[i].data(), expected[i].data()};
    }
    kernel.power(tasks, limbs);
    PortableKernel().power(reference, limbs);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      if (!std::equal(out[i].begin(), out[i].begin() + static_cast<std::ptrdiff_t>(limbs),
                      expected[i].begin())) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

const Kernel* IfmaKernel() {
#if defined(__x86_64__)
  // The compiler's run-time library asks CPUID, and XGETBV for the state that the system saves.
  static const bool usable = __builtin_cpu_supports("avx512f") != 0 &&
                             __builtin_cpu_supports("avx512ifma") != 0 &&
                             ReproducesReference(kIfmaCode);
  return usable ? &kIfmaCode : nullptr;
#else
  return nullptr;
#endif
}

const Kernel& BestKernel() {
  const Kernel* const ifma = IfmaKernel();
  return ifma != nullptr ? *ifma : PortableKernel();
}

}  // namespace fleetmint::prime
