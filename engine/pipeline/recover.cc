// Recovery, the mirror of commit.cc: whether a pending file is renamed or deleted is decided by the
// ledger alone, so running it twice, or crashing within it, changes nothing.
#include "engine/pipeline/recover.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "engine/pipeline/pending.h"

namespace fleetmint {
namespace {

// A pending file's serial and extension if it is ours: by its name, and because it belongs to this
// user or to whom .pending/ belongs.
std::optional<PendingFile> OwnPendingFile(const std::string& name, const Directory& pending) {
  const auto owner = pending.OwnerOf(name);
  if (pending.IsDirectory(name)) return std::nullopt;
  if (!owner || (*owner != ::geteuid() && owner != pending.OwnerOf("."))) return std::nullopt;
  return ParsePendingName(name);
}

enum class Verdict : std::uint8_t { kPlace, kDiscard, kReject };

// A row that is damaged must not stop the recovery of the others: `damaged` is told, and nothing
// given.
template <typename Key>
std::optional<IssuedRow> FindWhole(const Ledger& ledger, const Key& key, bool* damaged) {
  try {
    return ledger.FindIssued(key);
  } catch (const Error& error) {
    if (error.cause() != ErrorCause::kDamaged) throw;
    *damaged = true;
    return std::nullopt;
  }
}

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

// What the row has superseded, where its files lie elsewhere than the new ones. A pending file may
// have waited for its place while another host was given the former name: that one's stay.
void RemovePredecessors(const IssuedRow& row, const PendingBundle& bundle, const Ledger& ledger,
                        const OutputDirectory& output) {
  for (const std::int64_t id : ledger.Superseded(row)) {
    bool damaged = false;
    const auto predecessor = FindWhole(ledger, id, &damaged);
    if (!predecessor) continue;
    const auto current = ledger.CurrentId(row.fleet, predecessor->endpoint);
    if (current && *current != row.id) continue;
    RemoveReplaced(bundle, {predecessor->endpoint, predecessor->files}, output);
  }
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

// Recovery of one output; each function is for one name in .pending/.
class Recovery {
 public:
  Recovery(Ledger& ledger, const OutputDirectory& output, Log& log)
      : ledger_(ledger), output_(output), log_(log) {}

  void Take(const std::string& name) {
    if (name.starts_with(kRejectedPrefix)) {
      Warn(name,
           "was set aside before: it is not what the ledger has recorded; look at it, and remove "
           "it");
      return;
    }
    const auto file = OwnPendingFile(name, output_.pending());
    if (!file) {
      report_.strangers.push_back(name);
      Warn(name, "is not fleetmint's; left alone");
      return;
    }
    bool damaged = false;
    const auto row = FindWhole(ledger_, file->serial, &damaged);
    if (damaged) {
      Warn(name, "is left alone: the ledger's record of it is damaged");
      return;
    }
    switch (Judge(row, *file, name, output_)) {
      case Verdict::kPlace:
        Place(*row, *file, name);
        break;
      case Verdict::kReject:
        SetAside(name);
        break;
      case Verdict::kDiscard:
        output_.pending().Remove(name);
        ++report_.discarded;
        break;
    }
  }

  RecoveryReport TakeReport() { return std::move(report_); }

 private:
  void Warn(const std::string& name, const std::string& what) {
    log_.Warning("'" + output_.pending().PathOf(name) + "' " + what);
  }

  void Place(const IssuedRow& row, const PendingFile& file, const std::string& name) {
    if (const auto obstacle = WhatIsInTheWay(row.endpoint, output_)) {
      Warn(name, "waits for its place: " + *obstacle + "; move that away");
      return;
    }
    // The row may be of a commit whose sync failed: nothing is built on it before it is durable.
    if (report_.finished == 0) ledger_.MakeDurable();
    // Step 5 of commit.cc, done again.
    const PendingBundle bundle{row.serial, row.endpoint, row.files};
    RemovePredecessors(row, bundle, ledger_, output_);
    PutInPlace(bundle, file.extension, output_);
    ++report_.finished;
  }

  void SetAside(const std::string& name) {
    const std::string rejected = RejectedName(name, output_.pending());
    output_.pending().Rename(name, output_.pending(), rejected);
    report_.rejected.push_back(name);
    Warn(name, "is not the file that the ledger has recorded; set aside as " + rejected);
  }

  Ledger& ledger_;
  const OutputDirectory& output_;
  Log& log_;
  RecoveryReport report_;
};

}  // namespace

RecoveryReport Recover(Ledger& ledger, const OutputDirectory& output, Time now, Log& log) {
  Recovery recovery(ledger, output, log);
  for (const std::string& name : output.pending().List()) recovery.Take(name);
  // Step 6, also for what the ended run has renamed.
  SyncBundles(output);
  RemoveRetired(ledger, output);  // of a retire that was ended before it could
  RecoveryReport report = recovery.TakeReport();
  report.abandoned = ledger.AbandonReserved(now);
  return report;
}

std::size_t RemoveRetired(const Ledger& ledger, const OutputDirectory& output) {
  std::size_t removed = 0;
  std::set<const Directory*> touched;
  const auto remove = [&](const IssuedRow& row) {
    for (const BundleFileRecord& file : row.files) {
      if (!output.Exists(row.endpoint, file.extension)) continue;
      const auto [directory, name] = output.BundlePlace(row.endpoint, file.extension);
      directory.Remove(name);
      touched.insert(&directory);
      ++removed;
    }
  };
  // Of a damaged row it is not known which files are its own: they stay, and verify names it.
  ledger.ForEachRetired(output.fleet(), remove, [](const LedgerRow&, const std::string&) {});
  for (const Directory* directory : touched) directory->Sync();
  return removed;
}

}  // namespace fleetmint
