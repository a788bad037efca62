// Recovery, the mirror of commit.cc: whether a pending file is renamed or deleted is decided by the
// ledger alone, so running it twice, or crashing within it, changes nothing.
#include "engine/pipeline/recover.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "engine/pipeline/pending.h"

namespace fleetmint {
namespace {

// A pending file's serial and extension if it is ours: by its name, and because it belongs to this
// user or to whom .pending/ belongs.
std::optional<PendingFile> OwnPendingFile(const std::string& name, const Directory& pending) {
  const auto owner = pending.OwnerOf(name);
  if (!owner || (*owner != ::geteuid() && owner != pending.OwnerOf("."))) return std::nullopt;
  return ParsePendingName(name);
}

enum class Verdict : std::uint8_t { kPlace, kDiscard, kReject };

// A file belongs in place if its serial is current, and if it is what the ledger recorded.
Verdict Judge(const std::optional<IssuedRow>& row, const PendingFile& file, const std::string& name,
              const OutputDirectory& output) {
  if (!row || row->state != CertificateState::kIssued || row->fleet != output.fleet()) {
    return Verdict::kDiscard;
  }
  const auto record = std::find_if(
      row->files.begin(), row->files.end(),
      [&](const BundleFileRecord& recorded) { return recorded.extension == file.extension; });
  if (record == row->files.end()) return Verdict::kDiscard;
  if (output.pending().FileSize(name) != record->bytes) return Verdict::kReject;
  return Sha256(output.pending().Read(name)) == record->sha256 ? Verdict::kPlace : Verdict::kReject;
}

// The bundle that the row has superseded, if its files lie elsewhere than the new ones.
void RemovePredecessor(const IssuedRow& row, const PendingBundle& bundle, const Ledger& ledger,
                       const OutputDirectory& output) {
  if (!row.supersedes) return;
  const auto predecessor = ledger.FindIssued(*row.supersedes);
  if (predecessor) RemoveReplaced(bundle, {predecessor->endpoint, predecessor->files}, output);
}

// What the ended run has renamed may not have been synced.
void SyncBundles(const OutputDirectory& output) {
  if (output.bundles().SyncFileSystem()) return;
  if (output.layout() == Layout::kHashed) {
    for (const std::string& folder : output.bundles().List())
      output.bundles().Subdirectory(folder).Sync();
  }
  output.bundles().Sync();
}

}  // namespace

RecoveryReport Recover(Ledger& ledger, const OutputDirectory& output, Time now, Log& log) {
  RecoveryReport report;
  for (const std::string& name : output.pending().List()) {
    if (name.starts_with(kRejectedPrefix)) {
      log.Warning("'" + output.pending().PathOf(name) +
                  "' was set aside before: it is not what the ledger has recorded; look at it, and "
                  "remove it");
      continue;
    }
    const auto file = OwnPendingFile(name, output.pending());
    if (!file) {
      report.strangers.push_back(name);
      log.Warning("'" + output.pending().PathOf(name) + "' is not fleetmint's; left alone");
      continue;
    }
    const auto row = ledger.FindIssued(file->serial);
    switch (Judge(row, *file, name, output)) {
      case Verdict::kPlace: {
        // The row may be of a commit whose sync failed: nothing is built on it before it is
        // durable.
        if (report.finished == 0) ledger.MakeDurable();
        // Step 5 of commit.cc, done again.
        const PendingBundle bundle{row->serial, row->endpoint, row->files};
        RemovePredecessor(*row, bundle, ledger, output);
        PutInPlace(bundle, file->extension, output);
        ++report.finished;
        break;
      }
      case Verdict::kReject:
        output.pending().Rename(name, output.pending(), std::string(kRejectedPrefix) + name);
        report.rejected.push_back(name);
        log.Warning("'" + output.pending().PathOf(name) +
                    "' is not the file that the ledger has recorded; set aside as " +
                    std::string(kRejectedPrefix) + name);
        break;
      case Verdict::kDiscard:
        output.pending().Remove(name);
        ++report.discarded;
        break;
    }
  }
  // Step 6, also for what the ended run has renamed.
  SyncBundles(output);
  report.abandoned = ledger.AbandonReserved(now);
  return report;
}

}  // namespace fleetmint
