// RSA checks: every relation of a finished key derived again, by other code than made it.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/keys/private_key.h"

namespace fleetmint {

// CheckRsaKey reads a key from its final PKCS#8 and SPKI and derives every relation again, with
// Botan's integers: those of RFC 8017 3.2 (rsa_integers.h), and what FIPS 186-5 A.1.1 asks beyond
// them, each in one line of a table that names it:
//
//   e            65537, of the odd numbers from 2^16 to 2^256
//   p, q         at least sqrt(2) 2^(k-1) and below 2^k, k half the length of n
//   |p - q|      above 2^(k-100)
//   d            above 2^k, and the inverse of e modulo lcm(p - 1, q - 1), so below half of
//                (p - 1)(q - 1)
//
// and that n has none of the weaknesses of weak_modulus.h, and that the SPKI's n and e are the
// same. Throws Error(kIntegrity) that names the relation, also where the key cannot be read. Does
// not test that p and q are prime. Any thread.
//
// Of FIPS 186-5 we do not claim: an approved random bit generator (ours is the kernel's), a
// validated module, the ranges of A.1.3 in full (prime/candidates.h), and A.1.2.1's sizes but 2048,
// 3072 and 4096.
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
