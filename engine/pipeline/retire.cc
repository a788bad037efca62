#include "engine/pipeline/retire.h"

#include "engine/base/error.h"

namespace fleetmint {
namespace {

// The bundles of retired endpoints, whichever call has retired them.
std::size_t RemoveBundles(const Workspace& workspace) {
  std::size_t removed = 0;
  const OutputDirectory& output = workspace.output();
  const auto remove = [&](const IssuedRow& row) {
    for (const BundleFileRecord& file : row.files) {
      if (!output.Exists(row.endpoint, file.extension)) continue;
      const auto [directory, name] = output.BundlePlace(row.endpoint, file.extension);
      directory.Remove(name);
      ++removed;
    }
  };
  // Of a damaged row it is not known which files are its own: they stay, and verify names it.
  workspace.ledger().ForEachRetired(output.fleet(), remove,
                                    [](const LedgerRow&, const std::string&) {});
  if (removed != 0) output.bundles().Sync();
  return removed;
}

}  // namespace

RetireReport Retire(Workspace& workspace, const std::vector<std::string>& names,
                    std::optional<int> reason, Time now) {
  const std::string& fleet = workspace.output().fleet();
  for (const std::string& name : names) {
    const RevocationFilter filter{
        .endpoints = {name}, .serials = {}, .fleet = fleet, .issued_before = {}};
    if (!workspace.ledger().Revocable(filter, Time{}).empty()) continue;
    throw Error::WithHint(
        ErrorKind::kUsage,
        "no certificate was issued to endpoint '" + name + "' of fleet '" + fleet + "'",
        "fleetmint list --state all shows all endpoints");
  }
  RetireReport report;
  const RetiredCount count = workspace.ledger().Retire(fleet, names, reason, now);
  report.retired = count.retired;
  report.revoked = count.revoked;
  report.removed = RemoveBundles(workspace);
  return report;
}

}  // namespace fleetmint
