// `fleetmint delivered`: bundles that were shipped are no longer missing.
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/session.h"
#include "engine/pipeline/deliver.h"

namespace fleetmint::cli {
namespace {

struct Options {
  std::vector<std::string> names;
  bool remove = false;
};

int Delivered(Session& session, const Options& options) {
  Workspace workspace = Workspace::Open(LockedAuthority::Acquire(session.ca, "delivered"),
                                        session.out, session.clock, session.ui);
  SayRecovery(session, workspace.recovered());
  const DeliveryReport report =
      Deliver(workspace, options.names, options.remove, session.clock.Now());
  const PublishReport published =
      Publish(workspace.authority(), workspace.output(), session.clock.Now());
  if (session.json) {
    const nlohmann::ordered_json object{
        {"delivered", report.delivered}, {"removed", report.removed}, {"damaged", report.damaged}};
    session.ui.Out(object.dump() + "\n");
  }
  session.ui.Say(Counted(report.delivered, "bundle is", "bundles are") +
                 " recorded as delivered, " + Counted(report.removed, "file") + " removed");
  for (const std::string& endpoint : report.damaged) {
    session.ui.Warn("the bundle of '" + endpoint +
                        "' is missing, or is not what was issued: not recorded as delivered",
                    &endpoint != &report.damaged.back()
                        ? ""
                        : "fleetmint verify --ca " + ShellWord(session.ca) + " --out " +
                              ShellWord(session.out) + " tells what is wrong with each");
  }
  WarnOfMissing(session, published, session.out);
  return report.damaged.empty() ? 0 : ExitCode(ErrorKind::kFindings);
}

}  // namespace

void AddDelivered(CLI::App& app, Session& session) {
  auto* const command = app.add_subcommand(
      "delivered", "record that bundles were shipped: they need not be in the output any more");
  auto options = std::make_shared<Options>();
  command->add_option("NAME", options->names, "endpoints (default: all whose bundles are there)");
  command->add_flag("--delete", options->remove,
                    "remove the bundles from the output, once that is recorded");
  AddCaOption(*command, session);
  AddOut(*command, session);
  AddCommonOptions(*command, session);
  command->footer(
      "Private keys are in their bundles and nowhere else: what is deleted here must be where it\n"
      "was shipped to. Example: fleetmint delivered --ca ca --out out --delete");
  command->callback([&session, options] {
    session.action = [&session, options] { return Delivered(session, *options); };
  });
}

}  // namespace fleetmint::cli
