// RSA checks: every relation of a finished key derived again, by other code than made it.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/keys/private_key.h"

namespace fleetmint {

// CheckRsaKey reads a key from its final PKCS#8 and SPKI and derives every relation again, with
// Botan's integers: n = p q, as long as it says, e = 65537; p and q at least sqrt(2) 2^(k-1), |p -
// q| > 2^(k - 100); d e = 1 modulo p - 1 and q - 1, 2^k < d < (p - 1)(q - 1) / 2; dP = d mod p - 1,
// dQ = d mod q - 1; q qInv = 1 mod p; n has none of the weaknesses of weak_modulus.h; the SPKI's n
// and e are the same. Throws Error(kIntegrity) that names the relation, also where the key cannot
// be read. Does not test that p and q are prime. Any thread.
void CheckRsaKey(const PrivateKey& key);

// IndependentCheck has Botan's own code test the primality of some keys: the first one it sees, and
// every `interval`-th after. Safe from several threads at once.
class IndependentCheck {
 public:
  explicit IndependentCheck(std::uint64_t interval = 256) : interval_(interval) {}
  // Check throws Error(kIntegrity) if Botan disagrees.
  void Check(const PrivateKey& key);

 private:
  const std::uint64_t interval_;
  std::atomic<std::uint64_t> seen_{0};
};

}  // namespace fleetmint
