#include "engine/keys/generate.h"

#include "engine/base/error.h"
#include "engine/keys/ec_keygen.h"
#include "engine/keys/rsa_keygen.h"

namespace fleetmint {

KeyStreams OpenKeyStreams(StreamFactory& factory, const std::string& endpoint,
                          std::uint32_t attempt) {
  return KeyStreams{factory.Open({endpoint, attempt, 0}), factory.Open({endpoint, attempt, 1})};
}

std::vector<PrivateKey> GenerateKeys(const KeySpec& spec, std::span<KeyStreams> streams,
                                     std::stop_token stop) {
  if (const auto fault = KeySpecFault(spec)) throw Error(ErrorKind::kInput, *fault);
  std::vector<PrivateKey> keys;
  keys.reserve(streams.size());
  for (KeyStreams& pair : streams) {
    if (stop.stop_requested()) {
      throw Error(ErrorKind::kInterrupted, "key generation was interrupted");
    }
    keys.push_back(spec.algorithm == KeyAlgorithm::kRsa ? GenerateRsaKey(spec.bits, pair, stop)
                                                        : GenerateEcdsaKey(spec.bits, pair));
  }
  return keys;
}

std::string_view KernelName() { return "botan"; }

}  // namespace fleetmint
