// Key generation: keys that other programs accept, and that are a function of their streams alone.
#include "engine/keys/generate.h"

#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/rsa.h>
#include <gtest/gtest.h>

#include <array>

#include "engine/base/error.h"
#include "engine/keys/consistency.h"
#include "engine/keys/load_key.h"
#include "tests/base/stuck_source.h"

namespace fleetmint {
namespace {

RandomStream Seeded(std::uint8_t byte) {
  std::array<std::uint8_t, kSeedBytes> seed{};
  seed.fill(byte);
  return RandomStream(seed);
}

std::vector<KeyStreams> Streams(std::initializer_list<std::pair<int, int>> seeds) {
  std::vector<KeyStreams> streams;
  for (const auto& [p, q] : seeds) {
    streams.push_back({Seeded(static_cast<std::uint8_t>(p)), Seeded(static_cast<std::uint8_t>(q))});
  }
  return streams;
}

// Botan's own strong check re-derives every relation of the key.
TEST(GenerateKeysTest, RsaKeysPassBotansStrongCheck) {
  SystemRandom random;
  SystemStreams factory(random);
  BotanRng rng(random);
  for (const std::uint32_t bits : {2048U, 3072U}) {
    std::vector<KeyStreams> streams;
    streams.push_back(OpenKeyStreams(factory, "ws-0001"));
    const auto keys = GenerateKeys({KeyAlgorithm::kRsa, bits}, streams);
    ASSERT_EQ(keys.size(), 1u);
    const auto key = LoadPkcs8(keys[0].pkcs8());
    const auto& rsa = dynamic_cast<const Botan::RSA_PrivateKey&>(*key);
    EXPECT_TRUE(rsa.check_key(rng, true));
    EXPECT_EQ(rsa.get_n().bits(), bits);
    EXPECT_EQ(rsa.get_e(), 65537);
    EXPECT_TRUE(rsa.get_p().get_bit(bits / 2 - 1) && rsa.get_p().get_bit(bits / 2 - 2));
    EXPECT_TRUE(rsa.get_q().get_bit(bits / 2 - 1) && rsa.get_q().get_bit(bits / 2 - 2));
    EXPECT_EQ(LoadSpki(keys[0].spki())->subject_public_key(), key->subject_public_key());
  }
}

// A prime that came from anything but its own stream would make a seeded fleet irreproducible.
TEST(GenerateKeysTest, EachPrimeIsAFunctionOfItsStreamAlone) {
  auto streams = Streams({{1, 2}, {3, 2}, {1, 2}});
  const auto keys = GenerateKeys({KeyAlgorithm::kRsa, 2048}, streams);
  EXPECT_EQ(keys[0].pkcs8(), keys[2].pkcs8());
  const auto primes = [](const PrivateKey& key) {
    const auto loaded = LoadPkcs8(key.pkcs8());
    const auto& rsa = dynamic_cast<const Botan::RSA_PrivateKey&>(*loaded);
    return std::array{rsa.get_p(), rsa.get_q()};
  };
  const auto a = primes(keys[0]), b = primes(keys[1]);
  const bool shares_q = a[0] == b[0] || a[0] == b[1] || a[1] == b[0] || a[1] == b[1];
  EXPECT_TRUE(shares_q) << "the prime of stream 2 depends on the other stream";
  EXPECT_NE(keys[0].spki(), keys[1].spki());
}

TEST(GenerateKeysTest, EcdsaKeysAreOnTheirCurve) {
  auto streams = Streams({{1, 2}, {3, 4}});
  for (const std::uint32_t bits : {256U, 384U}) {
    const auto keys = GenerateKeys({KeyAlgorithm::kEcdsa, bits}, streams);
    ASSERT_EQ(keys.size(), 2u);
    EXPECT_NE(keys[0].spki(), keys[1].spki());
    const auto key = LoadPkcs8(keys[0].pkcs8());
    EXPECT_EQ(dynamic_cast<const Botan::ECDSA_PrivateKey&>(*key).domain().get_p_bits(), bits);
  }
}

TEST(GenerateKeysTest, StopsWhenAsked) {
  auto streams = Streams({{1, 2}});
  std::stop_source stop;
  stop.request_stop();
  try {
    GenerateKeys({KeyAlgorithm::kRsa, 2048}, streams, stop.get_token());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  }
}

TEST(GenerateKeysTest, OddSizesAreRefused) {
  auto streams = Streams({{1, 2}});
  EXPECT_THROW(GenerateKeys({KeyAlgorithm::kRsa, 1024}, streams), Error);
  EXPECT_THROW(GenerateKeys({KeyAlgorithm::kEcdsa, 521}, streams), Error);
}

// The test that catches a q swapped between two hosts: a private key beside another one's public
// key.
TEST(ConsistencyTest, AForeignPublicKeyIsFound) {
  SystemRandom random;
  for (const KeySpec spec :
       {KeySpec{KeyAlgorithm::kEcdsa, 256}, KeySpec{KeyAlgorithm::kRsa, 2048}}) {
    auto streams = Streams({{1, 2}, {3, 4}});
    const auto keys = GenerateKeys(spec, streams);
    EXPECT_NO_THROW(CheckPairwiseConsistency(keys[0], random));
    const PrivateKey mixed(spec, keys[0].pkcs8(), keys[1].spki());
    try {
      CheckPairwiseConsistency(mixed, random);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kIntegrity);
    }
  }
}

// What was opened, in which order, and how many batches had been screened by then.
struct Opening {
  std::string endpoint;
  std::uint32_t part;
  int batches;
};
std::vector<Opening> openings;
int batches = 0;

class NotingFactory final : public StreamFactory {
 public:
  RandomStream Open(const StreamLabel& label) override {
    openings.push_back({label.endpoint, static_cast<unsigned>(label.purpose), batches});
    return RandomStream(
        Sha256(AsBytes(label.endpoint + std::to_string(static_cast<int>(label.purpose)))));
  }
};

prime::Kernel CountingKernel(const prime::Kernel& original) {
  static const prime::Kernel* counted = nullptr;
  counted = &original;
  prime::Kernel kernel = original;
  kernel.screen = [](std::span<const std::uint64_t* const> candidates, std::size_t limbs,
                     std::uint8_t* passes) {
    ++batches;
    counted->screen(candidates, limbs, passes);
  };
  openings.clear();
  batches = 0;
  return kernel;
}

const std::vector<std::string> kHosts{"a", "b", "c", "d", "e", "f"};

// If this fails, a snapshot of the machine duplicates the keys of a whole chunk: its streams are
// open before the first of them is used.
TEST(LateStreamsTest, AStreamIsOpenedWhenALaneIsFree) {
  for (const prime::Kernel* const original : {&prime::PortableKernel(), &prime::BestKernel()}) {
    const prime::Kernel kernel = CountingKernel(*original);
    KeyOptions options;
    options.kernel = &kernel;
    NotingFactory factory;
    GenerateKeys({KeyAlgorithm::kRsa, 2048}, factory, kHosts, {}, options);
    ASSERT_EQ(openings.size(), 2 * kHosts.size());
    for (std::size_t i = 0; i < openings.size(); ++i) {
      EXPECT_EQ(openings[i].endpoint, kHosts[i / 2]);
      EXPECT_EQ(openings[i].part, i % 2);
      // Primes are found between one group of lanes and the next.
      if (i >= kernel.lanes) {
        EXPECT_GT(openings[i].batches, openings[i - kernel.lanes].batches) << kernel.name << i;
      }
    }
  }
}

TEST(LateStreamsTest, AnEcdsaKeysStreamsAreOpenedWhenItsTurnComes) {
  struct OnlyTwo final : StreamFactory {
    RandomStream Open(const StreamLabel& label) override {
      if (label.endpoint == "c") throw Error(ErrorKind::kIntegrity, "no more");
      ++opened;
      return RandomStream(Sha256(AsBytes(label.endpoint)));
    }
    int opened = 0;
  };
  OnlyTwo factory;
  EXPECT_THROW(GenerateKeys({KeyAlgorithm::kEcdsa, 256}, factory, kHosts), Error);
  EXPECT_EQ(factory.opened, 4);
  // The third key was not begun when the stop was asked for: nor were the others' streams opened.
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(GenerateKeys({KeyAlgorithm::kEcdsa, 256}, factory, kHosts, stop.get_token()), Error);
  EXPECT_EQ(factory.opened, 4);
}

// Late or early, a key is the same.
TEST(LateStreamsTest, KeysAreThoseOfTheStreams) {
  NotingFactory factory;
  for (const KeySpec spec :
       {KeySpec{KeyAlgorithm::kRsa, 2048}, KeySpec{KeyAlgorithm::kEcdsa, 256}}) {
    const auto late = GenerateKeys(spec, factory, kHosts);
    std::vector<KeyStreams> streams;
    for (const std::string& host : kHosts) streams.push_back(OpenKeyStreams(factory, host));
    const auto early = GenerateKeys(spec, streams);
    for (std::size_t i = 0; i < kHosts.size(); ++i) EXPECT_EQ(late[i].pkcs8(), early[i].pkcs8());
  }
}

TEST(OpenKeyStreamsTest, AStuckSourceAborts) {
  StuckSource stuck;
  SystemStreams factory(stuck);
  EXPECT_THROW(OpenKeyStreams(factory, "a"), Error);
}

}  // namespace
}  // namespace fleetmint
