// `fleetmint check`: validate, what would be issued, and how long it will take here.
#include <nlohmann/json.hpp>

#include "engine/cli/session.h"
#include "engine/keys/generate.h"
#include "engine/pipeline/estimate.h"
#include "engine/pipeline/plan.h"

namespace fleetmint::cli {
namespace {

constexpr double kMeasureSeconds = 1.0;
// 100,000 iterations of PBKDF2, once for each of the key, the certificates and the MAC.
constexpr double kSlowPasswordSeconds = 0.06;

int Check(Session& session, const std::string& file) {
  const Catalog catalog = session.LoadCatalog();
  FaultList faults(file);
  const Fleet fleet = Fleet::Load(file, catalog, faults);
  if (!faults.empty()) Plan::Make(fleet, catalog, nullptr, faults);  // throws all of them
  std::optional<Ledger> ledger;
  std::optional<IssuerCertificate> issuer;
  if (!session.ca.empty()) {
    const Authority authority = Authority::Open(session.ca);
    issuer = authority.CheckReady(session.clock);
    ledger.emplace(authority.OpenLedger());
  }
  const Plan plan = Plan::Make(fleet, catalog, ledger ? &*ledger : nullptr);
  if (issuer && plan.size() != 0) {
    Issuer::CheckValidity(*issuer, plan.longest_validity(), session.clock.Now());
  }
  if (LeaksVectorRegisters()) {
    session.ui.Warn(
        "other processes of this machine can read vector registers, in which primes are");
    session.ui.Hint(
        "update the processor's microcode, or make keys where nobody else runs programs");
  }
  const PlanSummary& summary = plan.summary();
  double seconds = 0;
  for (const auto& [spec, count] : summary.by_key) {
    const KeyRate rate =
        MeasureKeyRate(spec, session.Threads(), kMeasureSeconds, session.streams, session.Keys());
    seconds += static_cast<double>(count) / rate.keys_per_second;
  }
  seconds += static_cast<double>(summary.slow_passwords) * kSlowPasswordSeconds / session.Threads();
  if (session.json) {
    nlohmann::ordered_json keys;
    for (const auto& [spec, count] : summary.by_key) keys[KeySpecName(spec)] = count;
    const nlohmann::ordered_json object{{"fleet", fleet.name()},
                                        {"endpoints", summary.endpoints},
                                        {"already_issued", summary.already_issued},
                                        {"to_issue", summary.to_issue},
                                        {"older_profile", summary.older_profile},
                                        {"not_in_fleet", summary.not_in_fleet},
                                        {"os_unknown", summary.os_unknown},
                                        {"by_profile", summary.by_profile},
                                        {"by_key", keys},
                                        {"by_encryption", summary.by_encryption},
                                        {"estimated_seconds", seconds},
                                        {"kernel", session.Keys().Kernel().name},
                                        {"threads", session.Threads()}};
    session.ui.Out(object.dump() + "\n");
    return 0;
  }
  std::string text = "fleet " + fleet.name() + ": " + std::to_string(summary.endpoints) +
                     " endpoints, " + std::to_string(summary.already_issued) + " issued, " +
                     std::to_string(summary.to_issue) + " to issue\n";
  const auto line = [&](const std::string& what, std::size_t count) {
    if (count != 0) text += "  " + what + ": " + std::to_string(count) + "\n";
  };
  for (const auto& [profile, count] : summary.by_profile) line("profile " + profile, count);
  for (const auto& [spec, count] : summary.by_key) line("key " + KeySpecName(spec), count);
  for (const auto& [name, count] : summary.by_encryption) line("encryption " + name, count);
  line("without os, so modern encryption", summary.os_unknown);
  line("issued under an older profile", summary.older_profile);
  line("issued, no longer in the file", summary.not_in_fleet);
  line("with a password of their own (100,000 iterations, slower)", summary.slow_passwords);
  if (summary.to_issue != 0) {
    text += "about " + DurationText(seconds) + " on this machine (kernel " +
            std::string(session.Keys().Kernel().name) + ", " + std::to_string(session.Threads()) +
            " threads)\n";
  }
  session.ui.Out(text);
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
