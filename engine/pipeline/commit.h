// Commit: the protocol by which a chunk becomes durable. Internal to pipeline/.
#pragma once

#include <string>
#include <vector>

#include "engine/ledger/ledger.h"
#include "engine/pipeline/chunk.h"
#include "output/output_directory.h"
#include "output/run_records.h"

namespace fleetmint {

// ChunkCommitter commits the chunks of one run, one after another. For one thread.
class ChunkCommitter {
 public:
  // `output` must outlive the object; `ledger` is a connection of its own.
  ChunkCommitter(const Run& run, Ledger ledger, const OutputDirectory& output);

  // Commit makes every `issued` outcome of the chunk durable and visible, and gives up the
  // reservations of the others. When it returns, each issued endpoint's bundle is on disk,
  // complete, whatever happens next; it gives their names. Errors: kDisk, kLedger: nothing more of
  // the run may be committed, nothing that failed is tried again; recovery brings the chunk to an
  // end.
  std::vector<std::string> Commit(Chunk& chunk, Time now);

 private:
  std::vector<std::string> WritePending(const Chunk& chunk, Time now);
  void SyncPending(const std::vector<std::string>& names) const;

  Run run_;
  Ledger ledger_;
  const OutputDirectory& output_;
  RunRecords records_;
  ChunkRecords chunk_records_;
  std::uint64_t committed_ = 0;  // chunks
};

}  // namespace fleetmint
