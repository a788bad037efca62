// Key generation: n keys from n pairs of random streams.
#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "engine/keys/private_key.h"

namespace fleetmint {

// KeyStreams are the two streams of one RSA key: the prime p is a function of `p` alone, q of `q`.
// An ECDSA key takes its scalar from `p`.
struct KeyStreams {
  RandomStream p;
  RandomStream q;
};

// OpenKeyStreams opens the streams of `endpoint`'s key; `attempt` counts keys drawn again.
KeyStreams OpenKeyStreams(StreamFactory& factory, const std::string& endpoint,
                          std::uint32_t attempt = 0);

// GenerateKeys makes one key for each element of `streams`, in that order, RSA by FIPS 186-5 A.1.3
// with e = 65537, ECDSA by FIPS 186-5 A.2.1. Each key has passed a pairwise consistency test on its
// final PKCS#8 against its final SPKI.
// Errors: kIntegrity if a check disagrees or randomness fails; kInterrupted once `stop` is
// requested (polled between primes). Safe from any thread; the streams are consumed.
std::vector<PrivateKey> GenerateKeys(const KeySpec& spec, std::span<KeyStreams> streams,
                                     std::stop_token stop = {});

// KernelName names the code that searches primes, as every report and benchmark shows it.
std::string_view KernelName();

}  // namespace fleetmint
