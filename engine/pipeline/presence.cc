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

namespace {

// No file of the bundle is there.
bool IsGone(const LedgerRow& row, const OutputDirectory& output) {
  return std::none_of(
      row.facts.files.begin(), row.facts.files.end(),
      [&](const BundleFileRecord& file) { return output.Exists(row.endpoint, file.extension); });
}

}  // namespace

bool WasTakenAway(const LedgerRow& row, const OutputDirectory& output) {
  return row.delivered_at && IsGone(row, output);
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
    const bool gone = IsGone(row, output);
    if (!whole && !(gone && (row.delivered_at || !wanted.empty()))) {
      report.damaged.push_back(row.endpoint);
      return;
    }
    ++report.delivered;
    if (!row.delivered_at) serials.push_back(row.serial);
    if (whole) rows.push_back(row);
  });
  ledger.MarkDelivered(serials, now);
  if (!remove) return report;
  for (const LedgerRow& row : rows) {
    for (const BundleFileRecord& file : row.facts.files) {
      const auto [directory, name] = output.BundlePlace(row.endpoint, file.extension);
      directory.Remove(name);
      ++report.removed;
    }
  }
  output.bundles().Sync();
  return report;
}

}  // namespace fleetmint
