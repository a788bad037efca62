// No function of a kernel leaves anything of its numbers on the stack or in a register.
#include <gtest/gtest.h>

#include <string>

#include "engine/prime/kernel.h"
#include "tests/support/kernel_calls.h"
#include "tests/support/painted_stack.h"

namespace fleetmint::prime {
namespace {

class ResiduesTest : public testing::TestWithParam<KernelAndLimbs> {};

// If this fails, a memory dump tells primes: what a Montgomery kernel leaves factors the modulus as
// surely as a prime does. tests/memory shows that the same test finds what is not wiped.
TEST_P(ResiduesTest, NothingIsLeft) {
  if (FLEETMINT_SANITIZED) GTEST_SKIP() << "a sanitizer has frames of its own";
  const auto [name, limbs] = GetParam();
  const Kernel* const kernel = FindKernel(name);
  if (kernel == nullptr) GTEST_SKIP() << "this processor cannot run kernel " << name;
  KernelCalls calls(*kernel, limbs);
  PaintedStack stack;
  for (std::size_t i = 0; i < KernelCalls::kNames.size(); ++i) {
    stack.Run(calls.Call(i));
    EXPECT_EQ(stack.StackResidues(), 0U) << KernelCalls::kNames[i];
    EXPECT_EQ(stack.RegisterResidues(), 0U) << KernelCalls::kNames[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, ResiduesTest, EachKernelAndSize(), KernelAndBits);

}  // namespace
}  // namespace fleetmint::prime
