// The protocol (DESIGN 7). A crash between any two steps leaves what recover.cc can finish:
//
//   1. serials are reserved in the ledger (before this file)
//   2. every file of the chunk is written as .pending/<serial>.<ext>
//   3. one syncfs: the files' content and their entries in .pending are durable
//   4. one transaction: predecessors superseded, rows issued   <- the one commit point
//   5. every file is renamed into place; an older bundle is replaced at this moment and not before
//   6. the directories are synced
//   7. the chunk is acknowledged (by the caller)
//
// Before 4 recovery deletes the files and abandons the reservations; from 4 on it renames the
// files.
#include "engine/pipeline/commit.h"

#include <map>

namespace fleetmint {
namespace {

struct Placement {
  std::string endpoint;
  Serial serial;
  std::string extension;
};

// Steps 2 and 3.
void WritePending(const Chunk& chunk, const OutputDirectory& output,
                  std::vector<Placement>& placements) {
  for (const Outcome& outcome : chunk.outcomes) {
    if (!outcome.issued) continue;
    const Reservation& reservation = outcome.issued->reservation;
    for (const BundleFile& file : outcome.files) {
      output.pending().Write(PendingName(reservation.serial(), file.extension), file.content);
      placements.push_back({reservation.endpoint(), reservation.serial(), file.extension});
    }
  }
  if (output.pending().SyncFileSystem()) return;
  for (const Placement& placement : placements) {
    output.pending().SyncFile(PendingName(placement.serial, placement.extension));
  }
  output.pending().Sync();
}

// Steps 5 and 6.
void PlaceAll(const OutputDirectory& output, const std::vector<Placement>& placements) {
  std::map<std::string, Directory> touched;
  for (const Placement& placement : placements) {
    auto [directory, name] = output.BundlePlace(placement.endpoint, placement.extension);
    output.pending().Rename(PendingName(placement.serial, placement.extension), directory, name);
    touched.try_emplace(directory.path(), std::move(directory));
  }
  for (const auto& [path, directory] : touched) directory.Sync();
  output.pending().Sync();
}

}  // namespace

std::string PendingName(const Serial& serial, std::string_view extension) {
  return SerialHex(serial) + "." + std::string(extension);
}

std::size_t CommitChunk(Chunk& chunk, Ledger& ledger, const OutputDirectory& output, Time now) {
  std::vector<Placement> placements;
  WritePending(chunk, output, placements);

  std::vector<CommitItem> items;
  std::vector<Reservation> unused;
  for (Outcome& outcome : chunk.outcomes) {
    if (outcome.issued) items.push_back(std::move(*outcome.issued));
    if (outcome.reservation) unused.push_back(std::move(*outcome.reservation));
  }
  const std::size_t issued = items.size();
  if (!items.empty()) ledger.Commit(std::move(items), now);  // step 4

  PlaceAll(output, placements);
  if (!unused.empty()) ledger.Abandon(std::move(unused));
  return issued;
}

}  // namespace fleetmint
