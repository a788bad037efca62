#include "engine/keys/ec_keygen.h"

#include <botan/ec_group.h>
#include <botan/ecdsa.h>

#include "engine/base/botan_compat.h"
#include "engine/base/der.h"
#include "engine/keys/consistency.h"
#include "engine/keys/oids.h"

namespace fleetmint {
namespace {

// PrivateKeyInfo of an ECPrivateKey (RFC 5958 2, RFC 5915 3), which names its curve and holds its
// public point.
SecretBytes EncodePkcs8(const char* curve, const SecretBytes& scalar, ByteView point) {
  SecretDerWriter writer;
  writer.Sequence([&](SecretDerWriter& info) {
    info.Integer(0);
    info.Sequence([&](SecretDerWriter& id) { id.Oid(oid::kEcPublicKey).Oid(curve); });
    info.OctetStringOf([&](SecretDerWriter& wrapped) {
      wrapped.Sequence([&](SecretDerWriter& key) {
        key.Integer(1).OctetString(scalar);
        key.Context(0, [&](SecretDerWriter& parameters) { parameters.Oid(curve); });
        key.Context(1, [&](SecretDerWriter& inner) { inner.BitString(point); });
      });
    });
  });
  return writer.Take();
}

Bytes EncodeSpki(const char* curve, ByteView point) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& spki) {
    spki.Sequence([&](DerWriter& id) { id.Oid(oid::kEcPublicKey).Oid(curve); });
    spki.BitString(point);
  });
  return writer.Take();
}

}  // namespace

SecretBytes DrawScalar(RandomSource& source, const Botan::BigInt& order) {
  SecretBytes bytes(order.bytes());
  for (;;) {
    source.Fill(bytes);
    const Botan::BigInt scalar(bytes.data(), bytes.size());
    if (!scalar.is_zero() && scalar < order) return bytes;
  }
}

PrivateKey GenerateEcdsaKey(std::uint32_t bits, RandomStream& scalar, RandomStream& test) {
  const bool p256 = bits == 256;
  const char* const curve = p256 ? oid::kP256 : oid::kP384;
  const Botan::EC_Group group = botan_compat::NamedCurve(p256 ? "secp256r1" : "secp384r1");
  const SecretBytes drawn = DrawScalar(scalar, group.get_order());
  BotanRng rng(test);  // for blinding alone
  const Botan::ECDSA_PrivateKey key(rng, group, Botan::BigInt(drawn.data(), drawn.size()));
  const auto point = key.public_key_bits();
  PrivateKey result({KeyAlgorithm::kEcdsa, bits}, EncodePkcs8(curve, drawn, point),
                    EncodeSpki(curve, point));
  CheckPairwiseConsistency(result, test);
  return result;
}

}  // namespace fleetmint
