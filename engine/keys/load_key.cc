#include "engine/keys/load_key.h"

#include <botan/asn1_obj.h>
#include <botan/data_src.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/pkcs8.h>
#include <botan/rsa.h>
#include <botan/x509_key.h>

#include "engine/keys/oids.h"

namespace fleetmint {

std::unique_ptr<Botan::Private_Key> LoadPkcs8(const SecretBytes& pkcs8) {
  Botan::DataSource_Memory source(pkcs8);
  return Botan::PKCS8::load_key(source);
}

std::unique_ptr<Botan::Public_Key> LoadSpki(ByteView spki) {
  Botan::DataSource_Memory source(spki.data(), spki.size());
  return std::unique_ptr<Botan::Public_Key>(Botan::X509::load_key(source));
}

std::optional<KeySpec> SpecOf(const Botan::Public_Key& key) {
  if (const auto* rsa = dynamic_cast<const Botan::RSA_PublicKey*>(&key)) {
    return KeySpec{KeyAlgorithm::kRsa, static_cast<std::uint32_t>(rsa->get_n().bits())};
  }
  if (const auto* ecdsa = dynamic_cast<const Botan::ECDSA_PublicKey*>(&key)) {
    // By name: other curves have fields of these sizes too (secp256k1, the Brainpool curves).
    const Botan::OID curve = ecdsa->domain().get_curve_oid();
    if (curve == Botan::OID(oid::kP256)) return KeySpec{KeyAlgorithm::kEcdsa, 256};
    if (curve == Botan::OID(oid::kP384)) return KeySpec{KeyAlgorithm::kEcdsa, 384};
  }
  return std::nullopt;
}

}  // namespace fleetmint
