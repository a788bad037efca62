// Making keys leaves nothing of them on the stack or in registers.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/wipe.h"
#include "engine/keys/generate.h"
#include "tests/support/painted_stack.h"

namespace fleetmint {
namespace {

// If one of these fails, a memory dump tells keys: tests/memory shows that the same test finds what
// is not wiped.
TEST(KeyResiduesTest, NothingIsLeft) {
  if (FLEETMINT_SANITIZED) GTEST_SKIP() << "a sanitizer has frames of its own";
  SystemRandom random;
  SystemStreams factory(random);
  PaintedStack stack;
  for (const KeySpec spec : {KeySpec{KeyAlgorithm::kRsa, 2048}, KeySpec{KeyAlgorithm::kRsa, 4096},
                             KeySpec{KeyAlgorithm::kEcdsa, 256}}) {
    KeyStreams streams = OpenKeyStreams(factory, "host");
    std::vector<PrivateKey> keys;  // outlive the call: their end has residues of its own
    keys.reserve(1);
    stack.Run([&] { keys = GenerateKeys(spec, {&streams, 1}); });
    // At most what the end of the call itself leaves: random words of malloc and of the stack
    // protector. A key's number has 4 digits and more.
    EXPECT_LE(stack.StackResidues(), 1U) << spec.bits;
    EXPECT_LE(stack.RegisterResidues(), 1U) << spec.bits;
  }
}

// What throws is the search, with candidates in its hands.
TEST(KeyResiduesTest, NothingIsLeftByAnException) {
  if (FLEETMINT_SANITIZED) GTEST_SKIP() << "a sanitizer has frames of its own";
  PaintedStack stack;
  stack.Run([] {
    try {
      WithWipedStack(kSecretStack, [] {
        volatile std::uint64_t secrets[512];
        for (auto& secret : secrets) secret = 0x123456789ABCDEFU;
        throw Error(ErrorKind::kInterrupted, "here");
      });
    } catch (const Error&) {
    }
  });
  // The unwinder leaves addresses: 2 words with GCC 12, 42 with GCC 14. The secrets are 512, of
  // which 355 are there without the wipe.
  EXPECT_LT(stack.StackResidues(), 128U);
}

// If this fails, what root's debugger writes holds the stack on which keys were made.
TEST(KeyResiduesTest, StacksAreNotDumped) {
  bool excluded = false;
  std::thread([&] {
    SystemRandom random;
    SystemStreams factory(random);
    KeyStreams streams = OpenKeyStreams(factory, "host");
    GenerateKeys({KeyAlgorithm::kEcdsa, 256}, {&streams, 1});
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    std::ifstream file("/proc/self/smaps");
    bool ours = false;
    for (std::string line; std::getline(file, line);) {
      unsigned long low = 0, high = 0;
      if (std::sscanf(line.c_str(), "%lx-%lx ", &low, &high) == 2)
        ours = low <= here && here < high;
      if (ours && line.starts_with("VmFlags:")) excluded = line.find(" dd") != std::string::npos;
    }
  }).join();
  EXPECT_TRUE(excluded);
}

}  // namespace
}  // namespace fleetmint
