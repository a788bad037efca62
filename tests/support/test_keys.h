// Test keys: fresh ones, and one of each kind made once for each test program.
#pragma once

#include <map>
#include <vector>

#include "engine/base/random.h"
#include "engine/keys/generate.h"

namespace fleetmint {

// NewKey gives a fresh key.
inline PrivateKey NewKey(KeySpec spec) {
  SystemRandom random;
  SystemStreams factory(random);
  std::vector<KeyStreams> streams;
  streams.push_back(OpenKeyStreams(factory, "test"));
  return std::move(GenerateKeys(spec, streams).front());
}

// SharedKey gives one key of a kind for the whole program. It is never destroyed: Botan's pool of
// locked memory, in which keys lie, may be gone before the statics of a test are.
inline const PrivateKey& SharedKey(KeySpec spec) {
  static auto& keys = *new std::map<KeySpec, PrivateKey>;
  const auto found = keys.find(spec);
  return found != keys.end() ? found->second : keys.emplace(spec, NewKey(spec)).first->second;
}

inline const PrivateKey& TestRsaKey() { return SharedKey({KeyAlgorithm::kRsa, 2048}); }
inline const PrivateKey& TestEcKey() { return SharedKey({KeyAlgorithm::kEcdsa, 256}); }

}  // namespace fleetmint
