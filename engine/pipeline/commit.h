// Commit: the protocol by which a chunk becomes durable. Internal to pipeline/.
#pragma once

#include "engine/ledger/ledger.h"
#include "engine/pipeline/chunk.h"
#include "output/output_directory.h"

namespace fleetmint {

// PendingName gives the name in .pending/ of a bundle's file: "<serial hex>.<extension>".
std::string PendingName(const Serial& serial, std::string_view extension);

// CommitChunk makes every `issued` outcome of the chunk durable and visible, and abandons the
// reservations of the others. When it returns, each issued endpoint's bundle is on disk, complete,
// whatever happens next. Returns how many were issued. Errors: kDisk, kLedger: nothing more of the
// run may be committed; recovery brings the chunk to an end. One thread at a time.
std::size_t CommitChunk(Chunk& chunk, Ledger& ledger, const OutputDirectory& output, Time now);

}  // namespace fleetmint
