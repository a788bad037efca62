// RSA keys from their two random streams. Internal to keys/: callers use generate.h.
#pragma once

#include <stop_token>

#include "engine/keys/generate.h"

namespace fleetmint {

// GenerateRsaKey makes one RSA key of `bits` (2048, 3072, 4096), e = 65537, by FIPS 186-5 A.1.3: p
// from streams.p alone, q from streams.q alone; a pair closer than A.1.3 step 5.4 allows draws q
// again from the same stream. Passed a pairwise consistency test. Errors as GenerateKeys. Any
// thread.
PrivateKey GenerateRsaKey(std::uint32_t bits, KeyStreams& streams, const std::stop_token& stop);

}  // namespace fleetmint
