// Commit: the protocol by which a chunk becomes durable. Internal to pipeline/.
#pragma once

#include <string>
#include <vector>

#include "engine/ledger/ledger.h"
#include "engine/pipeline/chunk.h"
#include "output/output_directory.h"

namespace fleetmint {

// CommitChunk makes every `issued` outcome of the chunk durable and visible, and abandons the
// reservations of the others. When it returns, each issued endpoint's bundle is on disk, complete,
// whatever happens next; it gives their names. Errors: kDisk, kLedger: nothing more of the run may
// be committed, nothing that failed is tried again; recovery brings the chunk to an end. One thread
// at a time.
std::vector<std::string> CommitChunk(Chunk& chunk, Ledger& ledger, const OutputDirectory& output,
                                     Time now);

}  // namespace fleetmint
