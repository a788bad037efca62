#include "engine/pipeline/presence.h"

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace fleetmint {

bool IsPresent(const LedgerRow& row, const OutputDirectory& output) {
  return std::all_of(row.facts.files.begin(), row.facts.files.end(),
                     [&](const BundleFileRecord& file) {
                       return output.Holds(row.endpoint, file.extension, file.bytes);
                     });
}

bool IsWhole(const LedgerRow& row, const OutputDirectory& output) {
  if (!IsPresent(row, output)) return false;
  return std::all_of(
      row.facts.files.begin(), row.facts.files.end(), [&](const BundleFileRecord& file) {
        const auto [directory, name] = output.BundlePlace(row.endpoint, file.extension);
        return Sha256(directory.Read(name)) == file.sha256;
      });
}

std::vector<std::string> FilesPresent(const LedgerRow& row, const OutputDirectory& output) {
  std::vector<std::string> paths;
  for (const BundleFileRecord& file : row.facts.files) {
    if (output.Exists(row.endpoint, file.extension))
      paths.push_back(output.BundlePath(row.endpoint, file.extension));
  }
  return paths;
}

bool WasTakenAway(const LedgerRow& row, const OutputDirectory& output) {
  return row.delivered_at && FilesPresent(row, output).size() < row.facts.files.size();
}

bool IsLost(const LedgerRow& row, const OutputDirectory& output) {
  return !IsWhole(row, output) && !WasTakenAway(row, output);
}

std::vector<std::string> LostEndpoints(const Ledger& ledger, const OutputDirectory& output) {
  std::vector<std::string> lost;
  ledger.ForEachCurrent(output.fleet(), [&](const LedgerRow& row) {
    if (IsLost(row, output)) lost.push_back(AsciiLower(row.endpoint));
  });
  std::sort(lost.begin(), lost.end());
  return lost;
}

DeliveryReport Deliver(Ledger& ledger, const OutputDirectory& output,
                       const std::vector<std::string>& names, bool remove, Time now) {
  const std::set<std::string> wanted(names.begin(), names.end());
  DeliveryReport report;
  std::vector<Serial> serials;
  std::vector<LedgerRow> rows;
  ledger.ForEachCurrent(output.fleet(), [&](const LedgerRow& row) {
    if (!wanted.empty() && !wanted.contains(AsciiLower(row.endpoint))) return;
    const bool whole = IsWhole(row, output);
    // What is not there counts as shipped if somebody says so of this very endpoint.
    const bool said_to_be_gone = !wanted.empty() && FilesPresent(row, output).empty();
    const bool taken_away = WasTakenAway(row, output);
    if (!whole && !taken_away && !said_to_be_gone) {
      report.damaged.push_back(row.endpoint);
      return;
    }
    ++report.delivered;
    if (!row.delivered_at) serials.push_back(row.serial);
    if (whole || taken_away) rows.push_back(row);
  });
  ledger.MarkDelivered(serials, now);
  if (!remove) return report;
  for (const LedgerRow& row : rows) {
    for (const BundleFileRecord& file : row.facts.files) {
      if (!output.Exists(row.endpoint, file.extension)) continue;
      const auto [directory, name] = output.BundlePlace(row.endpoint, file.extension);
      directory.Remove(name);
      ++report.removed;
    }
  }
  output.bundles().Sync();
  return report;
}

}  // namespace fleetmint
