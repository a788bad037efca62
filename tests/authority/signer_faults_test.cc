// No signature leaves the signer before it has been verified: kernels that go wrong are handed to
// it. One wrong signature, half right, would betray the CA's key (Boneh, DeMillo, Lipton 1997).
#include <gtest/gtest.h>

#include "engine/authority/signer.h"
#include "engine/base/error.h"
#include "engine/prime/kernel.h"
#include "tests/support/test_keys.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

std::size_t tasks_seen = 0, wrong_task = 0;
void PowerWithAFault(std::span<const prime::Power> tasks, std::size_t limbs) {
  prime::PortableKernel().power(tasks, limbs);
  for (const prime::Power& task : tasks) {
    if (tasks_seen++ == wrong_task) task.out[limbs / 2] ^= std::uint64_t{1} << 17U;
  }
}

prime::Kernel FaultyKernel() {
  prime::Kernel kernel = prime::PortableKernel();
  kernel.lanes = 8;
  kernel.power = PowerWithAFault;
  return kernel;
}

TEST(SignerFaultTest, AWrongSignatureOfTheLanesDoesNotLeave) {
  const prime::Kernel kernel = FaultyKernel();
  const std::vector<ByteView> messages{AsBytes("one"), AsBytes("two"), AsBytes("three")};
  const std::size_t powers = 2 * messages.size();
  for (wrong_task = 0; wrong_task <= powers; ++wrong_task) {
    tasks_seen = 0;
    const auto signer = MakeSoftwareSigner(TestRsaKey().pkcs8(), &kernel);
    const auto error = ThrownBy([&] { signer->Sign(messages); });
    EXPECT_EQ(tasks_seen, powers) << "the kernel was not asked";
    if (wrong_task == powers) {
      EXPECT_FALSE(error) << error->what();
      break;
    }
    ASSERT_TRUE(error) << "the fault in power " << wrong_task << " went out";
    EXPECT_EQ(error->kind(), ErrorKind::kIntegrity);
    EXPECT_FALSE(error->faults().front().hint.empty());
  }
}

}  // namespace
}  // namespace fleetmint
