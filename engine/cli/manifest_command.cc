// `fleetmint manifest`: manifest, chain and scripts again, from the ledger.
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/cli/session.h"

namespace fleetmint::cli {
namespace {

PublishReport PublishNow(Session& session) {
  if (const auto workspace =
          OpenIfFree(session, "manifest", "it writes the manifest again when it ends")) {
    return Publish(workspace->authority(), workspace->output(), session.clock.Now());
  }
  const auto workspace = ReadingWorkspace::Open(session.ca, session.out);
  return Publish(workspace.authority(), workspace.output(), session.clock.Now());
}

int Manifest(Session& session) {
  const PublishReport report = PublishNow(session);
  if (session.json) {
    const nlohmann::ordered_json object{{"manifest", session.out + "/manifest.jsonl"},
                                        {"endpoints", report.endpoints},
                                        {"missing", report.missing.size()},
                                        {"damaged", report.damaged.size()}};
    session.ui.Out(object.dump() + "\n");
  }
  session.ui.Say("wrote " + session.out +
                 "/manifest.jsonl and manifest.csv: " + Counted(report.endpoints, "endpoint"));
  WarnOfMissing(session, report, session.out);
  return report.complete() ? 0 : ExitCode(ErrorKind::kFindings);
}

}  // namespace

void AddManifest(CLI::App& app, Session& session) {
  auto* const command =
      app.add_subcommand("manifest", "write manifest, chain and scripts again, from the ledger");
  AddCaOption(*command, session);
  AddOut(*command, session);
  AddCommonOptions(*command, session);
  command->footer("Example: fleetmint manifest --ca ca --out out");
  command->callback([&session] { session.action = [&session] { return Manifest(session); }; });
}

}  // namespace fleetmint::cli
