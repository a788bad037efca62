// RSA private keys put together from numbers, whole or not.
#pragma once

#include <botan/numthry.h>

#include "engine/base/botan_compat.h"
#include "engine/base/der.h"
#include "engine/keys/rsa_integers.h"

namespace fleetmint {

// IntegersOf gives the key of p and q; d modulo lambda(n), or with `phi` above that, as it may be
// modulo phi(n).
inline RsaIntegers IntegersOf(const Botan::BigInt& p, const Botan::BigInt& q,
                              const Botan::BigInt& e = 65537, bool phi = false) {
  const Botan::BigInt p1 = p - 1, q1 = q - 1, lambda = Botan::lcm(p1, q1);
  Botan::BigInt d = Botan::inverse_mod(e, lambda);
  if (phi) d += lambda;
  return {p * q, e, d, p, q, d % p1, d % q1, Botan::inverse_mod(q, p)};
}

// EncodeIntegers gives the PrivateKeyInfo of these numbers, whatever they are.
inline SecretBytes EncodeIntegers(const RsaIntegers& k) {
  SecretDerWriter key;
  key.Sequence([&](SecretDerWriter& fields) {
    fields.Integer(0);
    for (const Botan::BigInt* number :
         {&k.n, &k.e, &k.d, &k.p, &k.q, &k.d_p, &k.d_q, &k.q_inverse}) {
      fields.UnsignedInteger(botan_compat::BytesOf(*number));
    }
  });
  SecretDerWriter writer;
  writer.Sequence([&](SecretDerWriter& info) {
    info.Integer(0);
    info.Sequence([](SecretDerWriter& id) { id.Oid("1.2.840.113549.1.1.1").Null(); });
    info.OctetString(key.Take());
  });
  return writer.Take();
}

}  // namespace fleetmint
