#include "engine/keys/rsa_keygen.h"

#include <numeric>
#include <optional>

#include "engine/base/error.h"
#include "engine/keys/rsa_assemble.h"

namespace fleetmint {
namespace {

// The streams of the keys `wanted`: p and q of one key, then of the next.
class StreamsOfPairs final : public prime::PrimeStreams {
 public:
  StreamsOfPairs(KeyStreamSource& streams, std::span<const std::size_t> wanted)
      : streams_(streams), wanted_(wanted) {}
  std::size_t size() const override { return 2 * wanted_.size(); }
  RandomStream& Open(std::size_t prime) override {
    return streams_.Stream(wanted_[prime / 2], prime % 2 == 0 ? StreamPurpose::kFirstPrime
                                                              : StreamPurpose::kSecondPrime);
  }

 private:
  KeyStreamSource& streams_;
  std::span<const std::size_t> wanted_;
};

// The primes of the keys `wanted`, as far as their streams have been read.
std::vector<RsaPrimes> FindPairs(std::size_t limbs, KeyStreamSource& streams,
                                 std::span<const std::size_t> wanted, const std::stop_token& stop,
                                 const KeyOptions& options, prime::Canaries& canaries) {
  StreamsOfPairs of_pairs(streams, wanted);
  auto primes = prime::FindPrimes(
      limbs, of_pairs, {options.Kernel(), options.candidates, &canaries}, stop, options.counters);
  std::vector<RsaPrimes> pairs;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    pairs.push_back({std::move(primes[2 * k]), std::move(primes[2 * k + 1])});
  }
  return pairs;
}

}  // namespace

std::vector<PrivateKey> GenerateRsaKeys(std::uint32_t bits, KeyStreamSource& streams,
                                        const std::stop_token& stop, const KeyOptions& options) {
  // A pair is discarded about once in 2^27 keys: twice for the same key is no chance.
  constexpr int kMostRounds = 3;
  prime::Canaries of_this_call;
  prime::Canaries& canaries = options.canaries == nullptr ? of_this_call : *options.canaries;
  std::vector<std::optional<RsaNumbers>> numbers(streams.size());
  std::vector<std::size_t> wanted(streams.size());
  std::iota(wanted.begin(), wanted.end(), std::size_t{0});
  for (int round = 0; !wanted.empty(); ++round) {
    if (round == kMostRounds) {
      throw Error(ErrorKind::kIntegrity,
                  "primes of one key are related more often than chance allows");
    }
    const auto pairs = FindPairs(bits / 128, streams, wanted, stop, options, canaries);
    auto assembled = AssembleRsaKeys(pairs, options.Kernel(), canaries);
    std::vector<std::size_t> again;
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      if (!assembled[k]) again.push_back(wanted[k]);
      numbers[wanted[k]] = std::move(assembled[k]);
    }
    wanted = std::move(again);
  }
  std::vector<PrivateKey> keys;
  keys.reserve(streams.size());
  for (const auto& key : numbers) keys.push_back(EncodeRsaKey(*key));
  SystemRandom random;  // the test's messages; no key depends on them
  CheckRsaConsistency(keys, options.Kernel(), canaries, random);
  for (const PrivateKey& key : keys) {
    CheckRsaKey(key);
    if (options.independent_check != nullptr) options.independent_check->Check(key);
  }
  return keys;
}

}  // namespace fleetmint
