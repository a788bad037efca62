// Names and words of keys: people read the ones; they type the others, and settings hold those.
#include "engine/keys/key_spec.h"

#include <gtest/gtest.h>

#include <set>

namespace fleetmint {
namespace {

TEST(KeySpecTest, EachHasOneNameAndOneWord) {
  struct Case {
    KeySpec spec;
    const char* name;
    const char* word;
  };
  std::set<KeySpec> met;
  for (const Case& c : {Case{{KeyAlgorithm::kRsa, 2048}, "RSA 2048", "rsa-2048"},
                        Case{{KeyAlgorithm::kRsa, 3072}, "RSA 3072", "rsa-3072"},
                        Case{{KeyAlgorithm::kRsa, 4096}, "RSA 4096", "rsa-4096"},
                        Case{{KeyAlgorithm::kEcdsa, 256}, "ECDSA P-256", "p256"},
                        Case{{KeyAlgorithm::kEcdsa, 384}, "ECDSA P-384", "p384"}}) {
    EXPECT_EQ(KeySpecName(c.spec), c.name);
    EXPECT_EQ(KeySpecWord(c.spec), c.word);
    EXPECT_EQ(ParseKeySpecWord(c.word), c.spec);
    EXPECT_EQ(KeySpecFault(c.spec), std::nullopt);
    met.insert(c.spec);
  }
  EXPECT_EQ(met, std::set<KeySpec>(kKeySpecs.begin(), kKeySpecs.end()));
  EXPECT_EQ(KeySpecWords(),
            (std::vector<std::string>{"rsa-2048", "rsa-3072", "rsa-4096", "p256", "p384"}));
}

TEST(KeySpecTest, OthersAreNoKeys) {
  for (const char* text : {"", "rsa", "rsa-1024", "rsa-2048 ", "RSA-2048", "rsa2048", "p-256",
                           "P256", "p521", "RSA 1024", "ECDSA P-256 ", "RSA 2048"}) {
    EXPECT_EQ(ParseKeySpecWord(text), std::nullopt) << text;
  }
  EXPECT_TRUE(KeySpecFault({KeyAlgorithm::kRsa, 1024}));
  EXPECT_TRUE(KeySpecFault({KeyAlgorithm::kRsa, 256}));
  EXPECT_TRUE(KeySpecFault({KeyAlgorithm::kEcdsa, 521}));
  EXPECT_TRUE(KeySpecFault({KeyAlgorithm::kEcdsa, 2048}));
}

}  // namespace
}  // namespace fleetmint
