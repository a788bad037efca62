// `fleetmint ca adopt`: a ledger that was restored from an older backup learns what an output
// knows.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/ca_subcommand.h"
#include "engine/pipeline/adopt.h"

namespace fleetmint::cli {
namespace {

struct Options {
  std::string lost;
  bool yes = false, dry_run = false;
};

std::string CommandOf(const Session& session) {
  return "fleetmint ca adopt --ca " + ShellWord(session.ca);
}

// The first of many, and how many there are besides.
std::string Listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(kMost, names.size()); ++i) {
    text += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  if (names.size() > kMost) text += " and " + std::to_string(names.size() - kMost) + " more";
  return text;
}

void SayUnasked(Session& session, const Ledger& ledger) {
  const std::vector<std::string> unasked = ledger.Unasked();
  if (unasked.empty()) return;
  session.ui.Warn(
      "no CRL is signed before the outputs of these fleets were asked, too: " + Listed(unasked),
      "for each of them: " + CommandOf(session) + " --out OUT; if that output is lost: " +
          CommandOf(session) + " --lost " + ShellWord(unasked.front()));
}

int Lost(Session& session, const Options& options) {
  LockedAuthority locked = LockedAuthority::Acquire(session.ca, "ca adopt");
  Ledger& ledger = locked.authority().ledger();
  if (!ledger.FleetAsked(options.lost)) {
    const std::vector<std::string> unasked = ledger.Unasked();
    throw Error::WithHint(ErrorKind::kUsage,
                          "no output of a fleet '" + options.lost + "' is waited for",
                          unasked.empty() ? "nothing has shown that this ledger is older than an "
                                            "output; --lost is not needed"
                                          : "waited for are those of " + Listed(unasked));
  }
  if (session.json) {
    session.ui.Out(
        nlohmann::ordered_json{{"lost", options.lost}, {"unasked", ledger.Unasked()}}.dump() +
        "\n");
  }
  session.ui.Say("the output of fleet '" + options.lost +
                 "' is lost: what was issued into it since the backup is not known");
  SayUnasked(session, ledger);
  return 0;
}

void SayRefused(Session& session, const AdoptPlan& plan) {
  constexpr std::size_t kMost = 20;
  for (std::size_t i = 0; i < std::min(kMost, plan.refused.size()); ++i) {
    session.ui.Warn("refused: " + plan.refused[i].what + ": " + plan.refused[i].why);
  }
  if (plan.refused.size() > kMost) {
    session.ui.Warn("refused: " + std::to_string(plan.refused.size() - kMost) + " more");
  }
}

void SayWhatIsUncertain(Session& session, const AdoptPlan& plan) {
  if (!plan.settings_guessed.empty()) {
    session.ui.Warn(
        "no record is left of " + Counted(plan.settings_guessed.size(), "certificate") +
        ": adopted from the bundle, with settings that fit it: " + Listed(plan.settings_guessed));
  }
  if (!plan.reported.empty()) {
    session.ui.Warn(
        "known from the manifest alone, which nothing proves: " +
            Counted(plan.reported.size(), "certificate") + ", of " + Listed(plan.reported) +
            "; they can be revoked, and are not issued anew unasked",
        "fleetmint renew FLEET --only NAME gives one a certificate that this ledger has");
  }
  if (!plan.said_revoked.empty()) {
    session.ui.Warn("the manifest has these as revoked, and no CRL does; they stay valid: " +
                        Listed(plan.said_revoked),
                    "fleetmint revoke NAME --ca " + ShellWord(session.ca) + " revokes them again");
  }
}

void CheckRefused(Session& session, const Options& options, const AdoptPlan& plan) {
  const auto doubts = std::count_if(plan.refused.begin(), plan.refused.end(),
                                    [](const Refused& one) { return one.doubtful; });
  if (doubts == 0 || options.yes || options.dry_run) return;
  throw Error::WithHint(
      ErrorKind::kInput,
      "nothing is adopted: of " +
          Counted(static_cast<std::size_t>(doubts), "thing that was refused it is",
                  "things that were refused it is") +
          " not certain that no certificate in use is left out",
      "a newer backup of the authority may know them; where there is none: " + CommandOf(session) +
          " --out " + ShellWord(session.out) + " --yes goes on without them");
}

void Print(Session& session, const AdoptPlan& plan, const AdoptionCount& count, bool dry_run) {
  if (!session.json) return;
  nlohmann::ordered_json refused = nlohmann::ordered_json::array();
  for (const Refused& one : plan.refused) {
    refused.push_back({{"what", one.what}, {"why", one.why}});
  }
  const nlohmann::ordered_json object{
      {"fleet", plan.adoption.fleet}, {"dry_run", dry_run},           {"adopted", count.issued},
      {"reported", count.reported},   {"abandoned", count.abandoned}, {"revoked", count.revoked},
      {"listed", count.listed},       {"delivered", count.delivered}, {"refused", refused}};
  session.ui.Out(object.dump() + "\n");
}

// What a dry run can tell.
AdoptionCount Foreseen(const AdoptPlan& plan) {
  AdoptionCount count;
  for (const AdoptedCertificate& one : plan.adoption.certificates) {
    if (one.as == AdoptedCertificate::As::kIssued) {
      ++count.issued;
    } else if (one.as == AdoptedCertificate::As::kAbandoned) {
      ++count.abandoned;
    } else {
      ++count.reported;
    }
  }
  count.delivered = plan.adoption.delivered.size();
  return count;
}

std::string Summary(const AdoptionCount& count) {
  return Counted(count.issued, "certificate") + " with a record, " +
         std::to_string(count.reported) + " known from the manifest alone, " +
         std::to_string(count.abandoned) + " abandoned; " + std::to_string(count.revoked) +
         " revoked by CRLs, which name " + Counted(count.listed, "more serial") + "; " +
         Counted(count.delivered, "bundle") + " delivered";
}

int Adopt(Session& session, const Options& options) {
  if (session.out.empty() == options.lost.empty()) {
    throw Error::WithHint(ErrorKind::kUsage,
                          "say which output: --out OUT, or --lost FLEET where it is lost",
                          "see fleetmint ca adopt --help");
  }
  if (!options.lost.empty()) return Lost(session, options);
  LockedAuthority locked = LockedAuthority::Acquire(session.ca, "ca adopt");
  const OutputDirectory output = OpenOutput(session.out, locked.authority());
  std::optional<PasswordMaker> passwords;
  const std::function<const PasswordMaker&()> ask = [&]() -> const PasswordMaker& {
    if (!passwords) passwords = session.UnlockPasswords(locked.authority());
    return *passwords;
  };
  const Time now = session.clock.Now();
  const AdoptPlan plan = PlanAdoption(locked.authority(), output, ask, session.random, now);
  if (!plan.empty) SayRefused(session, plan);
  if (!plan.empty) CheckRefused(session, options, plan);
  if (options.dry_run) {
    const AdoptionCount count = Foreseen(plan);
    session.ui.Say(plan.empty ? "nothing to adopt" : "would adopt " + Summary(count));
    Print(session, plan, count, true);
    return 0;
  }
  AdoptionCount count;
  if (!plan.empty) count = fleetmint::Adopt(locked, plan, now);
  // From here on it is an output like any other.
  const Workspace workspace =
      Workspace::Open(std::move(locked), session.out, session.clock, session.ui);
  SayRecovery(session, workspace.recovered());
  const PublishReport published = Publish(workspace.authority(), workspace.output(), now);
  session.ui.Say(plan.empty ? "nothing to adopt: the ledger knows what '" + session.out + "' knows"
                            : "adopted " + Summary(count));
  Print(session, plan, count, false);
  if (!plan.empty) SayWhatIsUncertain(session, plan);
  WarnOfMissing(session, published, session.out);
  SayUnasked(session, workspace.ledger());
  return plan.empty || plan.refused.empty() ? 0 : ExitCode(ErrorKind::kFindings);
}

}  // namespace

void AddCaAdopt(CLI::App& ca, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* const command =
      AddCaSubcommand(ca, session, options, "adopt",
                      "after an older backup was restored: learn what an output knows", Adopt);
  command->add_option("--out", session.out, "the output; once for each fleet's")
      ->type_name("DIR")
      ->check(NotEmpty);
  command
      ->add_option("--lost", options->lost,
                   "a fleet whose output is lost: what it knew is not waited for")
      ->type_name("FLEET")
      ->check(NotEmpty);
  command->add_flag("--dry-run", options->dry_run, "say what would be adopted, write nothing");
  command->add_flag("--yes", options->yes, "go on without what is refused");
  AddPassphrase(*command, session);
  command->footer(
      "Adopted is what a CA of this authority has signed: certificates that the output has "
      "recorded\n"
      "or whose bundles open, and what its CRLs revoke. What the manifest alone tells can be "
      "revoked,\n"
      "and is not issued anew unasked. The passphrase is asked for where a bundle is to be "
      "opened.\n\n"
      "Example: fleetmint ca adopt --ca ca --out out");
}

}  // namespace fleetmint::cli
