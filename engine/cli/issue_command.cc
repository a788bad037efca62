// `fleetmint issue`: the main job.
#include <memory>

#include "engine/base/counted.h"
#include "engine/cli/minting.h"
#include "engine/pipeline/presence.h"

namespace fleetmint::cli {
namespace {

void SelectLost(Session& session, const IssuingWorkspace& workspace, Plan& plan) {
  plan.Select(Selection::MissingOrLost(LostEndpoints(workspace.ledger(), workspace.output())));
  Issuer::CheckValidity(workspace.issuer().certificate(), plan.longest_validity(),
                        session.clock.Now());
  session.ui.Say(Counted(plan.summary().replaced, "bundle is missing or damaged, and is",
                         "bundles are missing or damaged, and are") +
                 " issued anew");
}

int Issue(Session& session, const MintOptions& options) {
  session.Keys();  // refuses a kernel that cannot run here
  const Catalog catalog = session.LoadCatalog();
  Plan plan = Plan::Make(Fleet::Load(options.fleet, catalog), catalog);
  WarmUp();
  LockedAuthority locked = LockToMint(session, options);
  plan.Compare(locked.authority().ledger(), session.clock.Now(),
               locked.authority().CheckReady(session.clock));
  IssuingWorkspace workspace = OpenToMint(session, options, std::move(locked), plan);
  const bool replace_damaged = options.make_output_again;
  if (replace_damaged) SelectLost(session, workspace, plan);
  return MintPlan(session, plan, workspace, "nothing to do: every endpoint has its certificate");
}

}  // namespace

void AddIssue(CLI::App& app, Session& session) {
  auto* const command =
      app.add_subcommand("issue", "issue what the fleet file names and has no certificate yet");
  auto options = std::make_shared<MintOptions>();
  options->command = "issue";
  AddMintOptions(*command, session, *options);
  command->add_option("--layout", options->layout, "flat or hashed; fixed at the first issue")
      ->check(CLI::IsMember({"flat", "hashed"}));
  command->add_flag("--replace-damaged", options->make_output_again,
                    "issue anew, too, where a bundle is missing or damaged and was not delivered");
  command->footer(
      "Run it again to resume: endpoints that were issued are skipped.\n\n"
      "Example: fleetmint issue fleet.yaml --ca ca --out out");
  command->callback([&session, options] {
    session.action = [&session, options] { return Issue(session, *options); };
  });
}

}  // namespace fleetmint::cli
