#include "engine/cli/minting.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace fleetmint::cli {
namespace {

// A clock that has gone back makes certificates that seem older than those they replace.
void WarnOfClock(Session& session, const Ledger& ledger) {
  constexpr std::chrono::minutes kTolerated{1};
  const Time now = session.clock.Now();
  const std::optional<Time> latest = ledger.LatestTime();
  if (!latest || now + kTolerated >= *latest) return;
  session.ui.Warn("the clock of this machine says " + FormatRfc3339(now) +
                      ", but the ledger has an entry of " + FormatRfc3339(*latest) +
                      ": it has gone back by " + DurationText(*latest - now),
                  "set the clock; what is issued now is dated by it");
}

// A command on the same fleet, authority and output, to be copied as it stands.
std::string CommandOn(const Session& session, const std::string& command,
                      const std::string& options) {
  std::string text = "fleetmint " + command + " " + options;
  for (const std::string& path : session.profile_paths) text += " --profiles " + ShellWord(path);
  return text + " --ca " + ShellWord(session.ca) + " --out " + ShellWord(session.out);
}

void WarnOfPlan(Session& session, const Plan& plan) {
  const std::string file = ShellWord(plan.fleet().file());
  const PlanSummary& summary = plan.summary();
  const bool renews = plan.selection().renews();
  const auto warn = [&](std::size_t count, const char* one, const char* many,
                        const std::string& hint) {
    if (count != 0) session.ui.Warn(Counted(count, one, many), hint);
  };
  warn(summary.changed, "endpoint was issued under other settings than today's, and stays as it is",
       "endpoints were issued under other settings than today's, and stay as they are",
       "to renew them: " + CommandOn(session, "renew", file + " --changed"));
  for (const PlanChange& change : summary.changes) session.ui.Say(ChangeText(change));
  warn(summary.expired, "endpoint has a certificate that has expired, and is not issued anew",
       "endpoints have a certificate that has expired, and are not issued anew",
       "to renew them: " + CommandOn(session, "renew", file + " --within 1d"));
  if (summary.revoked != 0) {  // no warning: somebody meant it, and is not to be told every night
    session.ui.Say(
        Counted(summary.revoked,
                "endpoint has a certificate that was revoked, and is not issued anew",
                "endpoints have a certificate that was revoked, and are not issued anew"),
        "fleetmint renew FLEET --only NAME --reinstate gives one back its access, fleetmint "
        "retire NAME ends it");
  }
  warn(summary.at_end, "endpoint is not renewed: its certificate ends when not_after says",
       "endpoints are not renewed: their certificates end when not_after says",
       "give a later not_after in the fleet file");
  warn(summary.reported,
       "endpoint has a certificate that is known from a manifest alone, and is not issued anew",
       "endpoints have a certificate that is known from a manifest alone, and are not issued anew",
       "fleetmint renew FLEET --only NAME gives one a certificate that this ledger has");
  warn(summary.held_back - summary.at_end,
       "endpoint is not renewed: a new certificate would end with the issuing CA, hardly later "
       "than the old one",
       "endpoints are not renewed: a new certificate would end with the issuing CA, hardly later "
       "than the old one",
       "the issuing CA must be replaced first");
  warn(summary.not_in_fleet, "certificate is current whose endpoint the fleet file no longer names",
       "certificates are current whose endpoints the fleet file no longer names",
       "to end them: " + CommandOn(session, "retire", "--not-in " + file));
  for (const std::string& name : FirstNames(plan.NotInFleet())) {
    session.ui.Say("not in the fleet file: " + name);
  }
  warn(summary.same_fqdn, "endpoint has the fqdn of another one",
       "endpoints have the fqdn of another one", "fleetmint check names them");
  for (const PlanRefusal& refusal : summary.refusals) {
    session.ui.Warn(RefusalText(refusal, summary), refusal.fault.hint);
  }
  if (summary.already_issued != 0 && summary.to_issue != 0) {
    session.ui.Say((renews ? "to be renewed: " : "left to issue: ") +
                   std::to_string(summary.to_issue) + " of " +
                   Counted(summary.endpoints, "endpoint"));
  }
  if (summary.os_unknown != 0) {
    session.ui.Say(Counted(summary.os_unknown, "endpoint has", "endpoints have") +
                   " no os: modern encryption (Windows 10 1709, Server 2019 and later)");
  }
}

// KernelName names the code that has searched the primes. Asked for it, a kernel proves itself: no
// time is spent on that where there was nothing to search.
std::string KernelName(Session& session, const PlanSummary& summary) {
  const auto& kinds = summary.by_key;
  const bool rsa = std::any_of(kinds.begin(), kinds.end(), [](const auto& kind) {
    return kind.first.algorithm == KeyAlgorithm::kRsa;
  });
  return rsa ? std::string(session.Keys().Kernel().name) : "botan";
}

void Summarize(Session& session, const RunResult& result, const Plan& plan, bool published) {
  const PlanSummary& summary = plan.summary();
  const bool renews = plan.selection().renews();
  const double rate = result.seconds > 0 ? static_cast<double>(result.issued) / result.seconds : 0;
  const std::string manifest = session.out + "/manifest.jsonl";
  if (session.json) {
    nlohmann::ordered_json object{{"issued", result.issued},
                                  {"skipped", summary.already_issued},
                                  {"failed", result.failures.size() + summary.refused},
                                  {"seconds", result.seconds},
                                  {"endpoints_per_second", rate},
                                  {"kernel", KernelName(session, summary)},
                                  {"threads", session.Threads()},
                                  {"failures", nlohmann::ordered_json::array()},
                                  {"manifest", nullptr}};
    for (const EndpointFailure& failure : result.failures) {
      object["failures"].push_back({{"endpoint", failure.endpoint}, {"reason", failure.reason}});
    }
    for (const auto& [endpoint, reason] : plan.Refused()) {
      object["failures"].push_back({{"endpoint", endpoint}, {"reason", reason}});
    }
    if (published) object["manifest"] = manifest;
    session.ui.Out(object.dump() + "\n");
    return;
  }
  session.ui.Say((renews ? "renewed " : "issued ") + std::to_string(result.issued) + ", skipped " +
                 std::to_string(summary.already_issued) +
                 (renews ? " (not selected)" : " (issued before)") + ", failed " +
                 std::to_string(result.failures.size() + summary.refused));
  if (result.issued != 0) {
    session.ui.Say("in " + DurationText(result.seconds) + ": " + NumberText(rate) +
                   " endpoints/s, kernel " + KernelName(session, summary) + ", " +
                   Counted(session.Threads(), "thread"));
  }
  session.ui.Say("bundles in " + session.out + "/bundles" +
                 (published ? ", manifest " + manifest : ""));
}

// What was issued stays issued if the manifest cannot be written: the run's result is told all the
// same.
std::optional<PublishReport> PublishAfterRun(Session& session, const Workspace& workspace) {
  try {
    PublishReport report = Publish(workspace.authority(), workspace.output(), session.clock.Now());
    WarnOfMissing(session, report, session.out);
    return report;
  } catch (const Error& error) {
    session.ui.Report(error, "when that is mended: fleetmint manifest --ca " +
                                 ShellWord(session.ca) + " --out " + ShellWord(session.out) +
                                 " writes the manifest");
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

// Where all would fail, the run is over before anything is reserved.
void RefuseIfAllFail(const PlanSummary& summary) {
  if (summary.refused == 0 || summary.to_issue != 0) return;
  std::vector<Fault> faults;
  for (const PlanRefusal& refusal : summary.refusals) {
    faults.push_back({RefusalText(refusal, summary), {}, refusal.fault.hint});
  }
  throw Error(ErrorKind::kAuthority, std::move(faults));
}

// What a run that fails has acknowledged stays issued: that is told before the error is.
RunResult RunPlan(Session& session, const Plan& plan, IssuingWorkspace& workspace) {
  ProgressObserver observer(session.ui, plan.size());
  try {
    RunResult result = fleetmint::Issue(plan, workspace,
                                        {.clock = session.clock,
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

}  // namespace

void AddMintOptions(CLI::App& command, Session& session, MintOptions& options) {
  command.add_option("FLEET", options.fleet, "the fleet file")->required();
  AddCaOption(command, session);
  AddOut(command, session);
  command.add_flag("--wait", options.wait, "wait until another run of this authority has ended");
  AddKeyWork(command, session);
  AddProfiles(command, session);
  AddPassphrase(command, session);
  AddCommonOptions(command, session);
}

LockedAuthority LockToMint(Session& session, const MintOptions& options) {
  const auto told = [&](const std::string& holder) {
    session.ui.Say("waiting for another run: " + holder);
  };
  LockedAuthority locked =
      options.wait ? LockedAuthority::Wait(session.ca, options.command, told)
                   : LockedAuthority::Acquire(session.ca, options.command, "give --wait");
  WarnOfClock(session, locked.authority().ledger());
  return locked;
}

IssuingWorkspace OpenToMint(Session& session, const MintOptions& options, LockedAuthority locked,
                            const Plan& plan) {
  RefuseIfAllFail(plan.summary());
  UserPassphrase passphrase = session.Passphrase();
  UnlockedAuthority unlocked =
      locked.authority().Unlock(&passphrase, session.clock, session.Keys().kernel);
  Issuer::CheckValidity(unlocked.issuer().certificate(), plan.longest_validity(),
                        session.clock.Now());
  OutputRequest request{.path = session.out,
                        .fleet = plan.fleet_name(),
                        .folder = plan.folder(),
                        .layout = std::nullopt,
                        .make_again = options.make_output_again};
  if (!options.layout.empty()) {
    request.layout = options.layout == "hashed" ? Layout::kHashed : Layout::kFlat;
  }
  IssuingWorkspace workspace = IssuingWorkspace::Open(
      std::move(locked), std::move(unlocked), request, session.random, session.clock, session.ui);
  SayRecovery(session, workspace.recovered());
  SayStandIns(session, workspace.output().root());
  return workspace;
}

int MintPlan(Session& session, const Plan& plan, IssuingWorkspace& workspace,
             const std::string& nothing_to_do) {
  WarnOfPlan(session, plan);
  if (plan.size() != 0) WarnOfShortPasswords(session.ui, plan);
  // Whose certificate has expired has something to be done, and was named.
  const bool nothing = plan.size() == 0 && plan.summary().refused == 0 &&
                       (plan.selection().renews() || plan.summary().expired == 0);
  if (nothing) session.ui.Say(nothing_to_do);

  const RunResult result = RunPlan(session, plan, workspace);
  const std::optional<PublishReport> published = PublishAfterRun(session, workspace);
  if (result.clamped != 0) {
    session.ui.Warn(Counted(result.clamped, "certificate ends", "certificates end") +
                    " with the issuing CA, earlier than asked");
  }
  Summarize(session, result, plan, published.has_value());
  if (!published) return ExitCode(ErrorKind::kDisk);
  if (result.interrupted) {
    session.ui.Say("interrupted: left are " + std::to_string(plan.size() - result.issued) + " of " +
                       Counted(plan.size(), "endpoint"),
                   "run the same command again to go on");
    return ExitCode(ErrorKind::kInterrupted);
  }
  const PlanSummary& summary = plan.summary();
  const bool nothing_left =
      result.failures.empty() && summary.held_back == 0 && summary.refused == 0;
  if (nothing_left) workspace.ledger().Complete(plan.fleet_name(), plan.selection().text());
  const std::size_t expired = plan.selection().renews() ? 0 : summary.expired;
  const bool all_well = nothing_left && published->complete() && expired == 0;
  return all_well ? 0 : ExitCode(ErrorKind::kEndpoint);
}

}  // namespace fleetmint::cli
