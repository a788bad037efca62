// A kernel is offered only after it has given its known answers: whatever it computes wrongly.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "engine/prime/kernel.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;

// The reference, but for one bit of one result of one size.
template <std::size_t Limbs>
void PowerWithAWrongBit(std::span<const Power> tasks, std::size_t limbs) {
  PortableKernel().power(tasks, limbs);
  if (limbs == Limbs) tasks.back().out[limbs - 1] ^= 1U;
}
void ScreenThatMissesPrimes(std::span<const u64* const> candidates, std::size_t,
                            std::uint8_t* passes) {
  std::fill_n(passes, candidates.size(), std::uint8_t{0});
}
void ScreenThatPassesOneMore(std::span<const u64* const> candidates, std::size_t limbs,
                             std::uint8_t* passes) {
  PortableKernel().screen(candidates, limbs, passes);
  passes[candidates.size() - 1] = 1;
}
void RoundThatPassesOneMore(std::span<const Witness> tasks, std::size_t limbs,
                            std::uint8_t* passes) {
  PortableKernel().miller_rabin(tasks, limbs, passes);
  passes[tasks.size() - 1] = 1;
}
void RoundThatMissesPrimes(std::span<const Witness> tasks, std::size_t, std::uint8_t* passes) {
  std::fill_n(passes, tasks.size(), std::uint8_t{0});
}

Kernel Named(const char* name) {
  Kernel kernel = PortableKernel();
  kernel.name = name;
  return kernel;
}
template <class Member, class Function>
Kernel With(const char* name, Member Kernel::*member, Function function) {
  Kernel kernel = Named(name);
  kernel.*member = function;
  return kernel;
}

// If this fails, a kernel that a compiler or a processor has broken signs certificates.
TEST(KnownAnswersTest, AKernelThatComputesWronglyIsNotOffered) {
  static const Kernel sound = Named("sound");
  static const std::array<Kernel, 7> faulty{
      With("power 1024", &Kernel::power, PowerWithAWrongBit<16>),
      With("power 1536", &Kernel::power, PowerWithAWrongBit<24>),
      With("power 2048", &Kernel::power, PowerWithAWrongBit<32>),
      With("no primes", &Kernel::screen, ScreenThatMissesPrimes),
      With("one prime more", &Kernel::screen, ScreenThatPassesOneMore),
      With("no rounds passed", &Kernel::miller_rabin, RoundThatMissesPrimes),
      With("one round more", &Kernel::miller_rabin, RoundThatPassesOneMore)};
  std::vector<const Kernel*> kernels{&sound};
  for (const Kernel& kernel : faulty) kernels.push_back(&kernel);
  EXPECT_EQ(FindKernelAmong(kernels, "sound"), &sound);
  for (int asked = 0; asked < 2; ++asked) {  // what is remembered is the same
    for (const Kernel& kernel : faulty) {
      EXPECT_EQ(FindKernelAmong(kernels, kernel.name), nullptr) << kernel.name;
    }
  }
}

// FindKernel asks the same of the kernels that are built.
TEST(KnownAnswersTest, BuiltKernelsAreAskedTheSame) {
  for (const Kernel* const kernel : BuiltKernels()) {
    EXPECT_EQ(FindKernel(kernel->name), FindKernelAmong(BuiltKernels(), kernel->name));
  }
}

}  // namespace
}  // namespace fleetmint::prime
