// `fleetmint renew`: a new key and certificate where there is one already.
#include <algorithm>
#include <memory>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/minting.h"
#include "engine/pipeline/presence.h"

namespace fleetmint::cli {
namespace {

struct Options {
  MintOptions mint;
  std::string within;
  bool all = false, changed = false, issuer_retired = false, reinstate = false, yes = false;
  std::vector<std::string> what, only;
};

[[noreturn]] void Refuse(const std::string& message, const std::string& hint) {
  throw Error::WithHint(ErrorKind::kUsage, message, hint);
}

// A duration that selects what a renewal has just made would renew the fleet at every call.
Seconds Within(const std::string& text, const Plan& plan) {
  const Seconds within = ParsePeriod("--within", text);
  if (within == Seconds{0}) Refuse("--within " + text + " selects nothing", "e.g. --within 30d");
  const Seconds shortest = plan.ShortestValidity();
  if (within < shortest) return within;
  Refuse("--within " + text + " is not shorter than what is issued: the shortest validity is " +
             DurationText(shortest) + ", jitter taken off",
         "give a shorter one, or --all to renew everything");
}

std::vector<std::string> SettingKeys(const std::vector<std::string>& what) {
  std::vector<std::string> known;
  for (const std::string_view key : Settings::Keys()) known.emplace_back(key);
  for (const std::string& key : what) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    Refuse("--what " + key + " is no setting", DidYouMean(key, known));
  }
  return what;
}

// Every name stands in the file, has a current certificate, and may be renewed.
void CheckNames(const Plan& plan, const Selection& selection, bool reinstate) {
  const auto found = plan.Find(selection.names());
  for (const std::string& name : selection.names()) {
    const auto place = found.find(name);
    if (place == found.end()) {
      const auto& gone = plan.NotInFleet();
      const bool left = std::binary_search(gone.begin(), gone.end(), name);
      Refuse("the fleet file does not name endpoint '" + name + "'",
             left ? "it has a current certificate: put it back into the file to renew it"
                  : "names are those of the file, without domain");
    }
    if (place->second == nullptr) {
      Refuse("endpoint '" + name + "' has no current certificate",
             "fleetmint issue makes its first");
    }
    if (place->second->revoked && !reinstate) {
      Refuse("the certificate of endpoint '" + name + "' was revoked",
             "--reinstate gives the endpoint a new one; the revoked one stays revoked");
    }
  }
}

Selection Choose(const Options& options, const Plan& plan, const Authority& authority, Time now) {
  if (!options.within.empty()) return Selection::Expiring(Within(options.within, plan), now);
  if (options.changed) return Selection::Changed(SettingKeys(options.what));
  if (options.issuer_retired) return Selection::IssuerRetired(*authority.issuing());
  if (options.all) return Selection::All();
  Selection selection = Selection::Only(options.only, options.reinstate);
  CheckNames(plan, selection, options.reinstate);
  return selection;
}

// Whether a revoked endpoint is named to be reinstated: that is meant, though it was done before.
bool ReinstatesOne(const Plan& plan, const Selection& selection, bool reinstate) {
  if (!reinstate) return false;
  const auto found = plan.Find(selection.names());
  return std::any_of(found.begin(), found.end(), [](const auto& entry) {
    return entry.second != nullptr && entry.second->revoked;
  });
}

// A selection whose own result does not tell goes on with what was interrupted, and starts anew
// only if that is meant.
void ResumeOrStart(Session& session, Plan& plan, Selection selection, const Ledger& ledger,
                   bool anew) {
  const auto last = ledger.LastRunOf(plan.fleet_name(), selection.text());
  if (last && !anew && last->complete) {
    Refuse("this renewal is done: it began at " + FormatRfc3339(last->started_at) +
               " and left nothing over",
           "--yes renews the same endpoints once more");
  }
  if (last && !anew) {
    selection.Resume(last->first);
    session.ui.Say("goes on with the renewal that began at " + FormatRfc3339(last->started_at),
                   "--yes begins it anew");
  }
  plan.Select(selection);
}

int Renew(Session& session, const Options& options) {
  session.Keys();  // refuses a kernel that cannot run here
  const Catalog catalog = session.LoadCatalog();
  Plan plan = Plan::Make(Fleet::Load(options.mint.fleet, catalog), catalog);
  WarmUp();
  LockedAuthority locked = LockToMint(session, options.mint);
  const Authority& authority = locked.authority();
  const Ledger& ledger = authority.ledger();
  if (!ledger.OutputOf(plan.fleet_name())) {
    Refuse("nothing was issued of fleet '" + plan.fleet_name() + "' yet",
           "fleetmint issue makes the first certificates");
  }
  const Time now = session.clock.Now();
  plan.Compare(ledger, now, authority.CheckReady(session.clock));
  const Selection selection = Choose(options, plan, authority, now);
  if (selection.must_resume()) {
    ResumeOrStart(session, plan, selection, ledger,
                  options.yes || ReinstatesOne(plan, selection, options.reinstate));
  } else {
    plan.Select(selection);
  }
  IssuingWorkspace workspace = OpenToMint(session, options.mint, std::move(locked), plan);
  return MintPlan(session, plan, workspace, "nothing to do: no certificate is to be renewed");
}

}  // namespace

void AddRenew(CLI::App& app, Session& session) {
  auto* const command = app.add_subcommand(
      "renew",
      "new keys and certificates for endpoints that have one; the old ones are superseded");
  auto options = std::make_shared<Options>();
  options->mint.command = "renew";
  AddMintOptions(*command, session, options->mint);
  auto* const which = command->add_option_group("which", "exactly one of");
  which->add_option("--within", options->within, "those that end within a duration, e.g. 30d")
      ->check(NotEmpty);
  which->add_flag("--all", options->all, "all of them");
  auto* const changed =
      which->add_flag("--changed", options->changed, "those issued under other settings");
  which->add_flag("--issuer-retired", options->issuer_retired,
                  "those of an issuing CA that is not the current one");
  auto* const only = which->add_option("--only", options->only, "these endpoints")->check(NotEmpty);
  which->require_option(1);
  command
      ->add_option("--what", options->what, "of --changed: only if one of these settings differs")
      ->check(NotEmpty)
      ->needs(changed);
  command
      ->add_flag("--reinstate", options->reinstate,
                 "of --only: also where the certificate was revoked")
      ->needs(only);
  command->add_flag(
      "--yes", options->yes,
      "of --all and --only: from the beginning, though the same renewal was begun or done");
  command->footer(
      "Run it again to resume. The endpoint's current bundle stays until the new one is in place;\n"
      "the manifest then names the certificates that hosts are to remove.\n\n"
      "Example, as a weekly job: fleetmint renew fleet.yaml --ca ca --out out --within 30d");
  command->callback([&session, options] {
    session.action = [&session, options] { return Renew(session, *options); };
  });
}

}  // namespace fleetmint::cli
