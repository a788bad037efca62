// Weak keys: primes and moduli of the forms that engine/keys/weak_modulus.h refuses.
#pragma once

#include <botan/bigint.h>
#include <botan/numthry.h>

#include "engine/base/botan_compat.h"
#include "engine/base/der.h"
#include "engine/base/random.h"

namespace fleetmint {

inline bool IsPrime(const Botan::BigInt& n) {
  SystemRandom random;
  BotanRng rng(random);
  return Botan::is_prime(n, rng, 64, /*is_random=*/true);
}

inline Botan::BigInt RandomPrime(std::size_t bits) {
  SystemRandom random;
  BotanRng rng(random);
  return Botan::random_prime(rng, bits);
}

// RocaPrime gives a prime k M + (65537^a mod M), M the product of all primes up to 167.
inline Botan::BigInt RocaPrime(std::size_t bits) {
  SystemRandom random;
  BotanRng rng(random);
  Botan::BigInt m = 1;
  for (std::uint32_t l = 2; l <= 167; ++l) {
    bool prime = true;
    for (std::uint32_t f = 2; f * f <= l; ++f) prime = prime && l % f != 0;
    if (prime) m *= l;
  }
  for (;;) {
    const Botan::BigInt a = Botan::BigInt::random_integer(rng, 1, m);
    const Botan::BigInt k(rng, bits - m.bits());
    Botan::BigInt p = k * m + Botan::power_mod(65537, a, m);
    if (IsPrime(p)) return p;
  }
}

// RsaSpki gives a SubjectPublicKeyInfo with this modulus and e = 65537.
inline Bytes RsaSpki(const Botan::BigInt& n) {
  const Bytes modulus = botan_compat::BytesOf(n);
  DerWriter key;
  key.Sequence([&](DerWriter& fields) { fields.UnsignedInteger(modulus).Integer(65537); });
  DerWriter spki;
  spki.Sequence([&](DerWriter& info) {
    info.Sequence([](DerWriter& algorithm) { algorithm.Oid("1.2.840.113549.1.1.1").Null(); });
    info.BitString(key.bytes());
  });
  return spki.Take();
}

}  // namespace fleetmint
