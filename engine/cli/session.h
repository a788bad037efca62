// Session: what every command works with, and the options they share.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/cli/passphrase.h"
#include "engine/cli/process.h"
#include "engine/cli/ui.h"
#include "engine/keys/generate.h"
#include "engine/pipeline/crl.h"
#include "engine/pipeline/publish.h"
#include "engine/pipeline/workspace.h"
#include "engine/prime/canaries.h"
#include "profiles/catalog.h"

namespace fleetmint::cli {

struct Session {
  explicit Session(Signals& stop_signals) : signals(stop_signals), streams(random) {}

  Signals& signals;
  Ui ui;
  SystemClock clock;
  SystemRandom random;
  SystemStreams streams;
  std::function<int()> action;  // set by the command that was chosen

  // Options, filled in by the parser.
  bool json = false, quiet = false;
  std::string log_level;
  unsigned threads = 0;  // 0: every usable processor
  std::string kernel = "auto";
  std::string candidates = "windowed";
  unsigned check_every = 256;  // one RSA key in so many is tested again by Botan
  std::optional<IndependentCheck> independent_check;  // made by Keys
  prime::Canaries canaries;
  std::vector<std::string> profile_paths;
  PassphraseOptions passphrase;
  std::string ca, out;

  // Keys gives the options of key generation; throws Error(kUsage) if the kernel cannot run here.
  KeyOptions Keys();
  unsigned Threads() const { return threads == 0 ? UsableProcessors() : threads; }
  // LoadCatalog gives the built-in profiles and those of --profiles.
  Catalog LoadCatalog() const;
  UserPassphrase Passphrase() { return {passphrase, signals}; }
  PasswordMaker UnlockPasswords(const Authority& authority);
  // Confirm puts a question to the person at the terminal (with --json, too: questions are no
  // results). Only "yes" is yes; anything else throws Error(kUsage) with `declined`, before a
  // result is printed.
  void Confirm(const std::string& question, const std::string& declined);
};

// CanAsk tells whether there is somebody to put a question to.
bool CanAsk();

// CrlValidity reads --valid-for; nothing where it is empty. Throws Error(kUsage) under a minute.
std::optional<Seconds> CrlValidity(const std::string& text);

// ParsePeriod reads the duration of an option that counts days, weeks or years. Throws
// Error(kUsage) for minutes: who writes 1m means a month.
Seconds ParsePeriod(const std::string& option, const std::string& text);

// WarnOfCrl says why a CRL could not be signed.
void WarnOfCrl(Session& session, const CrlState& state);

// WriteFile writes a file that the user has named, durably; CheckFolderOf throws what it would
// where there is no folder for it.
void CheckFolderOf(const std::string& path);
void WriteFile(const std::string& path, ByteView content);

// NotEmpty is a check of options for which an empty value, as an unset variable of a script leaves
// it, means nothing.
std::string NotEmpty(const std::string& value);

// Option groups that commands put together.
void AddCommonOptions(CLI::App& command, Session& session);
void AddCaOption(CLI::App& command, Session& session, bool required = true);
void AddOut(CLI::App& command, Session& session);
void AddProfiles(CLI::App& command, Session& session);
void AddPassphrase(CLI::App& command, Session& session);
void AddThreads(CLI::App& command, Session& session, const std::string& what);
void AddKernel(CLI::App& command, Session& session);
// AddKeyWork adds --threads, --kernel, --candidates and --check-every, for commands that make keys.
void AddKeyWork(CLI::App& command, Session& session);

// OpenIfFree opens the output under the run lock, and says what recovery has done; where a run is
// going on it gives nothing, and a warning with the lock's holder and `consequence`.
std::optional<Workspace> OpenIfFree(Session& session, const std::string& command,
                                    const std::string& consequence);
// SayRecovery tells what recovery has done, if anything.
void SayRecovery(Session& session, const RecoveryReport& report);

// WarnOfMissing names the endpoints that a manifest leaves out: their bundles are not there, or the
// ledger's record of them is damaged.
void WarnOfMissing(Session& session, const PublishReport& report, const std::string& out);

// DamageWarner warns of each row of the ledger that is damaged, and says once what to do about it.
class DamageWarner {
 public:
  explicit DamageWarner(Ui& ui) : ui_(ui) {}
  void Warn(const LedgerRow& row, const std::string& damage);
  bool warned() const { return warned_; }

 private:
  Ui& ui_;
  bool warned_ = false;
};

// CheckFleet throws Error(kUsage) for a --fleet that the ledger does not know: a misspelling, not
// an empty answer. "" is every fleet.
void CheckFleet(const Ledger& ledger, const std::string& fleet);

// ParseKeyName reads "rsa-2048", "p256" and the like (KeySpecWord). Throws Error(kUsage).
KeySpec ParseKeyName(const std::string& name);

// The commands; each adds itself to the parser.
void AddCheck(CLI::App& app, Session& session);
void AddCaCommands(CLI::App& app, Session& session);
void AddCaRotation(CLI::App& ca, Session& session);    // some of its subcommands
void AddCaPassphrase(CLI::App& ca, Session& session);  // another one
void AddCaAdopt(CLI::App& ca, Session& session);       // another one
void AddIssue(CLI::App& app, Session& session);
void AddRenew(CLI::App& app, Session& session);
void AddRevoke(CLI::App& app, Session& session);
void AddCrl(CLI::App& app, Session& session);
void AddRetire(CLI::App& app, Session& session);
void AddInstalled(CLI::App& app, Session& session);
void AddStatus(CLI::App& app, Session& session);
void AddVerify(CLI::App& app, Session& session);
void AddList(CLI::App& app, Session& session);
void AddPasswords(CLI::App& app, Session& session);
void AddManifest(CLI::App& app, Session& session);
void AddDelivered(CLI::App& app, Session& session);
void AddProfilesCommand(CLI::App& app, Session& session);
void AddTestFleet(CLI::App& app, Session& session);
void AddBench(CLI::App& app, Session& session);

}  // namespace fleetmint::cli
