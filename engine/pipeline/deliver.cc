#include "engine/pipeline/deliver.h"

#include <set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/pipeline/presence.h"

namespace fleetmint {
namespace {

// The names in lower case; each has a current certificate.
std::set<std::string> Wanted(const std::vector<std::string>& names, const Workspace& workspace) {
  std::set<std::string> wanted;
  const std::string& fleet = workspace.output().fleet();
  for (const std::string& name : names) {
    if (!workspace.ledger().Current(fleet, name)) {
      throw Error::WithHint(
          ErrorKind::kUsage,
          "endpoint '" + name + "' has no current certificate in fleet '" + fleet + "'",
          "fleetmint list shows those that have one");
    }
    wanted.insert(AsciiLower(name));
  }
  return wanted;
}

void RemoveFiles(const std::vector<IssuedRow>& rows, const OutputDirectory& output,
                 DeliveryReport& report) {
  for (const IssuedRow& row : rows) {
    for (const BundleFileRecord& file : row.files) {
      if (!output.Exists(row.endpoint, file.extension)) continue;
      const auto [directory, name] = output.BundlePlace(row.endpoint, file.extension);
      if (directory.IsDirectory(name)) continue;  // nothing of ours
      directory.Remove(name);
      ++report.removed;
    }
  }
  output.bundles().Sync();
}

}  // namespace

DeliveryReport Deliver(Workspace& workspace, const std::vector<std::string>& names, bool remove,
                       Time now) {
  const std::set<std::string> wanted = Wanted(names, workspace);
  const OutputDirectory& output = workspace.output();
  DeliveryReport report;
  std::vector<Serial> serials;
  std::vector<IssuedRow> rows;
  const auto is_wanted = [&](const LedgerRow& row) {
    return wanted.empty() || wanted.contains(AsciiLower(row.endpoint));
  };
  const auto deliver = [&](const IssuedRow& row) {
    if (!is_wanted(row)) return;
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
    if (remove && (whole || taken_away)) rows.push_back(row);
  };
  workspace.ledger().ForEachCurrent(output.fleet(), deliver,
                                    [&](const LedgerRow& row, const std::string&) {
                                      if (is_wanted(row)) report.damaged.push_back(row.endpoint);
                                    });
  workspace.ledger().MarkDelivered(serials, now);
  if (remove) RemoveFiles(rows, output, report);
  return report;
}

}  // namespace fleetmint
