// The pairwise consistency test (SP 800-56B 6.4.1.1): does this PKCS#8 sign what this SPKI
// verifies?
#pragma once

#include "engine/base/random.h"
#include "engine/keys/private_key.h"

namespace fleetmint {

// CheckPairwiseConsistency reads the final PKCS#8 and the final SPKI again, signs a message with
// the one and verifies it with the other. `random` blinds. Throws Error(kIntegrity) if they do not
// belong together. Any thread.
void CheckPairwiseConsistency(const PrivateKey& key, RandomSource& random);

}  // namespace fleetmint
