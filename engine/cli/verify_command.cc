// `fleetmint verify`: open every bundle again and check everything.
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/cli/session.h"
#include "engine/pipeline/open_output.h"
#include "engine/pipeline/verify.h"

namespace fleetmint::cli {
namespace {

VerifyReport Examine(Session& session, const Catalog& catalog) {
  Authority authority = Authority::Open(session.ca);
  Ledger ledger = authority.OpenLedger();
  std::optional<OutputDirectory> output;
  try {
    output.emplace(OpenOutput(session.out, authority, ledger));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFindings) throw;
    VerifyReport report;  // damage that leaves nothing to go on with
    for (const Fault& fault : error.faults()) {
      const std::string where = fault.where.ToString();
      report.findings.push_back({"", "", where + (where.empty() ? "" : ": ") + fault.message});
    }
    return report;
  }
  session.UnlockFleetKey(authority);
  const auto lock =
      RecoverIfAlone(session, "verify", authority, ledger, *output,
                     "what it has committed is verified; manifest and strangers are not");
  return Verify(ledger, authority, *output, catalog, session.clock, session.Threads(),
                /*run_in_progress=*/!lock, session.signals.TakeToken());
}

int RunVerify(Session& session) {
  const Catalog catalog = session.LoadCatalog();
  const VerifyReport report = Examine(session, catalog);
  nlohmann::ordered_json findings = nlohmann::ordered_json::array();
  std::string text;
  for (const Finding& finding : report.findings) {
    findings.push_back(
        {{"endpoint", finding.endpoint}, {"path", finding.path}, {"message", finding.message}});
    for (const std::string& part : {finding.endpoint, finding.path})
      text += part.empty() ? "" : part + ": ";
    text += finding.message + "\n";
  }
  if (session.json) {
    const nlohmann::ordered_json object{{"endpoints", report.endpoints},
                                        {"files", report.files},
                                        {"delivered", report.delivered},
                                        {"profile_not_compared", report.profile_not_compared},
                                        {"findings", findings}};
    text = object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  session.ui.Out(text);
  if (report.profile_not_compared != 0) {
    session.ui.Say(std::to_string(report.profile_not_compared) +
                   " were issued under overrides, or under another version of their profile: what "
                   "the profile says was not compared");
  }
  if (report.delivered != 0) {
    session.ui.Say(std::to_string(report.delivered) +
                   " bundles were delivered and are not here any more");
  }
  session.ui.Say("verified " + std::to_string(report.endpoints) + " endpoints, " +
                 std::to_string(report.files) +
                 " files: " + std::to_string(report.findings.size()) + " findings");
  return report.findings.empty() ? 0 : ExitCode(ErrorKind::kFindings);
}

}  // namespace

void AddVerify(CLI::App& app, Session& session) {
  auto* const command =
      app.add_subcommand("verify", "open every bundle again and check everything");
  AddCaOption(*command, session);
  AddOut(*command, session);
  AddThreads(*command, session, "threads that open bundles");
  AddProfiles(*command, session);
  AddPassphrase(*command, session);
  AddCommonOptions(*command, session);
  command->footer(
      "Exit code 1 with findings, one a line on stdout. Example: fleetmint verify --ca ca --out "
      "out");
  command->callback([&session] { session.action = [&session] { return RunVerify(session); }; });
}

}  // namespace fleetmint::cli
