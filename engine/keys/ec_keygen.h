// ECDSA keys from a random stream. Internal to keys/: callers use generate.h.
#pragma once

#include "engine/keys/generate.h"

namespace fleetmint {

// GenerateEcdsaKey makes one key on P-256 or P-384 (`bits`), the scalar drawn from streams.p by
// FIPS 186-5 A.2.2 (rejection). Passed a pairwise consistency test. Any thread.
PrivateKey GenerateEcdsaKey(std::uint32_t bits, KeyStreams& streams);

}  // namespace fleetmint
