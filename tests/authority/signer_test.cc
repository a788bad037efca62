// The software signer: signatures that verify, in the order of the messages, from any thread.
#include "engine/authority/signer.h"

#include <botan/pubkey.h>
#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_chain.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

struct Case {
  const char* name;
  KeySpec key;
  SignatureAlgorithm algorithm;
  const char* padding;
  bool der;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class SignerTest : public testing::TestWithParam<Case> {
 protected:
  static const PrivateKey& Key() { return SharedKey(GetParam().key); }

  static bool Verifies(const Signer& signer, std::string_view message, ByteView signature) {
    const auto key = LoadSpki(signer.spki());
    Botan::PK_Verifier verifier(
        *key, GetParam().padding,
        GetParam().der ? botan_compat::kDerSignature : botan_compat::kPlainSignature);
    return verifier.verify_message(AsBytes(message).data(), message.size(), signature.data(),
                                   signature.size());
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, SignerTest,
                         testing::Values(Case{"Rsa2048",
                                              {KeyAlgorithm::kRsa, 2048},
                                              SignatureAlgorithm::kRsaSha256,
                                              "EMSA3(SHA-256)",
                                              false},
                                         Case{"P256",
                                              {KeyAlgorithm::kEcdsa, 256},
                                              SignatureAlgorithm::kEcdsaSha256,
                                              "EMSA1(SHA-256)",
                                              true},
                                         Case{"P384",
                                              {KeyAlgorithm::kEcdsa, 384},
                                              SignatureAlgorithm::kEcdsaSha384,
                                              "EMSA1(SHA-384)",
                                              true}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(SignerTest, SignaturesVerifyInTheOrderOfTheMessages) {
  const auto signer = MakeSoftwareSigner(Key().pkcs8());
  EXPECT_EQ(signer->algorithm(), GetParam().algorithm);
  EXPECT_EQ(signer->spki(), Key().spki());
  const std::vector<std::string> texts{"one", "two", "", std::string(100'000, 'x')};
  std::vector<ByteView> messages;
  for (const std::string& text : texts) messages.push_back(AsBytes(text));
  const auto signatures = signer->Sign(messages);
  ASSERT_EQ(signatures.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t k = 0; k < texts.size(); ++k) {
      EXPECT_EQ(Verifies(*signer, texts[k], signatures[i]), i == k) << i << " " << k;
    }
  }
  EXPECT_TRUE(signer->Sign({}).empty());
}

// Another library agrees on hash, padding and encoding.
TEST_P(SignerTest, OpensslVerifies) {
  const TempDir temp;
  const auto signer = MakeSoftwareSigner(Key().pkcs8());
  const ByteView message = AsBytes("message");
  temp.Write("message", message);
  temp.Write("signature", signer->Sign({&message, 1}).front());
  temp.Write("spki.der", signer->spki());
  const char* hash =
      GetParam().algorithm == SignatureAlgorithm::kEcdsaSha384 ? "-sha384" : "-sha256";
  const auto result = RunProgram({"openssl", "dgst", hash, "-verify", temp / "spki.der", "-keyform",
                                  "DER", "-signature", temp / "signature", temp / "message"});
  EXPECT_TRUE(result.ok()) << result;
}

// Botan's signer objects corrupt silently when two threads share one.
TEST_P(SignerTest, ManyThreadsSignAtOnce) {
  const auto signer = MakeSoftwareSigner(Key().pkcs8());
  constexpr int kThreads = 6, kBatches = 8, kBatch = 3;
  std::array<std::vector<std::pair<std::string, Bytes>>, kThreads> made;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int batch = 0; batch < kBatches; ++batch) {
        std::vector<std::string> texts;
        for (int i = 0; i < kBatch; ++i) {
          texts.push_back(std::to_string(thread) + "/" + std::to_string(batch * kBatch + i));
        }
        const std::vector<ByteView> messages{AsBytes(texts[0]), AsBytes(texts[1]),
                                             AsBytes(texts[2])};
        auto signatures = signer->Sign(messages);
        for (int i = 0; i < kBatch; ++i) {
          made[static_cast<std::size_t>(thread)].emplace_back(
              texts[static_cast<std::size_t>(i)],
              std::move(signatures[static_cast<std::size_t>(i)]));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& results : made) {
    EXPECT_EQ(results.size(), static_cast<std::size_t>(kBatches * kBatch));
    for (const auto& [text, signature] : results) EXPECT_TRUE(Verifies(*signer, text, signature));
  }
}

// A CA key that endpoints' software would not trust is refused before anything is signed with it.
TEST(MakeSoftwareSignerTest, KeysOfOtherKindsAreRefused) {
  struct Kind {
    std::vector<std::string> options;
    const char* reason;
  };
  for (const Kind& kind :
       {Kind{{"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"}, "shorter than 2048"},
        Kind{{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"}, "not supported"},
        Kind{{"-algorithm", "ED25519"}, "not supported"}}) {
    std::vector<std::string> argv{"openssl", "genpkey"};
    argv.insert(argv.end(), kind.options.begin(), kind.options.end());
    const auto made = RunProgram(argv);
    ASSERT_TRUE(made.ok()) << made;
    const SecretBytes key = PemDecodeAll(made.out).front().der;
    const auto error = ThrownBy([&] { MakeSoftwareSigner(key); });
    ASSERT_TRUE(error) << testing::PrintToString(kind.options);
    EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
    EXPECT_NE(std::string(error->what()).find(kind.reason), std::string::npos) << error->what();
  }
}

TEST(MakeSoftwareSignerTest, WhatIsNoKeyIsRefused) {
  const SecretBytes& good = EcIdentity().key.pkcs8();
  for (const SecretBytes& bad :
       {SecretBytes{}, SecretBytes{0x30, 0x00}, SecretBytes(100, 0xFF),
        SecretBytes(good.begin(), good.begin() + static_cast<long>(good.size()) / 2)}) {
    const auto error = ThrownBy([&] { MakeSoftwareSigner(bad); });
    ASSERT_TRUE(error) << ToHex(bad);
    EXPECT_EQ(error->kind(), ErrorKind::kAuthority);
  }
}

}  // namespace
}  // namespace fleetmint
