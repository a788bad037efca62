// RSA keys from their random streams. Internal to keys/: callers use generate.h.
#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "engine/keys/generate.h"

namespace fleetmint {

// GenerateRsaKeys makes keys of `bits` (2048, 3072, 4096), the primes of all of them searched
// together: p from streams.p alone, q from streams.q alone. See GenerateKeys.
std::vector<PrivateKey> GenerateRsaKeys(std::uint32_t bits, std::span<KeyStreams> streams,
                                        const std::stop_token& stop, const KeyOptions& options);

}  // namespace fleetmint
