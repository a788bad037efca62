// `fleetmint verify`: open every bundle again and check everything.
#include <nlohmann/json.hpp>

#include "engine/authority/run_lock.h"
#include "engine/cli/session.h"
#include "engine/pipeline/recover.h"
#include "engine/pipeline/verify.h"

namespace fleetmint::cli {
namespace {

int RunVerify(Session& session) {
  const Catalog catalog = session.LoadCatalog();
  Authority authority = Authority::Open(session.ca);
  const OutputDirectory output = OutputDirectory::Open(session.out, authority.id());
  session.UnlockFleetKey(authority);
  Ledger ledger = Ledger::Open(authority.LedgerPath());
  std::string holder;
  if (const auto lock = RunLock::TryAcquire(authority.directory(), "verify", &holder)) {
    Recover(ledger, output, session.ui);
  } else {
    session.ui.Warn("a run is going on (" + holder + "): its chunks in flight may be reported");
  }
  const VerifyReport report = Verify(ledger, authority, output, catalog, session.clock,
                                     session.Threads(), session.signals.token());
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
    const nlohmann::ordered_json object{
        {"endpoints", report.endpoints}, {"files", report.files}, {"findings", findings}};
    text = object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  session.ui.Out(text);
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
  AddThreads(*command, session);
  AddProfiles(*command, session);
  AddPassphrase(*command, session);
  AddCommonOptions(*command, session);
  command->footer(
      "Exit code 1 with findings, one a line on stdout. Example: fleetmint verify --ca ca --out "
      "out");
  command->callback([&session] { session.action = [&session] { return RunVerify(session); }; });
}

}  // namespace fleetmint::cli
