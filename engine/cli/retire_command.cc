// `fleetmint retire`: hosts that are gone.
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/revocation_reason.h"
#include "engine/cli/session.h"
#include "engine/pipeline/plan.h"
#include "engine/pipeline/retire.h"
#include "engine/x509/tbs_cert_list.h"

namespace fleetmint::cli {
namespace {

struct Options {
  std::vector<std::string> names;
  std::string not_in, reason;
  bool revoke = false, yes = false;
};

// The endpoints with a current certificate that the fleet file does not name.
std::vector<std::string> NotIn(Session& session, const std::string& file,
                               const Workspace& workspace) {
  const Catalog catalog = session.LoadCatalog();
  Plan plan = Plan::Make(Fleet::Load(file, catalog), catalog);
  if (plan.fleet_name() != workspace.output().fleet()) {
    throw Error::WithHint(ErrorKind::kUsage,
                          "'" + file + "' is of fleet '" + plan.fleet_name() + "', and '" +
                              session.out + "' holds fleet '" + workspace.output().fleet() + "'",
                          "give the --out of that fleet");
  }
  plan.Compare(workspace.ledger(), session.clock.Now());
  return plan.NotInFleet();
}

// Throws unless a person agrees, where there is one, that the endpoints of a file's difference are
// gone; all of them at once may be the wrong file.
void Agree(Session& session, const Options& options, const Workspace& workspace,
           const std::vector<std::string>& names) {
  if (options.yes || options.not_in.empty() || names.empty()) return;
  const std::size_t current = workspace.ledger().CurrentNames(workspace.output().fleet()).size();
  if (CanAsk()) {
    session.Confirm(
        "retire " + std::to_string(names.size()) + " of " + Counted(current, "endpoint") + "?",
        "nothing was retired");
  } else if (names.size() == current) {
    throw Error::WithHint(ErrorKind::kUsage,
                          "the file names no endpoint that has a certificate: that would retire " +
                              Counted(current, "endpoint", "endpoints, all there are"),
                          "--yes, if that is meant");
  }
}

int Retire(Session& session, const Options& options) {
  const bool by_file = !options.not_in.empty();
  if (by_file != options.names.empty()) {
    throw Error::WithHint(ErrorKind::kUsage, "say which endpoints: NAMEs, or --not-in FLEET",
                          "see fleetmint retire --help");
  }
  std::optional<int> reason;
  if (options.revoke) {
    reason = static_cast<int>(ParseReason(
        options.reason.empty() ? std::string("cessation-of-operation") : options.reason));
  }
  Workspace workspace = Workspace::Open(LockedAuthority::Acquire(session.ca, "retire"), session.out,
                                        session.clock, session.ui);
  SayRecovery(session, workspace.recovered());
  const std::vector<std::string> names =
      by_file ? NotIn(session, options.not_in, workspace) : options.names;
  Agree(session, options, workspace, names);
  const RetireReport report = fleetmint::Retire(workspace, names, reason, session.clock.Now());
  const PublishReport published =
      Publish(workspace.authority(), workspace.output(), session.clock.Now());
  if (session.json) {
    const nlohmann::ordered_json object{
        {"retired", report.retired}, {"revoked", report.revoked}, {"removed", report.removed}};
    session.ui.Out(object.dump() + "\n");
  }
  session.ui.Say(
      "endpoints retired: " + std::to_string(report.retired) + "; certificates revoked: " +
          std::to_string(report.revoked) + "; files removed: " + std::to_string(report.removed),
      report.revoked == 0 ? ""
                          : "servers learn of it by the CRL: fleetmint crl --ca " +
                                ShellWord(session.ca) + " --out " + ShellWord(session.out));
  WarnOfMissing(session, published, session.out);
  return 0;
}

}  // namespace

void AddRetire(CLI::App& app, Session& session) {
  auto* const command =
      app.add_subcommand("retire", "hosts that are gone leave manifest, bundles and passwords");
  auto options = std::make_shared<Options>();
  command->add_option("NAME", options->names, "endpoints")->check(NotEmpty);
  command
      ->add_option("--not-in", options->not_in,
                   "all whose endpoint this fleet file does not name any more")
      ->check(NotEmpty)
      ->type_name("FLEET");
  AddCaOption(*command, session);
  AddOut(*command, session);
  auto* const revoke =
      command->add_flag("--revoke", options->revoke, "revoke all of their certificates, too");
  command->add_option("--reason", options->reason, "of --revoke (cessation-of-operation)")
      ->check(NotEmpty)
      ->needs(revoke);
  command->add_flag("--yes", options->yes, "do not ask");
  AddProfiles(*command, session);
  AddCommonOptions(*command, session);
  command->footer(
      "The certificates stay valid until they end, unless --revoke. An endpoint comes back by\n"
      "fleetmint issue, with a new key. Bundles are removed: a private key is nowhere else.\n\n"
      "Example: fleetmint retire --not-in fleet.yaml --ca ca --out out --revoke");
  command->callback([&session, options] {
    session.action = [&session, options] { return Retire(session, *options); };
  });
}

}  // namespace fleetmint::cli
