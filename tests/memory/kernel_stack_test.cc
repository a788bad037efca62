// How deep the stack of each function of a kernel is, and that what wipes it reaches further.
#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "engine/prime/kernel.h"
#include "tests/memory/replaced_wipe.h"
#include "tests/support/kernel_calls.h"
#include "tests/support/painted_stack.h"

namespace fleetmint::prime {
namespace {

class KernelStackTest : public testing::TestWithParam<KernelAndLimbs> {
 protected:
  ~KernelStackTest() override { TheWipe().Reset(); }
};

// If this fails, what a compiler spills lies below what is wiped; and a test of residues that finds
// nothing where nothing is wiped would prove nothing elsewhere.
TEST_P(KernelStackTest, IsWipedDeeperThanItIsUsed) {
  const auto [name, limbs] = GetParam();
  const Kernel* const kernel = FindKernel(name);
  if (kernel == nullptr) GTEST_SKIP() << "this processor cannot run kernel " << name;
  KernelCalls calls(*kernel, limbs);
  PaintedStack stack;
  for (std::size_t i = 0; i < KernelCalls::kNames.size(); ++i) {
    SCOPED_TRACE(KernelCalls::kNames[i]);
    TheWipe().stack = false;
    stack.Run(calls.Call(i));
    const std::size_t used = TheWipe().from - stack.Lowest(), wiped = TheWipe().asked;
    std::cout << KernelCalls::kNames[i] << ": " << used << " bytes of " << wiped << ", "
              << stack.StackResidues() << " residues\n";
    EXPECT_LE(used + used / 8 + 128, wiped) << "an eighth to spare, and the red zone";
    EXPECT_GE(stack.StackResidues(), i < 3 ? 100U : 0U) << "a sieve may do with registers";
    EXPECT_GT(stack.RegisterResidues(), 0U) << "ClearRegisters is replaced by nothing";
    TheWipe().stack = true;
    stack.Run(calls.Call(i));
    EXPECT_EQ(stack.StackResidues(), 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, KernelStackTest, EachKernelAndSize(), KernelAndBits);

}  // namespace
}  // namespace fleetmint::prime
