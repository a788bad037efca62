// ECDSA keys from a random stream. Internal to keys/: callers use generate.h.
#pragma once

#include "engine/base/random.h"
#include "engine/keys/private_key.h"

namespace fleetmint {

// GenerateEcdsaKey makes one key on P-256 or P-384 (`bits`), the scalar drawn from `scalar` by
// FIPS 186-5 A.2.2 (rejection). Passed a pairwise consistency test, which `test` blinds. Any
// thread.
PrivateKey GenerateEcdsaKey(std::uint32_t bits, RandomStream& scalar, RandomStream& test);

}  // namespace fleetmint
