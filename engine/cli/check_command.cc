// `fleetmint check`: validate, what would be issued, and how long it will take here.
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
void CompareWithAuthority(Session& session, Plan& plan) {
  const Authority authority = Authority::Open(session.ca);
  const IssuerCertificate issuer = authority.CheckReady(session.clock);
  const Time now = session.clock.Now();
  plan.Compare(authority.ledger(), now);
  if (plan.size() != 0) Issuer::CheckValidity(issuer, plan.longest_validity(), now);
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

// How long the run would take here.
double EstimateSeconds(Session& session, const PlanSummary& summary) {
  double seconds = 0;
  for (const auto& [spec, count] : summary.by_key) {
    const KeyRate rate =
        MeasureKeyRate(spec, session.Threads(), kMeasureSeconds, session.streams, session.Keys());
    seconds += static_cast<double>(count) / rate.keys_per_second;
  }
  return seconds +
         static_cast<double>(summary.slow_passwords) * kSlowPasswordSeconds / session.Threads();
}

std::string Json(Session& session, const Plan& plan, double seconds) {
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
                                      {"by_profile", summary.by_profile},
                                      {"by_key", keys},
                                      {"by_encryption", summary.by_encryption},
                                      {"estimated_seconds", seconds},
                                      {"kernel", session.Keys().Kernel().name},
                                      {"threads", session.Threads()}};
  return object.dump() + "\n";
}

std::string Text(Session& session, const Plan& plan, double seconds) {
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
  line("issued, and expired", summary.expired);
  line("issued, no longer in the file", summary.not_in_fleet);
  line("without crl_url: revocation reaches only servers that load the CRL", summary.no_crl_url);
  line("with a password of their own (100,000 iterations, slower)", summary.slow_passwords);
  if (summary.to_issue != 0) {
    text += "about " + DurationText(seconds) + " on this machine (kernel " +
            std::string(session.Keys().Kernel().name) + ", " +
            Counted(session.Threads(), "thread") + ")\n";
  }
  return text;
}

int Check(Session& session, const std::string& file) {
  const Catalog catalog = session.LoadCatalog();
  Plan plan = Plan::Make(Fleet::Load(file, catalog), catalog);
  if (!session.ca.empty()) CompareWithAuthority(session, plan);
  WarnOfMachine(session);
  const double seconds = EstimateSeconds(session, plan.summary());
  session.ui.Out(session.json ? Json(session, plan, seconds) : Text(session, plan, seconds));
  return 0;
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
