// The protocol (DESIGN 7). A crash between any two steps leaves what recover.cc can finish:
//
//   1. serials are reserved in the ledger (before this file)
//   2. every file of the chunk is written as .pending/<serial>.<ext>
//   3. one syncfs: the files' content and their entries in .pending are durable
//   4. one transaction: predecessors superseded, rows issued   <- the one commit point
//   5. every file is renamed into place; an older bundle is replaced at this moment and not before
//   6. one more syncfs: the renames are durable
//   7. the chunk is acknowledged (by the caller)
//
// Before 4 recovery deletes the files and abandons the reservations; from 4 on it renames the
// files. An error ends the chunk and the run where it stands: a sync that failed is not tried
// again, since the kernel may have dropped what it could not write and report success the second
// time; and whether a commit that failed has happened is read again, by recovery, as after a crash.
#include "engine/pipeline/commit.h"

#include <map>

#include "engine/pipeline/pending.h"

namespace fleetmint {
namespace {

// Step 2; gives the names of the files.
std::vector<std::string> WritePending(const Chunk& chunk, const OutputDirectory& output) {
  std::vector<std::string> names;
  for (const Outcome& outcome : chunk.outcomes) {
    if (!outcome.issued) continue;
    for (const BundleFile& file : outcome.files) {
      names.push_back(PendingName(outcome.issued->reservation.serial(), file.extension));
      output.pending().Write(names.back(), file.content);
    }
  }
  return names;
}

// Step 3.
void SyncPending(const std::vector<std::string>& names, const OutputDirectory& output) {
  if (names.empty() || output.pending().SyncFileSystem()) return;
  for (const std::string& name : names) output.pending().SyncFile(name);
  output.pending().Sync();
}

using Folders = std::map<std::string, Directory>;  // by path

// Step 5; gives the directories that hold the bundles.
Folders PlaceBundles(const std::vector<PendingBundle>& bundles, const Ledger& ledger,
                     const OutputDirectory& output) {
  Folders touched;
  for (const PendingBundle& bundle : bundles) {
    RemoveReplaced(bundle, ledger, output);
    for (const std::string& extension : bundle.extensions) {
      Directory directory = PutInPlace(bundle, extension, output);
      touched.try_emplace(directory.path(), std::move(directory));
    }
  }
  return touched;
}

// Step 6. syncfs here, too: fsync of a directory reports success on an XFS that has shut itself
// down after an error. Where it is the directories that are synced, .pending/ need not be: a name
// that comes back there is renamed once more.
void SyncFolders(const Folders& touched, const OutputDirectory& output) {
  if (touched.empty() || output.bundles().SyncFileSystem()) return;
  for (const auto& [path, directory] : touched) directory.Sync();
  if (output.layout() == Layout::kHashed) output.bundles().Sync();  // the folders' own entries
}

// What the ledger is to be told of a chunk, and what is to be put in place then.
struct Parts {
  std::vector<CommitItem> items;
  std::vector<PendingBundle> bundles;  // of the items
  std::vector<std::string> names;      // their endpoints
  std::vector<Reservation> unused;     // of which nothing was issued
};

Parts Take(Chunk& chunk) {
  Parts parts;
  for (Outcome& outcome : chunk.outcomes) {
    if (outcome.reservation) parts.unused.push_back(std::move(*outcome.reservation));
    if (!outcome.issued) continue;
    const Reservation& reservation = outcome.issued->reservation;
    PendingBundle bundle{reservation.serial(), reservation.endpoint(), std::nullopt, {}};
    for (const BundleFile& file : outcome.files) bundle.extensions.push_back(file.extension);
    parts.bundles.push_back(std::move(bundle));
    parts.names.push_back(reservation.endpoint());
    parts.items.push_back(std::move(*outcome.issued));
  }
  return parts;
}

}  // namespace

std::vector<std::string> CommitChunk(Chunk& chunk, Ledger& ledger, const OutputDirectory& output,
                                     Time now) {
  // 2. Every file of the chunk is written as .pending/<serial>.<ext>.
  const std::vector<std::string> files = WritePending(chunk, output);

  // 3. One syncfs: the files' content and their entries in .pending are durable.
  SyncPending(files, output);

  // 4. One transaction: predecessors superseded, rows issued: the one commit point.
  Parts parts = Take(chunk);
  const auto superseded = ledger.Commit(std::move(parts.items), now);
  for (std::size_t i = 0; i < superseded.size(); ++i) parts.bundles[i].supersedes = superseded[i];

  // 5. Every file is renamed into place; an older bundle is replaced at this moment.
  const Folders touched = PlaceBundles(parts.bundles, ledger, output);

  // 6. One more syncfs: the renames are durable.
  SyncFolders(touched, output);

  // 7. The caller acknowledges. What was reserved and not issued will not be.
  if (!parts.unused.empty()) ledger.Abandon(std::move(parts.unused));
  return std::move(parts.names);
}

}  // namespace fleetmint
