// Assembly, consistency and check of RSA keys, against Botan and OpenSSL.
#include "engine/keys/rsa_assemble.h"

#include <botan/bigint.h>
#include <botan/numthry.h>
#include <botan/rsa.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/keys/rsa_check.h"
#include "engine/prime/search.h"
#include "tests/support/limbs.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

prime::Canaries canaries;

using Botan::BigInt;
using testing::HasSubstr;

std::vector<RsaPrimes> Pairs(std::size_t limbs, std::size_t count) {
  SystemRandom random;
  SystemStreams factory(random);
  std::vector<RandomStream> streams;
  for (std::size_t i = 0; i < 2 * count; ++i) streams.push_back(factory.Open({}));
  std::vector<RandomStream*> pointers;
  for (RandomStream& stream : streams) pointers.push_back(&stream);
  auto primes = prime::FindPrimes(limbs, pointers, {prime::BestKernel()});
  std::vector<RsaPrimes> pairs;
  for (std::size_t i = 0; i < count; ++i) {
    pairs.push_back({std::move(primes[2 * i]), std::move(primes[2 * i + 1])});
  }
  return pairs;
}

TEST(RsaAssembleTest, WritesTheBytesThatBotanWrites) {
  for (const std::size_t limbs : {16U, 24U, 32U}) {
    const auto pairs = Pairs(limbs, limbs == 16 ? 8 : 2);
    const auto keys = AssembleRsaKeys(pairs, prime::BestKernel(), canaries);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      ASSERT_TRUE(keys[i]);
      BigInt p = ToBigInt(pairs[i].p), q = ToBigInt(pairs[i].q);
      if (p < q) p.swap(q);
      const Botan::RSA_PrivateKey expected(p, q, 65537);
      const PrivateKey key = EncodeRsaKey(*keys[i]);
      EXPECT_EQ(key.pkcs8(), expected.private_key_info());
      EXPECT_EQ(key.spki(), expected.subject_public_key());
      EXPECT_NO_THROW(CheckRsaKey(key));
    }
  }
}

TEST(RsaAssembleTest, EveryKernelGivesTheSameKey) {
  const auto pairs = Pairs(16, 3);
  for (const std::string_view name : prime::kKernelNames) {
    const prime::Kernel* const kernel = prime::FindKernel(name);
    if (kernel == nullptr) continue;
    const auto keys = AssembleRsaKeys(pairs, *kernel, canaries);
    const auto reference = AssembleRsaKeys(pairs, prime::PortableKernel(), canaries);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      EXPECT_EQ(EncodeRsaKey(*keys[i]).pkcs8(), EncodeRsaKey(*reference[i]).pkcs8()) << name;
    }
  }
}

// Primes that FIPS 186-5 A.1.3 does not allow together are drawn again.
TEST(RsaAssembleTest, RelatedPrimesAreDiscarded) {
  std::vector<RsaPrimes> pairs = Pairs(16, 1);
  SystemRandom random;
  BotanRng rng(random);
  BigInt close = ToBigInt(pairs[0].p) + 2;
  while (!Botan::is_prime(close, rng) || (close - 1) % 65537 == 0) close += 2;
  const SecretLimbs near = FromBigInt(close, 16);
  const std::vector<RsaPrimes> related{{pairs[0].p, near}, {near, pairs[0].p}, {near, near}};
  for (const auto& key : AssembleRsaKeys(related, prime::BestKernel(), canaries)) EXPECT_FALSE(key);
}

TEST(RsaConsistencyTest, AFactorSwappedBetweenTwoKeysIsFound) {
  SystemRandom random;
  std::vector<RsaPrimes> pairs = Pairs(16, 3);
  const auto keys = AssembleRsaKeys(pairs, prime::BestKernel(), canaries);
  std::vector<PrivateKey> sound;
  for (const auto& key : keys) sound.push_back(EncodeRsaKey(*key));
  EXPECT_NO_THROW(CheckRsaConsistency(sound, prime::BestKernel(), canaries, random));
  EXPECT_NO_THROW(CheckRsaConsistency(sound, prime::PortableKernel(), canaries, random));
  std::swap(pairs[0].q, pairs[2].q);
  const auto swapped = AssembleRsaKeys(pairs, prime::BestKernel(), canaries);
  std::vector<PrivateKey> mixed;
  for (std::size_t i = 0; i < 3; ++i) {
    const SecretBytes pkcs8 = EncodeRsaKey(*swapped[i]).pkcs8();
    mixed.emplace_back(sound[i].spec(), SecretBytes(pkcs8.begin(), pkcs8.end()), sound[i].spki());
  }
  const Error error =
      ThrownBy([&] { CheckRsaConsistency(mixed, prime::BestKernel(), canaries, random); }).value();
  EXPECT_EQ(error.kind(), ErrorKind::kIntegrity);
  EXPECT_FALSE(error.faults().front().hint.empty());
}

TEST(RsaCheckTest, EachBrokenRelationIsNamed) {
  const auto pairs = Pairs(16, 2);
  const auto keys = AssembleRsaKeys(pairs, prime::BestKernel(), canaries);
  const PrivateKey other = EncodeRsaKey(*keys[1]);
  struct Case {
    const char* name;
    std::function<void(RsaNumbers&)> change;
  };
  const auto add_two = [](SecretLimbs& number) { number[0] += 2; };
  for (const Case& c : {
           Case{"n is p q", [&](RsaNumbers& k) { add_two(k.n); }},
           Case{"n is p q", [&](RsaNumbers& k) { add_two(k.p); }},
           Case{"p is greater than q", [](RsaNumbers& k) { std::swap(k.p, k.q); }},
           Case{"dP is d modulo", [&](RsaNumbers& k) { add_two(k.d); }},
           Case{"d is above", [](RsaNumbers& k) { k.d = SecretLimbs(32); }},
           Case{"d e is 1 modulo p - 1", [&](RsaNumbers& k) { add_two(k.d_p); }},
           Case{"d e is 1 modulo q - 1", [&](RsaNumbers& k) { add_two(k.d_q); }},
           Case{"q qInv is 1", [&](RsaNumbers& k) { add_two(k.q_inverse); }},
       }) {
    RsaNumbers numbers = *keys[0];
    c.change(numbers);
    const Error error = ThrownBy([&] { CheckRsaKey(EncodeRsaKey(numbers)); }).value();
    EXPECT_EQ(error.kind(), ErrorKind::kIntegrity);
    EXPECT_THAT(error.what(), HasSubstr(c.name));
  }
  const SecretBytes pkcs8 = EncodeRsaKey(*keys[0]).pkcs8();
  const PrivateKey mixed(other.spec(), SecretBytes(pkcs8.begin(), pkcs8.end()), other.spki());
  EXPECT_THAT(MessageOf([&] { CheckRsaKey(mixed); }), HasSubstr("its public key is another one"));
}

TEST(RsaCheckTest, KeysOfOpensslPass) {
  TempDir temp;
  for (const char* bits : {"2048", "3072"}) {
    const std::string path = temp / "key.der";
    const std::string pem = temp / "key.pem";
    ASSERT_TRUE(RunProgram({"openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                            std::string("rsa_keygen_bits:") + bits, "-out", pem})
                    .ok());
    ASSERT_TRUE(RunProgram({"openssl", "pkcs8", "-topk8", "-nocrypt", "-in", pem, "-outform", "DER",
                            "-out", path})
                    .ok());
    const std::string spki = temp / "key.pub";
    ASSERT_TRUE(
        RunProgram({"openssl", "pkey", "-in", path, "-pubout", "-outform", "DER", "-out", spki})
            .ok());
    const Bytes der = ReadFileBytes(path);
    const PrivateKey key({KeyAlgorithm::kRsa, static_cast<std::uint32_t>(std::stoul(bits))},
                         SecretBytes(der.begin(), der.end()), ReadFileBytes(spki));
    EXPECT_NO_THROW(CheckRsaKey(key));
  }
}

TEST(IndependentCheckTest, FindsACompositeFactorAtItsTurn) {
  std::vector<RsaPrimes> pairs = Pairs(16, 1);
  const PrivateKey sound = EncodeRsaKey(*AssembleRsaKeys(pairs, prime::BestKernel(), canaries)[0]);
  // A composite that keeps every relation cannot be had by Fermat; the check looks at primality
  // alone.
  RsaNumbers numbers = *AssembleRsaKeys(pairs, prime::BestKernel(), canaries)[0];
  numbers.q[0] += 2;
  const PrivateKey composite = EncodeRsaKey(numbers);
  IndependentCheck check(3);
  EXPECT_NO_THROW(check.Check(sound));      // the first
  EXPECT_NO_THROW(check.Check(composite));  // not looked at
  EXPECT_NO_THROW(check.Check(composite));
  EXPECT_EQ(ThrownBy([&] { check.Check(composite); }).value().kind(), ErrorKind::kIntegrity);
}

}  // namespace
}  // namespace fleetmint
