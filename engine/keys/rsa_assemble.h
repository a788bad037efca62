// RSA keys from their primes: every number of RFC 8017 3.2, without a general inversion. Internal
// to keys/: callers use generate.h.
//
// With g = gcd(p - 1, q - 1) and L = (p - 1)(q - 1) / g = lcm(p - 1, q - 1), d = e^-1 mod L is (1 +
// L k) / e for k = -L^-1 mod e, since that is whole, is 1/e modulo L, and k < e keeps it below L.
// dP and dQ are made so from p - 1 and q - 1, and q^-1 mod p = q^(p-2) by Fermat, in the lanes of a
// kernel.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/base/random.h"
#include "engine/keys/limb_math.h"
#include "engine/keys/private_key.h"
#include "engine/prime/canaries.h"
#include "engine/prime/kernel.h"
#include "engine/prime/public_exponent.h"

namespace fleetmint {

// RsaPrimes are the two primes of a key, each of bits / 2 bits.
struct RsaPrimes {
  SecretLimbs p, q;
};

// RsaNumbers are the numbers of a key, p > q; big-endian bytes come from FromLimbs.
struct RsaNumbers {
  SecretLimbs n, d, p, q, d_p, d_q, q_inverse;
};

// AssembleRsaKeys gives the numbers of each key, in order; nothing where the pair must be drawn
// again: its primes are closer than FIPS 186-5 A.1.3 step 5.4 allows, g >= 2^32, or d <= 2^(bits /
// 2). Preconditions: primes with their two top bits set and p - 1 prime to e = kRsaPublicExponent.
// Throws Error(kIntegrity) if the kernel gets a canary wrong. Any thread.
std::vector<std::optional<RsaNumbers>> AssembleRsaKeys(std::span<const RsaPrimes> primes,
                                                       const prime::Kernel& kernel,
                                                       prime::Canaries& canaries);

// IsLongExponent tells whether d > 2^(nlen/2), for a d of nlen / 64 limbs: FIPS 186-5 A.1.1 asks it
// of a key. With g < 2^32 no d of AssembleRsaKeys is shorter.
bool IsLongExponent(LimbView d);

// EncodeRsaKey gives the key's PKCS#8 (RFC 5208) and SPKI. (Another exponent than the one of every
// key is for forbidden.h.)
PrivateKey EncodeRsaKey(const RsaNumbers& numbers, std::uint64_t exponent = kRsaPublicExponent);

// CheckRsaConsistency makes the pairwise consistency test of all keys at once: each is read again
// from its final PKCS#8, signs a random number (two powers in the lanes of the kernel) and its
// final SPKI must take the signature back to that number. Throws Error(kIntegrity).
void CheckRsaConsistency(std::span<const PrivateKey> keys, const prime::Kernel& kernel,
                         prime::Canaries& canaries, RandomSource& random);

}  // namespace fleetmint
