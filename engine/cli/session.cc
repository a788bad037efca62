#include "engine/cli/session.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/prime/kernel.h"

namespace fleetmint::cli {
namespace {

std::vector<std::string> KernelChoices() {
  std::vector<std::string> names{"auto"};
  names.insert(names.end(), prime::kKernelNames.begin(), prime::kKernelNames.end());
  return names;
}

}  // namespace

KeyOptions Session::Keys() {
  KeyOptions options;
  if (kernel != "auto") {
    options.kernel = prime::FindKernel(kernel);
    if (options.kernel == nullptr) {
      throw Error::WithHint(
          ErrorKind::kUsage, "kernel '" + kernel + "' cannot run on this machine",
          "leave --kernel out: " + std::string(prime::BestKernel().name) + " is the fastest here");
    }
  }
  if (candidates == "fresh") options.candidates = prime::CandidateKind::kFresh;
  if (!independent_check) independent_check.emplace(check_every);
  options.independent_check = &*independent_check;
  options.canaries = &canaries;
  return options;
}

Catalog Session::LoadCatalog() const {
  Catalog catalog = Catalog::Builtin();
  FaultList faults("profiles");
  for (const std::string& path : profile_paths) {
    if (std::filesystem::is_directory(path)) {
      catalog.AddDirectory(path, faults);
    } else {
      catalog.AddFile(path, faults);
    }
  }
  faults.ThrowIfAny();
  return catalog;
}

bool CanAsk() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

void Session::Confirm(const std::string& question, const std::string& declined) {
  const Signals::Waiting waiting(signals);
  std::cerr << "fleetmint: " << question << " yes or no: " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "yes") throw Error(ErrorKind::kUsage, declined);
}

PasswordMaker Session::UnlockPasswords(const Authority& authority) {
  UserPassphrase source = Passphrase();
  return authority.UnlockPasswords(&source);
}

std::optional<Seconds> CrlValidity(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const Seconds validity = ParsePeriod("--valid-for", text);
  if (validity >= std::chrono::minutes{1}) return validity;
  throw Error::WithHint(ErrorKind::kUsage, "--valid-for " + text + " is too short",
                        "e.g. --valid-for 30d; sign anew before half of it is over");
}

Seconds ParsePeriod(const std::string& option, const std::string& text) {
  const Seconds period = ParseDuration(text);
  if (!text.ends_with('m')) return period;
  const auto count = static_cast<std::size_t>(period.count() / 60);
  throw Error::WithHint(ErrorKind::kUsage, option + " " + text + " is " + Counted(count, "minute"),
                        "write " + std::to_string(30 * count) + "d for " + Counted(count, "month"));
}

void WarnOfCrl(Session& session, const CrlState& state) {
  const Fault& fault = state.failure->faults().front();
  session.ui.Warn("the CRL of '" + state.issuer + "' is not signed: " + fault.message, fault.hint);
}

namespace {

Directory FolderOf(const std::string& path) {
  const auto slash = path.rfind('/');
  return Directory::Open(slash == std::string::npos ? "." : path.substr(0, slash + 1));
}

}  // namespace

void CheckFolderOf(const std::string& path) { static_cast<void>(FolderOf(path)); }

void WriteFile(const std::string& path, ByteView content) {
  FolderOf(path).WriteDurably(path.substr(path.rfind('/') + 1), content);  // npos + 1 is 0
}

std::string NotEmpty(const std::string& value) {
  return value.empty() ? "an empty value selects nothing" : "";
}

void AddCommonOptions(CLI::App& command, Session& session) {
  command.add_flag("--json", session.json, "print one machine-readable object on stdout");
  command.add_flag("--quiet", session.quiet, "no summary and no progress; errors still speak");
  command.add_option("--log-level", session.log_level, "info, warning (default) or error")
      ->check(CLI::IsMember({"info", "warning", "error"}));
}

void AddCaOption(CLI::App& command, Session& session, bool required) {
  auto* const option = command.add_option("--ca", session.ca, "the authority's directory");
  option->type_name("DIR");
  if (required) option->required();
}

void AddOut(CLI::App& command, Session& session) {
  command.add_option("--out", session.out, "the directory that is shipped")
      ->type_name("DIR")
      ->required();
}

void AddProfiles(CLI::App& command, Session& session) {
  command
      .add_option("--profiles", session.profile_paths,
                  "profile file or directory of your own; repeatable")
      ->type_name("PATH")
      ->expected(1)  // one value each time: the next word is the command's own argument
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

void AddPassphrase(CLI::App& command, Session& session) {
  auto* const file = command.add_option("--passphrase-file", session.passphrase.file,
                                        "file (mode 0600) whose first line is the passphrase (or "
                                        "FLEETMINT_PASSPHRASE_FILE)");
  file->type_name("FILE");
  command
      .add_option("--passphrase-fd", session.passphrase.descriptor,
                  "open descriptor to read it from")
      ->type_name("N")
      ->check(CLI::Range(0, 1 << 20))
      ->excludes(file);
}

void AddThreads(CLI::App& command, Session& session, const std::string& what) {
  command.add_option("--threads", session.threads, what + " (default: every usable processor)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
}

void AddKernel(CLI::App& command, Session& session) {
  command.add_option("--kernel", session.kernel, "the code that searches primes (default: auto)")
      ->type_name("NAME")
      ->check(CLI::IsMember(KernelChoices()));
}

void AddKeyWork(CLI::App& command, Session& session) {
  AddThreads(command, session, "key workers");
  AddKernel(command, session);
  command
      .add_option(
          "--candidates", session.candidates,
          "windowed (default): fastest; fresh: every candidate drawn anew, "
          "from the upper part of the range of FIPS 186-5 A.1.3, for hosts shared with others")
      ->check(CLI::IsMember({"windowed", "fresh"}));
  command
      .add_option(
          "--check-every", session.check_every,
          "one RSA key in N, the first included, is tested again by Botan's own code (default: "
          "256)")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
}

void SayRecovery(Session& session, const RecoveryReport& report) {
  if (report.finished + report.discarded + report.abandoned == 0) return;
  session.ui.Say("recovered from an unfinished run: " + Counted(report.finished, "file") +
                 " put in place, " + std::to_string(report.discarded) + " discarded, " +
                 Counted(report.abandoned, "reservation") + " abandoned");
}

std::optional<Workspace> OpenIfFree(Session& session, const std::string& command,
                                    const std::string& consequence) {
  std::string holder;
  auto locked = LockedAuthority::TryAcquire(session.ca, command, &holder);
  if (!locked) {
    session.ui.Warn("a run is going on (" + holder + "): " + consequence);
    return std::nullopt;
  }
  auto workspace = Workspace::Open(std::move(*locked), session.out, session.clock, session.ui);
  SayRecovery(session, workspace.recovered());
  return workspace;
}

namespace {

constexpr std::size_t kMostNamed = 5;
constexpr const char* kRestoreLedger =
    "restore the ledger from a backup of the authority's directory; fleetmint verify names all "
    "that is damaged";

// "'a', 'b', ...".
std::string Quoted(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); ++i) {
    text += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  return text + (names.size() > kMostNamed ? ", ..." : "");
}

// The command that records these endpoints, and no others, as delivered.
std::string DeliveredCommand(const Session& session, const std::vector<std::string>& names,
                             const std::string& out) {
  std::string text = "fleetmint delivered";
  for (std::size_t i = 0; i < names.size() && names.size() <= kMostNamed; ++i) {
    text += " " + ShellWord(names[i]);
  }
  if (names.size() > kMostNamed) text += " NAME...";
  return text + " --ca " + ShellWord(session.ca) + " --out " + ShellWord(out);
}

}  // namespace

void WarnOfMissing(Session& session, const PublishReport& report, const std::string& out) {
  if (!report.missing.empty()) {
    session.ui.Warn(Counted(report.missing.size(), "bundle is", "bundles are") +
                        " not in the output, and not in the manifest: " + Quoted(report.missing),
                    "restore them from a backup, or let `issue --replace-damaged` make new ones; "
                    "those that were shipped and deleted on purpose: " +
                        DeliveredCommand(session, report.missing, out));
  }
  if (!report.damaged.empty()) {
    session.ui.Warn("the ledger's record of " + Counted(report.damaged.size(), "endpoint") +
                        " is damaged; not in the manifest: " + Quoted(report.damaged),
                    kRestoreLedger);
  }
}

void DamageWarner::Warn(const LedgerRow& row, const std::string& damage) {
  ui_.Warn("endpoint '" + row.endpoint + "', serial " + SerialHex(row.serial) + ": " + damage,
           warned_ ? "" : kRestoreLedger);
  warned_ = true;
}

void CheckFleet(const Ledger& ledger, const std::string& fleet) {
  if (fleet.empty()) return;
  const std::vector<std::string> fleets = ledger.Fleets();
  if (std::find(fleets.begin(), fleets.end(), fleet) != fleets.end()) return;
  throw Error::WithHint(ErrorKind::kUsage, "unknown fleet '" + fleet + "'",
                        DidYouMean(fleet, fleets));
}

KeySpec ParseKeyName(const std::string& name) {
  if (const auto spec = ParseKeySpecWord(name)) return *spec;
  throw Error::WithHint(ErrorKind::kUsage, "unknown key '" + name + "'",
                        DidYouMean(name, KeySpecWords()));
}

}  // namespace fleetmint::cli
