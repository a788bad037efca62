// Test keys: fresh ones, and one of each kind made once for each test program.
#pragma once

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

inline const PrivateKey& TestRsaKey() {
  static const PrivateKey key = NewKey({KeyAlgorithm::kRsa, 2048});
  return key;
}

inline const PrivateKey& TestEcKey() {
  static const PrivateKey key = NewKey({KeyAlgorithm::kEcdsa, 256});
  return key;
}

}  // namespace fleetmint
