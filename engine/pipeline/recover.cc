// Recovery (DESIGN 7), the mirror of commit.cc: whether a pending file is renamed or deleted is
// decided by its serial's row alone, so running it twice, or crashing within it, changes nothing.
#include "engine/pipeline/recover.h"

#include <optional>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

struct PendingFile {
  Serial serial{};
  std::string extension;
};

// "<32 hex digits>.<extension>" is ours; anything else is not.
std::optional<PendingFile> ParsePendingName(const std::string& name) {
  constexpr std::size_t kDigits = 2 * sizeof(Serial);
  if (name.size() < kDigits + 2 || name[kDigits] != '.') return std::nullopt;
  for (std::size_t i = 0; i < kDigits; ++i) {
    const bool digit = (name[i] >= '0' && name[i] <= '9') || (name[i] >= 'a' && name[i] <= 'f');
    if (!digit) return std::nullopt;
  }
  const Bytes bytes = FromHex(name.substr(0, kDigits));
  PendingFile file;
  std::copy(bytes.begin(), bytes.end(), file.serial.begin());
  file.extension = name.substr(kDigits + 1);
  return file;
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

}  // namespace

RecoveryReport Recover(Ledger& ledger, const OutputDirectory& output, Log& log) {
  RecoveryReport report;
  for (const std::string& name : output.pending().List()) {
    const auto file = ParsePendingName(name);
    if (!file) {
      report.strangers.push_back(name);
      log.Warning("'" + output.pending().PathOf(name) + "' is not fleetmint's; left alone");
      continue;
    }
    const auto row = ledger.Find(file->serial);
    if (BelongsInPlace(row, *file, output)) {
      const auto [directory, place] = output.BundlePlace(row->endpoint, file->extension);
      output.pending().Rename(name, directory, place);  // step 5 of commit.cc, done again
      directory.Sync();                                 // step 6
      ++report.finished;
    } else {
      output.pending().Remove(name);
      ++report.discarded;
    }
  }
  if (report.finished + report.discarded != 0) output.pending().Sync();
  report.abandoned = ledger.AbandonReserved();
  return report;
}

}  // namespace fleetmint
