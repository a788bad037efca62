#include "engine/keys/ec_keygen.h"

#include <botan/ec_group.h>
#include <botan/ecdsa.h>

#include "engine/base/botan_compat.h"
#include "engine/keys/consistency.h"

namespace fleetmint {

PrivateKey GenerateEcdsaKey(std::uint32_t bits, RandomStream& scalar, RandomStream& test) {
  BotanRng rng(scalar);
  const Botan::ECDSA_PrivateKey key(
      rng, botan_compat::NamedCurve(bits == 256 ? "secp256r1" : "secp384r1"));
  PrivateKey result({KeyAlgorithm::kEcdsa, bits}, key.private_key_info(), key.subject_public_key());
  CheckPairwiseConsistency(result, test);
  return result;
}

}  // namespace fleetmint
