#include "engine/pipeline/retire.h"

#include "engine/base/error.h"
#include "engine/pipeline/recover.h"

namespace fleetmint {

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
  report.removed = RemoveRetired(workspace.ledger(), workspace.output());
  return report;
}

}  // namespace fleetmint
