// Weak moduli: RSA moduli that anybody can factor, found in the wild more than once.
//
//   small factor   a prime factor up to 751
//   ROCA           CVE-2017-15361 (Nemec and others, 2017): p and q of the form k M + (65537^a mod
//                  M), M a product of small primes; told by n mod l lying in the subgroup that
//                  65537 generates modulo l, for each of the 17 primes l up to 167 where that
//                  subgroup is not the whole group. A random modulus has the fingerprint with
//                  chance 2^-27.8.
//   Fermat         CVE-2022-26320: p and q so close that n = a^2 - b^2 is found within 110 steps of
//                  a upwards from sqrt(n)
//
// Pure functions of public numbers: not constant time. Any thread.
#pragma once

#include <optional>
#include <string>

#include "engine/base/bytes.h"

namespace fleetmint {

inline constexpr std::uint32_t kLargestSmallFactor = 751;
inline constexpr int kFermatRounds = 110;

// These take a modulus as big-endian bytes.
bool HasSmallFactor(ByteView modulus);
bool HasRocaFingerprint(ByteView modulus);
bool FermatFactors(ByteView modulus);

// WeakKeyReason says why the RSA key of a SubjectPublicKeyInfo is weak, as "its modulus ...";
// nothing if it is not, or is no RSA key. Throws Error(kInput) if it is an RSA key that cannot be
// read.
std::optional<std::string> WeakKeyReason(ByteView spki);

}  // namespace fleetmint
