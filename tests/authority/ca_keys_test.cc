// How the keys of CAs are made: of candidates drawn one by one, whichever command asks.
#include <gtest/gtest.h>

#include "engine/keys/generate.h"
#include "tests/authority/ca_fixture.h"

namespace fleetmint {
namespace {

constexpr KeySpec kRsa{KeyAlgorithm::kRsa, 2048};

// Streams that are a function of their label.
class LabelStreams final : public StreamFactory {
 public:
  RandomStream Open(const StreamLabel& label) override {
    return RandomStream(
        Sha256(AsBytes(label.endpoint + "/" + std::to_string(static_cast<int>(label.purpose)))));
  }
};

class CaKeysTest : public AuthorityFixture {
 protected:
  // The key that the streams of the tier "issuing" give.
  SecretBytes KeyOf(const KeyOptions& options) {
    std::vector<KeyStreams> pair;
    pair.push_back(OpenKeyStreams(streams_of_labels_, "issuing"));
    const auto keys = GenerateKeys(kRsa, pair, {}, options);
    return {keys.front().pkcs8().begin(), keys.front().pkcs8().end()};
  }
  SecretBytes StoredKey() const {
    const SecretBytes text = Directory::Open(ca_).ReadSecret("issuing.key");
    return PemDecodeAll(AsText(text)).front().der;
  }
  NewAuthorityOptions LabelOptions() {
    return {.random = random_, .streams = streams_of_labels_, .clock = clock_};
  }
  LabelStreams streams_of_labels_;
  IndependentCheck check_{1};
};

TEST_F(CaKeysTest, AreOfFreshCandidatesForNewAuthorities) {
  Authority::Init(ca_, ProfileOf({IssuingTier(kRsa)}), LabelOptions());
  EXPECT_EQ(StoredKey(), KeyOf(CaKeyOptions(check_)));
  EXPECT_NE(StoredKey(), KeyOf({}));
}

TEST_F(CaKeysTest, AreOfFreshCandidatesForRequests) {
  Authority::Request(ca_, IssuingTier(kRsa), LabelOptions());
  EXPECT_EQ(StoredKey(), KeyOf(CaKeyOptions(check_)));
}

}  // namespace
}  // namespace fleetmint
