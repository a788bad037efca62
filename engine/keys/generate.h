// Key generation: n keys from n pairs of random streams.
#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/keys/private_key.h"
#include "engine/keys/rsa_check.h"
#include "engine/prime/search.h"

namespace fleetmint {

// KeyStreams are the two streams of one RSA key: the prime p is a function of `p` alone, q of `q`.
// An ECDSA key takes its scalar from `p`.
struct KeyStreams {
  RandomStream p;
  RandomStream q;
};

// OpenKeyStreams opens the streams of `endpoint`'s key.
KeyStreams OpenKeyStreams(StreamFactory& factory, const std::string& endpoint);

// KeyOptions say how RSA keys are searched and checked. Nothing is owned.
struct KeyOptions {
  const prime::Kernel* kernel = nullptr;  // null: prime::BestKernel
  prime::CandidateKind candidates = prime::CandidateKind::kWindowed;
  IndependentCheck* independent_check = nullptr;  // null: none
  prime::Canaries* canaries = nullptr;        // null: such as count the batches of one call alone
  prime::SearchCounters* counters = nullptr;  // not for concurrent use; null: none

  const prime::Kernel& Kernel() const { return kernel == nullptr ? prime::BestKernel() : *kernel; }
};

// CaKeyOptions are those of CA keys: every candidate drawn anew (FIPS 186-5 A.1.3), and each key
// checked by `check`.
KeyOptions CaKeyOptions(IndependentCheck& check);

// GenerateKeys makes one key for each element of `streams`, in that order, RSA with e = 65537 and
// primes by prime/search.h, ECDSA by FIPS 186-5 A.2.2. Each key has passed a pairwise consistency
// test on its final PKCS#8 against its final SPKI, and each RSA key CheckRsaKey. An RSA key that
// rsa_assemble.h discards is drawn again from what follows in the same streams. Errors: kInput for
// a spec that has a KeySpecFault; kIntegrity if a check disagrees or randomness fails; kInterrupted
// once `stop` is requested (polled between kernel calls). Safe from any thread; the streams are
// consumed. Nothing of the keys stays on the stack or in registers, also where it throws.
std::vector<PrivateKey> GenerateKeys(const KeySpec& spec, std::span<KeyStreams> streams,
                                     const std::stop_token& stop = {},
                                     const KeyOptions& options = {});

}  // namespace fleetmint
