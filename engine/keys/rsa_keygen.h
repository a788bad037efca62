// RSA keys from their random streams. Internal to keys/: callers use generate.h.
#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "engine/keys/generate.h"
#include "engine/keys/key_streams.h"

namespace fleetmint {

// GenerateRsaKeys makes keys of `bits` (2048, 3072, 4096), the primes of all of them searched
// together: p from its key's part 0 alone, q from part 1 alone. See GenerateKeys.
std::vector<PrivateKey> GenerateRsaKeys(std::uint32_t bits, KeyStreamSource& streams,
                                        const std::stop_token& stop, const KeyOptions& options);

}  // namespace fleetmint
