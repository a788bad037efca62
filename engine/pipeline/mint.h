// Mint: the parallel stage: expand, keys, prepare, lint, sign, pack. Internal to pipeline/.
#pragma once

#include "engine/pipeline/chunk.h"
#include "engine/pipeline/issue.h"

namespace fleetmint {

// MintChunk takes every outcome of `chunk` to `issued`, or to a failure. Once the run is asked to
// stop it leaves the rest as it is: reserved or abandoned. Faults that are not one endpoint's are
// thrown. Safe from several threads on different chunks.
void MintChunk(Chunk& chunk, const Plan& plan, const IssuingWorkspace& workspace,
               const RunOptions& options);

}  // namespace fleetmint
