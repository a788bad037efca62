// The lanes that sign with a CA's key see blinded messages alone. The kernel here writes down what
// it is given.
#include <botan/bigint.h>
#include <botan/numthry.h>
#include <botan/rsa.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/keys/rsa_batch.h"
#include "engine/prime/kernel.h"

namespace fleetmint {
namespace {

using Botan::BigInt;

std::vector<std::vector<std::uint64_t>> bases;
void NoteBases(std::span<const prime::Power> tasks, std::size_t limbs) {
  for (const prime::Power& task : tasks) bases.emplace_back(task.base, task.base + limbs);
  prime::PortableKernel().power(tasks, limbs);
}
prime::Kernel NotingKernel() {
  prime::Kernel kernel = prime::PortableKernel();
  kernel.lanes = 8;
  kernel.power = NoteBases;
  bases.clear();
  return kernel;
}

class CountingSource final : public RandomSource {
 public:
  void Fill(std::span<std::uint8_t> out) override {
    given += out.size();
    stream_.Fill(out);
  }
  std::size_t given = 0;

 private:
  RandomStream stream_{Sha256(AsBytes("blinding"))};
};

class BlindingTest : public testing::Test {
 protected:
  // Signs the same message `count` times in one call.
  std::vector<Bytes> Sign(std::size_t count) {
    const std::vector<ByteView> messages(count, AsBytes("the same message"));
    return signer_->Sign(messages);
  }
  CountingSource source_;
  BotanRng rng_{source_};
  const Botan::RSA_PrivateKey key_{rng_, 2048};
  const prime::Kernel kernel_ = NotingKernel();
  std::unique_ptr<RsaBatchSigner> signer_ =
      RsaBatchSigner::Make(key_.private_key_info(), &kernel_, source_);
};

// If this fails, whoever measures the signer knows what it computed with.
TEST_F(BlindingTest, NoPowerIsOfTheMessageOrOfWhatCameBefore) {
  const Bytes signature = Sign(20).front();
  EXPECT_EQ(Sign(50).front(), signature);
  ASSERT_EQ(bases.size(), 2 * 70U);
  // What PKCS#1 makes of the message: the signature, taken back.
  const BigInt message =
      Botan::power_mod(BigInt(signature.data(), signature.size()), key_.get_e(), key_.get_n());
  std::set<std::vector<std::uint64_t>> met;
  for (const BigInt& modulus : {key_.get_p(), key_.get_q()}) {
    std::vector<std::uint64_t> plain(16);
    for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = (message % modulus).word_at(i);
    met.insert(plain);
  }
  for (const auto& base : bases) EXPECT_TRUE(met.insert(base).second) << "came before";
}

// A pair is squared 31 times and drawn anew then: what was learnt of one serves no longer.
TEST_F(BlindingTest, APairServesThirtyTwoTimes) {
  const std::size_t before = source_.given;
  Sign(1);
  const std::size_t once = source_.given;
  EXPECT_GE(once, before + 256);
  Sign(31);
  EXPECT_EQ(source_.given, once);
  Sign(1);
  EXPECT_GE(source_.given, once + 256);
}

}  // namespace
}  // namespace fleetmint
