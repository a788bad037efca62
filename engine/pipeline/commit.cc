// The protocol. A crash between any two steps leaves what recover.cc can finish:
//
//   1. serials are reserved in the ledger (before this file)
//   2. every file of the chunk is written as .pending/<serial>.<ext>; what the chunk issues is
//      appended to .runs/<token>; with the first chunk of a run .head names the run
//   3. one syncfs: the files' content and their entries are durable
//   4. one transaction: predecessors superseded, rows issued with their records, the run's commits
//      counted                                                     <- the one commit point
//   5. every file is renamed into place; an older bundle is replaced at this moment and not before
//   6. one more syncfs: the renames are durable
//   7. the chunk is acknowledged (by the caller)
//
// Before 4 recovery deletes the files, takes back the chunk's records and abandons the
// reservations; from 4 on it renames the files. An error ends the chunk and the run where it
// stands: a sync that failed is not tried again, since the kernel may have dropped what it could
// not write and report success the second time; and whether a commit that failed has happened is
// read again, by recovery, as after a crash.
#include "engine/pipeline/commit.h"

#include <set>

#include "engine/pipeline/head.h"
#include "engine/pipeline/pending.h"

namespace fleetmint {
namespace {

// What the ledger is to be told of a chunk, and what is to be put in place then.
struct Parts {
  std::vector<CommitItem> items;
  std::vector<PendingBundle> bundles;  // of the items
  std::vector<std::string> names;      // their endpoints
  std::vector<Reservation> reserved;   // never signed
  std::vector<Reservation> abandoned;  // perhaps signed
};

Parts Take(Chunk& chunk) {
  Parts parts;
  for (Outcome& outcome : chunk.outcomes) {
    if (outcome.reserved) parts.reserved.push_back(std::move(*outcome.reserved));
    if (outcome.abandoned) parts.abandoned.push_back(std::move(*outcome.abandoned));
    if (!outcome.issued) continue;
    parts.bundles.push_back(
        {outcome.issued->reservation.serial(), outcome.endpoint, outcome.issued->files});
    parts.names.push_back(outcome.endpoint);
    parts.items.push_back(std::move(*outcome.issued));
  }
  return parts;
}

// Step 5; gives the directories that hold the bundles.
std::set<const Directory*> PlaceBundles(const std::vector<PendingBundle>& bundles,
                                        const std::vector<std::vector<ReplacedBundle>>& replaced,
                                        const OutputDirectory& output) {
  std::set<const Directory*> touched;
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    for (const ReplacedBundle& old : replaced[i]) RemoveReplaced(bundles[i], old, output);
    for (const BundleFileRecord& file : bundles[i].files) {
      touched.insert(&PutInPlace(bundles[i], file.extension, output));
    }
  }
  return touched;
}

// Step 6. syncfs here, too: fsync of a directory reports success on an XFS that has shut itself
// down after an error. Where it is the directories that are synced, .pending/ need not be: a name
// that comes back there is renamed once more.
void SyncFolders(const std::set<const Directory*>& touched, const OutputDirectory& output) {
  if (touched.empty() || output.bundles().SyncFileSystem()) return;
  for (const Directory* directory : touched) directory->Sync();
  if (output.layout() == Layout::kHashed) output.bundles().Sync();  // the folders' own entries
}

}  // namespace

ChunkCommitter::ChunkCommitter(const Run& run, Ledger ledger, const OutputDirectory& output)
    : run_(run), ledger_(std::move(ledger)), output_(output), records_(output, ToHex(run.token)) {}

// Step 2; gives the names of the pending files.
std::vector<std::string> ChunkCommitter::WritePending(const Chunk& chunk, Time now) {
  std::vector<std::string> names;
  std::string last_serial;
  for (const Outcome& outcome : chunk.outcomes) {
    if (!outcome.issued) continue;
    const CommitItem& item = *outcome.issued;
    const RecordedSettings settings{item.settings.format, item.settings.profile,
                                    item.settings.group, item.settings.body};
    RecordedCertificate record{outcome.endpoint, FormatRfc3339(now), item.der, settings, {}};
    for (const BundleFile& file : outcome.files) {
      names.push_back(PendingName(item.reservation.serial(), file.extension));
      output_.pending().Write(names.back(), file.content);
    }
    for (const BundleFileRecord& file : item.files) {
      record.files.push_back({file.extension, file.bytes, file.sha256});
    }
    chunk_records_.Add(record);
    last_serial = SerialHex(item.reservation.serial());
  }
  if (names.empty()) return names;
  if (committed_ == 0) WriteHead(output_, run_.token);
  records_.Append(chunk_records_.Take(committed_ + 1, last_serial, run_.id));
  return names;
}

// Step 3.
void ChunkCommitter::SyncPending(const std::vector<std::string>& names) const {
  if (names.empty() || output_.pending().SyncFileSystem()) return;
  for (const std::string& name : names) output_.pending().SyncFile(name);
  output_.pending().Sync();
  output_.runs().SyncFile(ToHex(run_.token));
  if (committed_ == 0) output_.runs().Sync();
}

std::vector<std::string> ChunkCommitter::Commit(Chunk& chunk, Time now) {
  // 2. Every file of the chunk is written as .pending/<serial>.<ext>, and what it issues recorded.
  const std::vector<std::string> files = WritePending(chunk, now);

  // 3. One syncfs: the files' content and their entries are durable.
  SyncPending(files);

  // 4. One transaction: predecessors superseded, rows issued: the one commit point.
  Parts parts = Take(chunk);
  std::vector<std::vector<ReplacedBundle>> replaced;
  if (!parts.items.empty()) {
    replaced = ledger_.Commit(run_, committed_ + 1, std::move(parts.items), now);
    ++committed_;
  }

  // 5. Every file is renamed into place; an older bundle is replaced at this moment.
  const auto touched = PlaceBundles(parts.bundles, replaced, output_);

  // 6. One more syncfs: the renames are durable.
  SyncFolders(touched, output_);

  // 7. The caller acknowledges. What was reserved and not issued will not be.
  if (!parts.reserved.empty() || !parts.abandoned.empty()) {
    ledger_.GiveUp(std::move(parts.reserved), std::move(parts.abandoned));
  }
  return std::move(parts.names);
}

}  // namespace fleetmint
