#include "engine/keys/rsa_batch.h"

#include <botan/ecdsa.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/base/botan_compat.h"
#include "engine/prime/kernel.h"

namespace fleetmint {
namespace {

class RsaBatchTest : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    if (prime::BestKernel().lanes < 2) GTEST_SKIP() << "no vector kernel on this processor";
  }
  RandomStream stream_{Sha256(AsBytes("rsa batch"))};
  BotanRng rng_{stream_};
};

// More messages than lanes and than one blinding serves; signatures are what Botan verifies, and,
// the scheme being deterministic, byte for byte what Botan signs.
TEST_P(RsaBatchTest, SignsAsBotanDoes) {
  const Botan::RSA_PrivateKey key(rng_, GetParam());
  const auto signer = RsaBatchSigner::Make(key.private_key_info(), nullptr, stream_);
  ASSERT_NE(signer, nullptr);
  std::vector<Bytes> texts;
  for (std::size_t i = 0; i < 70; ++i) texts.emplace_back(i * 7, static_cast<std::uint8_t>(i));
  const std::vector<ByteView> messages(texts.begin(), texts.end());
  const std::vector<Bytes> signatures = signer->Sign(messages);
  ASSERT_EQ(signatures.size(), messages.size());
  Botan::PK_Verifier verifier(key, "EMSA3(SHA-256)");
  Botan::PK_Signer reference(key, rng_, "EMSA3(SHA-256)");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_TRUE(verifier.verify_message(messages[i].data(), messages[i].size(),
                                        signatures[i].data(), signatures[i].size()))
        << i;
    if (i % 20 != 0) continue;
    EXPECT_EQ(signatures[i], reference.sign_message(messages[i].data(), messages[i].size(), rng_));
  }
  EXPECT_EQ(std::set<Bytes>(signatures.begin(), signatures.end()).size(), signatures.size());
  EXPECT_TRUE(signer->Sign({}).empty());
}

INSTANTIATE_TEST_SUITE_P(Sizes, RsaBatchTest, testing::Values(2048, 3072, 4096));

// Keys that the kernels cannot carry are for Botan: null, not wrong signatures.
TEST(RsaBatchMakeTest, LeavesOtherKeysToBotan) {
  RandomStream stream(Sha256(AsBytes("rsa batch others")));
  BotanRng rng(stream);
  const Botan::RSA_PrivateKey odd(rng, 2560);
  EXPECT_EQ(RsaBatchSigner::Make(odd.private_key_info(), nullptr, stream), nullptr);
  const Botan::ECDSA_PrivateKey ec(rng, botan_compat::NamedCurve("secp256r1"));
  EXPECT_EQ(RsaBatchSigner::Make(ec.private_key_info(), nullptr, stream), nullptr);
}

}  // namespace
}  // namespace fleetmint
