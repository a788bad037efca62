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

PendingBundle PendingBundleOf(const LedgerRow& row) {
  PendingBundle bundle{row.serial, row.endpoint, row.supersedes, {}};
  for (const BundleFileRecord& file : row.facts.files) bundle.extensions.push_back(file.extension);
  return bundle;
}

void RemoveReplaced(const PendingBundle& bundle, const Ledger& ledger,
                    const OutputDirectory& output) {
  const auto predecessor = bundle.supersedes ? ledger.Find(*bundle.supersedes) : std::nullopt;
  if (!predecessor) return;
  for (const BundleFileRecord& old : predecessor->facts.files) {
    const bool overwritten = bundle.endpoint == predecessor->endpoint &&
                             std::find(bundle.extensions.begin(), bundle.extensions.end(),
                                       old.extension) != bundle.extensions.end();
    if (overwritten) continue;
    const auto [directory, name] = output.BundlePlace(predecessor->endpoint, old.extension);
    directory.Remove(name);
  }
}

Directory PutInPlace(const PendingBundle& bundle, const std::string& extension,
                     const OutputDirectory& output) {
  auto [directory, name] = output.BundlePlace(bundle.endpoint, extension);
  output.pending().Rename(PendingName(bundle.serial, extension), directory, name);
  return std::move(directory);
}

}  // namespace fleetmint
