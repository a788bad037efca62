// `fleetmint issue`: the main job.
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/session.h"
#include "engine/keys/generate.h"
#include "engine/pipeline/issue.h"
#include "engine/pipeline/presence.h"

namespace fleetmint::cli {
namespace {

struct Options {
  std::string fleet, layout;
  bool replace_damaged = false, wait = false;
};

LockedAuthority Lock(Session& session, const Options& options) {
  if (!options.wait) return LockedAuthority::Acquire(session.ca, "issue");
  return LockedAuthority::Wait(session.ca, "issue", [&](const std::string& holder) {
    session.ui.Say("waiting for another run: " + holder);
  });
}

// A clock that has gone back makes certificates that seem older than those they replace.
void WarnOfClock(Session& session, const Ledger& ledger) {
  constexpr std::chrono::minutes kTolerated{1};
  const Time now = session.clock.Now();
  const std::optional<Time> latest = ledger.LatestTime();
  if (!latest || now + kTolerated >= *latest) return;
  session.ui.Warn("the clock of this machine says " + FormatRfc3339(now) +
                      ", but the ledger has an entry of " + FormatRfc3339(*latest) +
                      ": it has gone back by " + FormatDuration(*latest - now),
                  "set the clock; what is issued now is dated by it");
}

void WarnOfPlan(Session& session, const PlanSummary& summary) {
  const auto warn = [&](std::size_t count, const char* what) {
    if (count != 0) session.ui.Warn(std::to_string(count) + " " + what);
  };
  warn(summary.changed, "were issued under other settings than today's, and stay as they are");
  for (const PlanChange& change : summary.changes) session.ui.Say(ChangeText(change));
  warn(summary.expired, "have a certificate that has expired, and are not issued anew");
  warn(summary.not_in_fleet,
       "certificates are current whose endpoint the fleet file no longer names");
  if (summary.already_issued != 0 && summary.to_issue != 0) {
    session.ui.Say(std::to_string(summary.to_issue) + " of " + std::to_string(summary.endpoints) +
                   " endpoints are left to issue");
  }
  if (summary.os_unknown != 0) {
    session.ui.Say(
        std::to_string(summary.os_unknown) +
        " endpoints have no os: modern encryption (Windows 10 1709, Server 2019 and later)");
  }
}

void Summarize(Session& session, const RunResult& result, const PlanSummary& summary,
               bool published) {
  const double rate = result.seconds > 0 ? static_cast<double>(result.issued) / result.seconds : 0;
  const std::string manifest = session.out + "/manifest.jsonl";
  if (session.json) {
    nlohmann::ordered_json object{
        {"issued", result.issued},          {"skipped", summary.already_issued},
        {"failed", result.failures.size()}, {"seconds", result.seconds},
        {"endpoints_per_second", rate},     {"kernel", session.Keys().Kernel().name},
        {"threads", session.Threads()},     {"manifest", nullptr}};
    if (published) object["manifest"] = manifest;
    session.ui.Out(object.dump() + "\n");
    return;
  }
  session.ui.Say("issued " + std::to_string(result.issued) + ", skipped " +
                 std::to_string(summary.already_issued) + " (issued before), failed " +
                 std::to_string(result.failures.size()));
  if (result.issued != 0) {
    session.ui.Say("in " + DurationText(result.seconds) + ": " + NumberText(rate) +
                   " endpoints/s, kernel " + std::string(session.Keys().Kernel().name) + ", " +
                   std::to_string(session.Threads()) + " threads");
  }
  session.ui.Say("bundles in " + session.out + "/bundles" +
                 (published ? ", manifest " + manifest : ""));
}

// What was issued stays issued if the manifest cannot be written: the run's result is told all the
// same.
std::optional<PublishReport> PublishAfterRun(Session& session, const Workspace& workspace) {
  try {
    PublishReport report = Publish(workspace.authority(), workspace.output());
    WarnOfMissing(session, report);
    return report;
  } catch (const Error& error) {
    session.ui.Report(error);
    session.ui.Hint("when that is mended: fleetmint manifest --ca " + ShellWord(session.ca) +
                    " --out " + ShellWord(session.out) + " writes the manifest");
    return std::nullopt;
  }
}

// Where syncfs or openat2 cannot be relied on, something slower does their work.
void SayStandIns(Session& session, const Directory& output) {
  if (const auto doubt = output.DoubtOfSyncfs()) {
    session.ui.Say("'" + output.path() + "': " + *doubt + ": every file is synced by itself");
  }
  if (!Directory::HasOpenAt2()) {
    session.ui.Say("openat2 is missing here: links are refused by O_NOFOLLOW and by name");
  }
}

// What a run that fails has acknowledged stays issued: that is told before the error is.
RunResult RunPlan(Session& session, const Plan& plan, IssuingWorkspace& workspace) {
  ProgressObserver observer(session.ui, plan.size());
  try {
    RunResult result = fleetmint::Issue(plan, workspace,
                                        {.clock = session.clock,
                                         .random = session.random,
                                         .streams = session.streams,
                                         .observer = observer,
                                         .threads = session.Threads(),
                                         .stop = session.signals.TakeToken(),
                                         .keys = session.Keys()});
    session.ui.EndProgress();
    return result;
  } catch (...) {
    session.ui.Say("issued " + std::to_string(observer.issued()) + " of " +
                   std::to_string(plan.size()) + " before the run failed");
    throw;
  }
}

// Everything that can be refused is refused here, before anything is written.
IssuingWorkspace OpenWorkspace(Session& session, const Options& options, Plan& plan) {
  LockedAuthority locked = Lock(session, options);
  WarnOfClock(session, locked.authority().ledger());
  const Time now = session.clock.Now();
  plan.Compare(locked.authority().ledger(), now);
  UserPassphrase passphrase = session.Passphrase();
  UnlockedAuthority unlocked =
      locked.authority().Unlock(&passphrase, session.clock, &session.Keys().Kernel());
  Issuer::CheckValidity(unlocked.issuer().certificate(), plan.longest_validity(), now);
  OutputRequest request{.path = session.out,
                        .fleet = plan.fleet_name(),
                        .folder = plan.folder(),
                        .layout = std::nullopt,
                        .make_again = options.replace_damaged};
  if (!options.layout.empty()) {
    request.layout = options.layout == "hashed" ? Layout::kHashed : Layout::kFlat;
  }
  return IssuingWorkspace::Open(std::move(locked), std::move(unlocked), request, session.random,
                                session.clock, session.ui);
}

void SelectLost(Session& session, const IssuingWorkspace& workspace, Plan& plan) {
  plan.Select(Selection::MissingOrLost(LostEndpoints(workspace.ledger(), workspace.output())));
  Issuer::CheckValidity(workspace.issuer().certificate(), plan.longest_validity(),
                        session.clock.Now());
  session.ui.Say(std::to_string(plan.summary().replaced) +
                 " bundles are missing or damaged, and are issued anew");
}

int Issue(Session& session, const Options& options) {
  session.Keys();  // refuses a kernel that cannot run here
  const Catalog catalog = session.LoadCatalog();
  Plan plan = Plan::Make(Fleet::Load(options.fleet, catalog), catalog);
  WarmUp();
  IssuingWorkspace workspace = OpenWorkspace(session, options, plan);
  SayRecovery(session, workspace.recovered());
  SayStandIns(session, workspace.output().root());
  if (options.replace_damaged) SelectLost(session, workspace, plan);
  WarnOfPlan(session, plan.summary());
  if (plan.size() == 0) session.ui.Say("nothing to do: every endpoint has its certificate");

  const RunResult result = RunPlan(session, plan, workspace);
  const std::optional<PublishReport> published = PublishAfterRun(session, workspace);
  if (result.clamped != 0) {
    session.ui.Warn(std::to_string(result.clamped) +
                    " certificates end with the issuing CA, earlier than asked");
  }
  Summarize(session, result, plan.summary(), published.has_value());
  if (!published) return ExitCode(ErrorKind::kDisk);
  if (result.interrupted) {
    session.ui.Say("interrupted: " + std::to_string(plan.size() - result.issued) + " of " +
                       std::to_string(plan.size()) + " are left",
                   "run the same command again to go on");
    return ExitCode(ErrorKind::kInterrupted);
  }
  const bool all_well =
      result.failures.empty() && published->complete() && plan.summary().expired == 0;
  return all_well ? 0 : ExitCode(ErrorKind::kEndpoint);
}

}  // namespace

void AddIssue(CLI::App& app, Session& session) {
  auto* const command =
      app.add_subcommand("issue", "issue what the fleet file names and has no certificate yet");
  auto options = std::make_shared<Options>();
  command->add_option("FLEET", options->fleet, "the fleet file")->required();
  AddCaOption(*command, session);
  AddOut(*command, session);
  command->add_option("--layout", options->layout, "flat or hashed; fixed at the first issue")
      ->check(CLI::IsMember({"flat", "hashed"}));
  command->add_flag("--replace-damaged", options->replace_damaged,
                    "issue anew, too, where a bundle is missing or damaged and was not delivered");
  command->add_flag("--wait", options->wait, "wait until another run of this authority has ended");
  AddKeyWork(*command, session);
  AddProfiles(*command, session);
  AddPassphrase(*command, session);
  AddCommonOptions(*command, session);
  command->footer(
      "Run it again to resume: endpoints that were issued are skipped.\n\n"
      "Example: fleetmint issue fleet.yaml --ca ca --out out");
  command->callback([&session, options] {
    session.action = [&session, options] { return Issue(session, *options); };
  });
}

}  // namespace fleetmint::cli
