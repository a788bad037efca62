// Key generation: n keys from n pairs of random streams.
#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/keys/key_streams.h"
#include "engine/keys/private_key.h"
#include "engine/keys/rsa_check.h"
#include "engine/prime/search.h"

namespace fleetmint {

// OpenKeyStreams opens both streams of `endpoint`'s key, for those who hold them themselves.
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

// GenerateKeys makes one key for each of `endpoints`, in that order, RSA with e = 65537 and
// primes by prime/search.h, ECDSA by FIPS 186-5 A.2.2. Each key has passed a pairwise consistency
// test on its final PKCS#8 against its final SPKI, and each RSA key CheckRsaKey. An RSA key that
// rsa_assemble.h discards is drawn again from what follows in the same streams. Errors: kInput for
// a spec that has a KeySpecFault; kIntegrity if a check disagrees or randomness fails; kInterrupted
// once `stop` is requested (polled between kernel calls); what `factory` throws. Safe from any
// thread. Nothing of the keys stays on the stack or in registers, also where it throws.
//
// A key's streams are opened when its turn comes: ECDSA keys one after the other; of RSA keys those
// of a prime when a lane is free for it, as many primes at a time as the kernel has lanes
// (prime/search.h). So if the machine is copied while the call runs (a snapshot, a fork), both
// copies go on to make the same keys as far as these are finished or begun, and sign and write
// them; what is begun and not found is at most two primes a lane. Keys that are not begun are drawn
// by each copy for itself, if `factory` asks the system for every stream, as SystemStreams does.
// No more is promised: of two copies that go on, one must be thrown away.
std::vector<PrivateKey> GenerateKeys(const KeySpec& spec, StreamFactory& factory,
                                     std::span<const std::string> endpoints,
                                     const std::stop_token& stop = {},
                                     const KeyOptions& options = {});

// The same with streams that are open already, one pair for each key; they are consumed.
std::vector<PrivateKey> GenerateKeys(const KeySpec& spec, std::span<KeyStreams> streams,
                                     const std::stop_token& stop = {},
                                     const KeyOptions& options = {});

}  // namespace fleetmint
