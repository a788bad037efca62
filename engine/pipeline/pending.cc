#include "engine/pipeline/pending.h"

#include <algorithm>

#include "engine/base/bytes.h"

namespace fleetmint {

std::string PendingName(const Serial& serial, std::string_view extension) {
  return SerialHex(serial) + "." + std::string(extension);
}

std::optional<PendingFile> ParsePendingName(const std::string& name) {
  constexpr std::size_t kDigits = 2 * sizeof(Serial);
  if (name.size() < kDigits + 2 || name[kDigits] != '.') return std::nullopt;
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!std::all_of(name.begin(), name.begin() + kDigits, is_digit)) return std::nullopt;
  const Bytes bytes = FromHex(name.substr(0, kDigits));
  PendingFile file;
  std::copy(bytes.begin(), bytes.end(), file.serial.begin());
  file.extension = name.substr(kDigits + 1);
  return file;
}

void RemoveReplaced(const LedgerRow& row, const Ledger& ledger, const OutputDirectory& output) {
  const auto predecessor = row.supersedes ? ledger.Find(*row.supersedes) : std::nullopt;
  if (!predecessor) return;
  for (const BundleFileRecord& old : predecessor->facts.files) {
    const bool overwritten =
        row.endpoint == predecessor->endpoint &&
        std::any_of(row.facts.files.begin(), row.facts.files.end(),
                    [&](const BundleFileRecord& file) { return file.extension == old.extension; });
    if (overwritten) continue;
    const auto [directory, name] = output.BundlePlace(predecessor->endpoint, old.extension);
    directory.Remove(name);
  }
}

Directory PutInPlace(const LedgerRow& row, const std::string& extension,
                     const OutputDirectory& output) {
  auto [directory, name] = output.BundlePlace(row.endpoint, extension);
  output.pending().Rename(PendingName(row.serial, extension), directory, name);
  return std::move(directory);
}

}  // namespace fleetmint
