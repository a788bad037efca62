// `fleetmint check`: validate, what would be issued, and how long it will take here.
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/cli/session.h"
#include "engine/keys/generate.h"
#include "engine/pipeline/estimate.h"
#include "engine/pipeline/plan.h"

namespace fleetmint::cli {
namespace {

constexpr double kMeasureSeconds = 1.0;
// 100,000 iterations of PBKDF2, once for each of the key, the certificates and the MAC.
constexpr double kSlowPasswordSeconds = 0.06;

// What the plan meets in the ledger, and whether the CA could sign it.
IssuerCertificate CompareWithAuthority(Session& session, Plan& plan) {
  const Authority authority = Authority::Open(session.ca);
  authority.CheckNotTest();
  IssuerCertificate issuer = authority.CheckReady(session.clock);
  const Time now = session.clock.Now();
  plan.Compare(authority.ledger(), now, issuer);
  if (plan.size() != 0) Issuer::CheckValidity(issuer, plan.longest_validity(), now);
  return issuer;
}

void WarnOfMachine(Session& session) {
  if (LeaksVectorRegisters()) {
    session.ui.Warn(
        "other processes of this machine can read vector registers, in which primes are",
        "update the processor's microcode, or make keys where nobody else runs programs");
  }
  if (SwapIsOn()) {
    session.ui.Warn(
        "swap is on: memory with private keys in it may be written to a disk, where nobody wipes "
        "it",
        "swapoff -a while keys are made, or encrypt the swap space");
  }
}

// Pace measures how fast this machine makes keys, each kind once.
class Pace {
 public:
  explicit Pace(Session& session) : session_(session) {}

  double SecondsOf(const KeySpec& spec, double count) {
    auto known = rates_.find(spec);
    if (known == rates_.end()) {
      const KeyRate rate = MeasureKeyRate(spec, session_.Threads(), kMeasureSeconds,
                                          session_.streams, session_.Keys());
      known = rates_.emplace(spec, rate.keys_per_second).first;
    }
    return count / known->second;
  }
  double SlowPasswords(double count) const {
    return count * kSlowPasswordSeconds / session_.Threads();
  }

 private:
  Session& session_;
  std::map<KeySpec, double> rates_;
};

// How long the run would take here.
double EstimateSeconds(Pace& pace, const PlanSummary& summary) {
  double seconds = pace.SlowPasswords(static_cast<double>(summary.slow_passwords));
  for (const auto& [spec, count] : summary.by_key) {
    seconds += pace.SecondsOf(spec, static_cast<double>(count));
  }
  return seconds;
}

// What the busiest window of the fleet's renewals has to do.
struct Busiest {
  const char* name;
  std::int64_t days;
  RenewalCalendar::Window window;
  double seconds = 0;
};

std::vector<Busiest> BusiestWindows(Pace& pace, const Plan& plan, Time now) {
  std::vector<Busiest> windows;
  const RenewalCalendar calendar = plan.Renewals(now);
  for (const auto& [name, days] : {std::pair{"day", 1}, {"week", 7}}) {
    auto window = calendar.Busiest(days);
    if (!window) continue;
    Busiest& busiest = windows.emplace_back(Busiest{name, days, std::move(*window)});
    for (const auto& [work, count] : busiest.window.certificates) {
      busiest.seconds += pace.SecondsOf(work.key, count);
      if (work.slow_password) busiest.seconds += pace.SlowPasswords(count);
    }
  }
  return windows;
}

// What `check` finds out about time.
struct Estimate {
  double seconds = 0;  // of the run
  std::vector<Busiest> busiest;
  // Where certificates end with a CA, earlier than asked for: when, and with which.
  std::optional<std::pair<Time, std::string>> cut;
};

std::optional<std::pair<Time, std::string>> Cut(const Plan& plan, const IssuerCertificate& issuer,
                                                Time now) {
  if (plan.size() == 0 || now + plan.longest_validity().duration <= issuer.not_after) {
    return std::nullopt;
  }
  return std::pair{issuer.not_after, issuer.ends};
}

// When the certificates will end: jitter and the CA's end make a range of it.
std::string EndsText(const std::pair<Time, Time>& ends, Time now) {
  const auto [first, last] = ends;
  const auto day = [](Time at) { return FormatRfc3339(at).substr(0, 10); };
  const auto days = [&](Time at) {
    return std::to_string(std::chrono::duration_cast<std::chrono::days>(at - now).count());
  };
  if (day(first) == day(last)) {
    return "  certificates end on " + day(last) + ", in " + days(last) + " days\n";
  }
  return "  certificates end from " + day(first) + " to " + day(last) + ", in " + days(first) +
         " to " + days(last) + " days\n";
}

// As "2027-03-31T00:00:00Z (in 124 days)".
std::string DateAndDays(Time at, Time now) {
  const auto days = std::chrono::duration_cast<std::chrono::days>(at - now).count();
  return FormatRfc3339(at) + " (in " + Counted(static_cast<std::size_t>(days), "day") + ")";
}

std::string Json(Session& session, const Plan& plan, const Estimate& estimate) {
  const PlanSummary& summary = plan.summary();
  nlohmann::ordered_json keys;
  for (const auto& [spec, count] : summary.by_key) keys[KeySpecName(spec)] = count;
  nlohmann::ordered_json changes = nlohmann::ordered_json::array();
  for (const PlanChange& change : summary.changes) {
    changes.push_back({{"key", change.key},
                       {"before", change.before},
                       {"now", change.now},
                       {"alike", change.alike},
                       {"endpoints", change.endpoints}});
  }
  nlohmann::ordered_json refusals = nlohmann::ordered_json::array();
  for (const PlanRefusal& refusal : summary.refusals) {
    refusals.push_back({{"rule", refusal.fault.rule},
                        {"message", refusal.fault.message},
                        {"alike", refusal.alike},
                        {"endpoints", refusal.endpoints}});
  }
  nlohmann::ordered_json cut = nullptr;
  if (estimate.cut) cut = FormatRfc3339(estimate.cut->first);
  nlohmann::ordered_json renewals = nlohmann::ordered_json::object();
  for (const Busiest& busiest : estimate.busiest) {
    renewals[std::string("busiest_") + busiest.name] = {
        {"begins", FormatRfc3339(busiest.window.begins)},
        {"certificates", busiest.window.Count()},
        {"estimated_seconds", busiest.seconds}};
  }
  const nlohmann::ordered_json object{{"fleet", plan.fleet_name()},
                                      {"endpoints", summary.endpoints},
                                      {"already_issued", summary.already_issued},
                                      {"to_issue", summary.to_issue},
                                      {"expired", summary.expired},
                                      {"changed", summary.changed},
                                      {"changes", changes},
                                      {"not_in_fleet", summary.not_in_fleet},
                                      {"os_unknown", summary.os_unknown},
                                      {"no_crl_url", summary.no_crl_url},
                                      {"same_fqdn", summary.same_fqdn},
                                      {"by_profile", summary.by_profile},
                                      {"by_key", keys},
                                      {"by_encryption", summary.by_encryption},
                                      {"refused", summary.refused},
                                      {"refusals", refusals},
                                      {"cut_to", cut},
                                      {"estimated_seconds", estimate.seconds},
                                      {"renewals", renewals},
                                      {"kernel", session.Keys().Kernel().name},
                                      {"threads", session.Threads()}};
  return object.dump() + "\n";
}

std::string Text(Session& session, const Plan& plan, const Estimate& estimate) {
  const PlanSummary& summary = plan.summary();
  std::string text = "fleet " + plan.fleet_name() + ": " + Counted(summary.endpoints, "endpoint") +
                     ", " + std::to_string(summary.already_issued) + " issued, " +
                     std::to_string(summary.to_issue) + " to issue\n";
  const auto line = [&](const std::string& what, std::size_t count) {
    if (count != 0) text += "  " + what + ": " + std::to_string(count) + "\n";
  };
  for (const auto& [profile, count] : summary.by_profile) line("profile " + profile, count);
  for (const auto& [spec, count] : summary.by_key) line("key " + KeySpecName(spec), count);
  for (const auto& [name, count] : summary.by_encryption) line("encryption " + name, count);
  line("without os, so modern encryption", summary.os_unknown);
  line("issued under other settings", summary.changed);
  for (const PlanChange& change : summary.changes) text += "    " + ChangeText(change) + "\n";
  for (const PlanRefusal& refusal : summary.refusals) {
    text += "  " + RefusalText(refusal, summary) + "\n";
  }
  if (const auto ends = plan.Ends(session.clock.Now())) {
    text += EndsText(*ends, session.clock.Now());
  }
  if (estimate.cut) {
    text += "  those that would end later end at " +
            DateAndDays(estimate.cut->first, session.clock.Now()) + ", with the CA '" +
            estimate.cut->second + "'\n";
  }
  line("issued, and expired", summary.expired);
  line("issued, no longer in the file", summary.not_in_fleet);
  for (const std::string& name : FirstNames(plan.NotInFleet())) text += "    " + name + "\n";
  std::string sharing;
  for (const std::string& name : summary.same_fqdn_first) {
    sharing += (sharing.empty() ? "" : ", ") + name;
  }
  if (summary.same_fqdn > summary.same_fqdn_first.size()) sharing += ", ...";
  line("with the fqdn of another endpoint (" + sharing + ")", summary.same_fqdn);
  line("without crl_url: revocation reaches only servers that load the CRL", summary.no_crl_url);
  line("with a password of their own (100,000 iterations, slower)", summary.slow_passwords);
  if (summary.to_issue != 0) {
    text += "about " + DurationText(estimate.seconds) + " on this machine (kernel " +
            std::string(session.Keys().Kernel().name) + ", " +
            Counted(session.Threads(), "thread") + ")\n";
  }
  for (const Busiest& busiest : estimate.busiest) {
    text += std::string("busiest ") + busiest.name + " of renewals: " +
            Counted(busiest.window.Count(), "certificate ends ", "certificates end ") +
            (busiest.days == 1 ? "on " : "in the week from ") +
            FormatRfc3339(busiest.window.begins).substr(0, 10) + ", about " +
            DurationText(busiest.seconds) + " of work here\n";
  }
  return text;
}

int Check(Session& session, const std::string& file) {
  const Catalog catalog = session.LoadCatalog();
  Plan plan = Plan::Make(Fleet::Load(file, catalog), catalog);
  std::optional<IssuerCertificate> issuer;
  if (!session.ca.empty()) issuer = CompareWithAuthority(session, plan);
  WarnOfMachine(session);
  WarnOfShortPasswords(session.ui, plan);
  Pace pace(session);
  Estimate estimate;
  estimate.seconds = EstimateSeconds(pace, plan.summary());
  if (issuer) estimate.cut = Cut(plan, *issuer, session.clock.Now());
  estimate.busiest = BusiestWindows(pace, plan, session.clock.Now());
  session.ui.Out(session.json ? Json(session, plan, estimate) : Text(session, plan, estimate));
  const PlanSummary& summary = plan.summary();
  if (summary.expired != 0) {
    session.ui.Warn(Counted(summary.expired, "certificate has", "certificates have") + " expired",
                    "fleetmint renew FLEET --within 1d --ca CA --out OUT renews them");
  }
  if (summary.refused != 0) {
    session.ui.Warn("the CA may not sign what was counted as refused",
                    summary.refusals.front().fault.hint);
  }
  return summary.refused == 0 && summary.expired == 0 ? 0 : ExitCode(ErrorKind::kEndpoint);
}

}  // namespace

void AddCheck(CLI::App& app, Session& session) {
  auto* const command = app.add_subcommand(
      "check", "validate a fleet file: what would be issued, and how long it takes");
  auto file = std::make_shared<std::string>();
  command->add_option("FLEET", *file, "the fleet file")->required();
  AddCaOption(*command, session, /*required=*/false);
  AddKeyWork(*command, session);
  AddProfiles(*command, session);
  AddCommonOptions(*command, session);
  command->footer("Writes nothing. Example: fleetmint check fleet.yaml --ca ca");
  command->callback(
      [&session, file] { session.action = [&session, file] { return Check(session, *file); }; });
}

}  // namespace fleetmint::cli
