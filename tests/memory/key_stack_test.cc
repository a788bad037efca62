// How deep the stack of key generation is, and that what wipes it reaches further.
#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "engine/keys/generate.h"
#include "tests/memory/replaced_wipe.h"
#include "tests/support/painted_stack.h"

namespace fleetmint {
namespace {

struct KeyCase {
  const char* kernel;
  KeySpec spec;
};

class KeyStackTest : public testing::TestWithParam<KeyCase> {
 protected:
  ~KeyStackTest() override { TheWipe().Reset(); }
};

// If this fails, kSecretStack is too small.
TEST_P(KeyStackTest, IsWipedDeeperThanItIsUsed) {
  KeyOptions options;
  options.kernel = prime::FindKernel(GetParam().kernel);
  if (options.kernel == nullptr) GTEST_SKIP() << "this processor cannot run it";
  IndependentCheck check(1);
  options.independent_check = &check;
  SystemRandom random;
  SystemStreams factory(random);
  PaintedStack stack;
  const auto generate = [&] {
    KeyStreams streams = OpenKeyStreams(factory, "host");
    GenerateKeys(GetParam().spec, {&streams, 1}, {}, options);
  };
  TheWipe().stack = false;
  stack.Run(generate);
  ASSERT_EQ(TheWipe().asked, kSecretStack);
  const std::size_t used = TheWipe().from - stack.Lowest();
  std::cout << used << " bytes of " << kSecretStack << ", " << stack.StackResidues()
            << " residues\n";
  EXPECT_LE(used + used / 8, kSecretStack);
  EXPECT_GT(stack.StackResidues(), 20U);
}

INSTANTIATE_TEST_SUITE_P(Keys, KeyStackTest,
                         testing::Values(KeyCase{"ifma", {KeyAlgorithm::kRsa, 2048}},
                                         KeyCase{"ifma", {KeyAlgorithm::kRsa, 4096}},
                                         KeyCase{"avx2", {KeyAlgorithm::kRsa, 4096}},
                                         KeyCase{"portable", {KeyAlgorithm::kRsa, 2048}},
                                         KeyCase{"portable", {KeyAlgorithm::kEcdsa, 256}},
                                         KeyCase{"portable", {KeyAlgorithm::kEcdsa, 384}}),
                         [](const auto& info) {
                           return std::string(info.param.kernel) +
                                  std::to_string(info.param.spec.bits);
                         });

}  // namespace
}  // namespace fleetmint
