#include "engine/keys/consistency.h"

#include <botan/exceptn.h>
#include <botan/pk_keys.h>
#include <botan/pubkey.h>

#include "engine/base/botan_error.h"
#include "engine/keys/faulty_key.h"
#include "engine/keys/load_key.h"

namespace fleetmint {

namespace {

// Whether a signature by the private half verifies under the public one.
bool HalvesMatch(const PrivateKey& key, RandomSource& random) {
  const bool rsa = key.spec().algorithm == KeyAlgorithm::kRsa;
  const std::string scheme = rsa ? "EMSA3(SHA-256)" : "EMSA1(SHA-256)";
  static constexpr std::string_view kMessage = "fleetmint pairwise consistency test";
  BotanRng rng(random);
  const auto private_key = LoadPkcs8(key.pkcs8());
  const auto public_key = LoadSpki(key.spki());
  Botan::PK_Signer signer(*private_key, rng, scheme);
  const Bytes signature = signer.sign_message(AsBytes(kMessage).data(), kMessage.size(), rng);
  Botan::PK_Verifier verifier(*public_key, scheme);
  return verifier.verify_message(AsBytes(kMessage).data(), kMessage.size(), signature.data(),
                                 signature.size());
}

}  // namespace

void CheckPairwiseConsistency(const PrivateKey& key, RandomSource& random) {
  // Botan may fail to read a key for lack of memory, and say that it does not know the algorithm:
  // the second exception is a verdict.
  for (bool again = false;; again = true) {
    try {
      if (HalvesMatch(key, random)) return;
      break;
    } catch (const Botan::Exception& error) {
      ThrowIfOutOfMemory(error);
      if (!again) continue;
      ThrowFaultyKey(std::string("cannot be used: ") + error.what());
    }
  }
  ThrowFaultyKey(kFailsConsistency);
}

}  // namespace fleetmint
