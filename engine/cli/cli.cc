#include "engine/cli/cli.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <span>
#include <string_view>

#include "engine/base/botan_error.h"
#include "engine/cli/session.h"
#include "engine/cli/usage_error.h"

namespace fleetmint::cli {
namespace {

constexpr const char* kFooter =
    "A first run:\n"
    "  fleetmint ca init --ca ca\n"
    "  fleetmint check fleet.yaml --ca ca\n"
    "  fleetmint issue fleet.yaml --ca ca --out out\n"
    "  fleetmint verify --ca ca --out out\n"
    "\n"
    "Exit codes: 0 done; 1 some endpoints failed, or findings; 2 usage, inventory, profile or "
    "output\n"
    "identity wrong, nothing issued; 3 authority, ledger or disk failed, resumable; 4 a key check\n"
    "disagreed, do not resume on this machine; 5 another run holds the authority, try again;\n"
    "130 interrupted, resumable.\n"
    "\n"
    "FLEETMINT_PASSPHRASE_FILE names the file of the passphrase where no option does.\n";

int UsageError(const CLI::App& app, const CLI::ParseError& error, std::span<char*> arguments,
               Session& session) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  const auto is_json = [](const char* word) { return std::string_view(word) == "--json"; };
  const bool json = std::any_of(arguments.begin(), arguments.end(), is_json);
  session.ui.Configure(/*quiet=*/false, json, "");
  session.ui.ReportAll(UsageErrorOf(app, error.what(), arguments));
  return ExitCode(ErrorKind::kUsage);
}

// Whether stdout is a pipe that nobody reads any more, as in `fleetmint list | head`: no fault.
bool ReaderHasGone() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

// Ends the process as a crash would, whose consequences are provided for: a library that has failed
// may wait for ever where it is taken down.
[[noreturn]] void EndAtOnce() {
  std::fflush(nullptr);
  ::_exit(ExitCode(ErrorKind::kDisk));
}

// The one place where an exception becomes an exit code.
int RunAction(Session& session) {
  try {
    return session.action();
  } catch (const Error& error) {
    session.ui.ReportAll(error);
    return ExitCode(error.kind());
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const Botan::Exception& error) {
    ThrowIfOutOfMemory(error);
    session.ui.ReportAll(Error(ErrorKind::kDisk, std::string("unexpected: ") + error.what()));
  } catch (const std::exception& error) {
    session.ui.ReportAll(Error(ErrorKind::kDisk, std::string("unexpected: ") + error.what()));
  }
  EndAtOnce();
}

int RunCommand(int argc, char** argv) {
  static Signals signals;  // its thread outlives every stack frame
  Session session(signals);
  if (const char* file = std::getenv("FLEETMINT_PASSPHRASE_FILE"))
    session.passphrase.env_file = file;

  CLI::App app{
      "fleetmint: certificates for a fleet: a YAML inventory in, one PFX per endpoint and a "
      "manifest out",
      "fleetmint"};
  app.set_version_flag("--version", "fleetmint " FLEETMINT_VERSION);
  app.footer(kFooter);
  app.require_subcommand(1);
  AddCheck(app, session);
  AddCaCommands(app, session);
  AddIssue(app, session);
  AddRenew(app, session);
  AddRevoke(app, session);
  AddCrl(app, session);
  AddRetire(app, session);
  AddInstalled(app, session);
  AddStatus(app, session);
  AddVerify(app, session);
  AddList(app, session);
  AddPasswords(app, session);
  AddManifest(app, session);
  AddDelivered(app, session);
  AddProfilesCommand(app, session);
  AddTestFleet(app, session);
  AddBench(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error, std::span(argv, static_cast<std::size_t>(argc)).subspan(1),
                      session);
  }
  session.ui.Configure(session.quiet, session.json, session.log_level);
  const int code = RunAction(session);
  if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && !ReaderHasGone()) {
    session.ui.Report(Error(ErrorKind::kDisk, "cannot write to stdout"));
    return code == 0 ? ExitCode(ErrorKind::kDisk) : code;
  }
  return code;
}

}  // namespace

int Run(int argc, char** argv) {
  HardenProcess();
  try {
    return RunCommand(argc, argv);
  } catch (const std::bad_alloc&) {
    SayOutOfMemory();
    EndAtOnce();
  }
}

}  // namespace fleetmint::cli
