// Mint: the parallel stage: keys, prepare, lint, sign, pack. Internal to pipeline/.
#pragma once

#include "engine/pipeline/bundle_passwords.h"
#include "engine/pipeline/chunk.h"
#include "engine/pipeline/issue.h"

namespace fleetmint {

// MintChunk takes every outcome of `chunk` that has a reservation to `issued`, or to a failure.
// Once the run is asked to stop it gives the chunk up as `dropped`. Faults that are not one
// endpoint's are thrown. Safe from several threads on different chunks.
void MintChunk(Chunk& chunk, const BundlePasswords& passwords, const RunContext& context);

}  // namespace fleetmint
