#include "engine/keys/generate.h"

#include "engine/base/dump.h"
#include "engine/base/error.h"
#include "engine/base/wipe.h"
#include "engine/keys/ec_keygen.h"
#include "engine/keys/rsa_keygen.h"

namespace fleetmint {

KeyStreams OpenKeyStreams(StreamFactory& factory, const std::string& endpoint) {
  return {factory.Open({endpoint, StreamPurpose::kFirstPrime}),
          factory.Open({endpoint, StreamPurpose::kSecondPrime})};
}

KeyOptions CaKeyOptions(IndependentCheck& check) {
  KeyOptions options;
  options.candidates = prime::CandidateKind::kFresh;
  options.independent_check = &check;
  return options;
}

namespace {

std::vector<PrivateKey> Generate(const KeySpec& spec, KeyStreamSource& streams,
                                 const std::stop_token& stop, const KeyOptions& options) {
  if (spec.algorithm == KeyAlgorithm::kRsa) {
    return GenerateRsaKeys(spec.bits, streams, stop, options);
  }
  std::vector<PrivateKey> keys;
  keys.reserve(streams.size());
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (stop.stop_requested()) {
      throw Error(ErrorKind::kInterrupted, "key generation was interrupted");
    }
    RandomStream& scalar = streams.Stream(i, StreamPurpose::kFirstPrime);
    RandomStream& test = streams.Stream(i, StreamPurpose::kSecondPrime);
    keys.push_back(GenerateEcdsaKey(spec.bits, scalar, test));
  }
  return keys;
}

std::vector<PrivateKey> GenerateWiped(const KeySpec& spec, KeyStreamSource& streams,
                                      const std::stop_token& stop, const KeyOptions& options) {
  if (const auto fault = KeySpecFault(spec)) throw Error(ErrorKind::kInput, *fault);
  KeepStackOutOfDumps();
  return WithWipedStack(kSecretStack, [&] { return Generate(spec, streams, stop, options); });
}

}  // namespace

std::vector<PrivateKey> GenerateKeys(const KeySpec& spec, StreamFactory& factory,
                                     std::span<const std::string> endpoints,
                                     const std::stop_token& stop, const KeyOptions& options) {
  LateStreams late(factory, endpoints);
  return GenerateWiped(spec, late, stop, options);
}

std::vector<PrivateKey> GenerateKeys(const KeySpec& spec, std::span<KeyStreams> streams,
                                     const std::stop_token& stop, const KeyOptions& options) {
  OpenStreams open(streams);
  return GenerateWiped(spec, open, stop, options);
}

}  // namespace fleetmint
