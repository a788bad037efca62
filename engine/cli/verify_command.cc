// `fleetmint verify`: open every bundle again and check everything.
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/cli/session.h"
#include "engine/pipeline/verify.h"

namespace fleetmint::cli {
namespace {

// Damage that leaves nothing to go on with is a finding, too.
VerifyReport Unreadable(const Error& error) {
  VerifyReport report;
  for (const Fault& fault : error.faults()) {
    const std::string where = fault.where.ToString();
    report.findings.push_back({"", "",
                               where + (where.empty() ? "" : ": ") + fault.message +
                                   (fault.hint.empty() ? "" : " (" + fault.hint + ")")});
  }
  return report;
}

VerifyReport Examine(Session& session, const Authority& authority, const OutputDirectory& output,
                     bool run_in_progress) {
  const PasswordMaker passwords = session.UnlockPasswords(authority);
  return Verify({authority, passwords, output, run_in_progress}, session.clock, session.Threads(),
                session.signals.TakeToken());
}

// Whether nobody can write to the authority: then no run is going on, and none can be recovered.
bool IsReadOnlyMedium(const Error& error) { return error.cause() == ErrorCause::kUnsupported; }

VerifyReport Examine(Session& session) {
  bool run_in_progress = true;
  try {
    try {
      if (const auto workspace =
              OpenIfFree(session, "verify",
                         "what it has committed is verified; manifest and strangers are not")) {
        return Examine(session, workspace->authority(), workspace->output(), false);
      }
    } catch (const Error& error) {
      if (!IsReadOnlyMedium(error)) throw;
      run_in_progress = false;
    }
    const auto workspace = ReadingWorkspace::Open(session.ca, session.out);
    return Examine(session, workspace.authority(), workspace.output(), run_in_progress);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFindings) throw;
    return Unreadable(error);
  }
}

int RunVerify(Session& session) {
  const VerifyReport report = Examine(session);
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
                                        {"findings", findings}};
    text = object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  session.ui.Out(text);
  if (report.delivered != 0) {
    session.ui.Say(
        Counted(report.delivered, "bundle was delivered and is", "bundles were delivered and are") +
        " not here any more");
  }
  session.ui.Say("verified " + Counted(report.endpoints, "endpoint") + ", " +
                 Counted(report.files, "file") + ": " + Counted(report.findings.size(), "finding"));
  return report.findings.empty() ? 0 : ExitCode(ErrorKind::kFindings);
}

}  // namespace

void AddVerify(CLI::App& app, Session& session) {
  auto* const command =
      app.add_subcommand("verify", "open every bundle again and check everything");
  AddCaOption(*command, session);
  AddOut(*command, session);
  AddThreads(*command, session, "threads that open bundles");
  AddPassphrase(*command, session);
  AddCommonOptions(*command, session);
  command->footer(
      "Exit code 1 with findings, one a line on stdout. Example: fleetmint verify --ca ca --out "
      "out");
  command->callback([&session] { session.action = [&session] { return RunVerify(session); }; });
}

}  // namespace fleetmint::cli
