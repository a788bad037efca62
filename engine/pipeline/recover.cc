// Recovery (DESIGN 7), the mirror of commit.cc: whether a pending file is renamed or deleted is
// decided by its serial's row alone, so running it twice, or crashing within it, changes nothing.
#include "engine/pipeline/recover.h"

#include <unistd.h>

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

// A file belongs in place if its serial is current and the ledger recorded a file of this
// extension.
bool BelongsInPlace(const std::optional<LedgerRow>& row, const PendingFile& file,
                    const OutputDirectory& output) {
  if (!row || row->state != CertificateState::kIssued || row->fleet != output.fleet()) return false;
  for (const BundleFileRecord& record : row->facts.files) {
    if (record.extension == file.extension) return true;
  }
  return false;
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

RecoveryReport Recover(Ledger& ledger, const OutputDirectory& output, Log& log) {
  RecoveryReport report;
  // A pending file whose serial is issued is renamed (redo), the others are deleted.
  for (const std::string& name : output.pending().List()) {
    const auto file = OwnPendingFile(name, output.pending());
    if (!file) {
      report.strangers.push_back(name);
      log.Warning("'" + output.pending().PathOf(name) + "' is not fleetmint's; left alone");
      continue;
    }
    const auto row = ledger.Find(file->serial);
    if (BelongsInPlace(row, *file, output)) {
      // The row may be of a commit whose sync failed: nothing is built on it before it is durable.
      if (report.finished == 0) ledger.MakeDurable();
      // Step 5 of commit.cc, done again.
      const PendingBundle bundle = PendingBundleOf(*row);
      RemoveReplaced(bundle, ledger, output);
      PutInPlace(bundle, file->extension, output);
      ++report.finished;
    } else {
      output.pending().Remove(name);
      ++report.discarded;
    }
  }
  // Step 6, also for what the ended run has renamed.
  SyncBundles(output);
  // Reserved rows become abandoned.
  report.abandoned = ledger.AbandonReserved();
  return report;
}

}  // namespace fleetmint
