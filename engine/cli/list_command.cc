// `fleetmint list`: the certificates of the ledger.
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/cli/session.h"
#include "output/manifest.h"

namespace fleetmint::cli {
namespace {

struct Options {
  std::string fleet, state = "issued", expiring;
  bool csv = false;
};

// The states that --state takes, beside "all".
const std::vector<std::string> kStates{"issued",    "reserved", "superseded",
                                       "abandoned", "void",     "retired"};

bool Selected(const Options& options, const std::optional<Time>& before, const LedgerRow& row) {
  if (!options.fleet.empty() && row.fleet != options.fleet) return false;
  if (before) return row.state == CertificateState::kIssued && row.not_after <= *before;
  return options.state == "all" || options.state == StateName(row.state);
}

// Profile names by settings id.
class ProfileNames {
 public:
  ProfileNames(const Ledger& ledger, DamageWarner& damaged) : ledger_(ledger), damaged_(damaged) {}
  const std::string& Of(const LedgerRow& row) {
    static const std::string none;
    if (!row.issued_at) return none;
    const auto [place, fresh] = names_.try_emplace(row.settings);
    if (fresh) place->second = Read(row);
    return place->second;
  }

 private:
  std::string Read(const LedgerRow& row) {
    try {
      return ledger_.SettingsOf(row.settings).profile;
    } catch (const Error& error) {
      if (error.cause() != ErrorCause::kDamaged) throw;
      damaged_.Warn(row, error.faults().front().message);
      return "";
    }
  }

  const Ledger& ledger_;
  DamageWarner& damaged_;
  std::map<std::int64_t, std::string> names_;
};

int List(Session& session, const Options& options) {
  const Authority authority = Authority::Open(session.ca);
  const Ledger& ledger = authority.ledger();
  CheckFleet(ledger, options.fleet);
  DamageWarner damaged(session.ui);
  ProfileNames profiles(ledger, damaged);
  std::optional<Time> before;
  if (!options.expiring.empty())
    before = session.clock.Now() + ParsePeriod("--expiring", options.expiring);
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  std::size_t count = 0;
  if (options.csv)
    session.ui.Out(std::string("fleet,endpoint,state,serial,not_after,profile") + kCsvLineEnd);
  const auto list = [&](const LedgerRow& row) {
    if (!Selected(options, before, row)) return;
    ++count;
    const std::string serial = SerialHex(row.serial), state(StateName(row.state));
    const std::string end = row.issued_at ? FormatRfc3339(row.not_after) : "";
    if (session.json) {
      array.push_back({{"fleet", row.fleet},
                       {"endpoint", row.endpoint},
                       {"state", state},
                       {"serial", serial},
                       {"not_after", end},
                       {"profile", profiles.Of(row)}});
    } else if (options.csv) {
      session.ui.Out(CsvCell(row.fleet) + "," + CsvCell(row.endpoint) + "," + state + "," + serial +
                     "," + end + "," + CsvCell(profiles.Of(row)) + kCsvLineEnd);
    } else {
      session.ui.Out(row.fleet + "  " + row.endpoint + "  " + state + "  " + end + "  " + serial +
                     "  " + profiles.Of(row) + "\n");
    }
  };
  ledger.ForEach(
      list, [&](const LedgerRow& row, const std::string& damage) { damaged.Warn(row, damage); });
  if (session.json) session.ui.Out(nlohmann::ordered_json{{"certificates", array}}.dump() + "\n");
  session.ui.Say(Counted(count, "certificate"));
  const bool findings = (before && count != 0) || damaged.warned();
  return findings ? ExitCode(ErrorKind::kFindings) : 0;
}

}  // namespace

void AddList(CLI::App& app, Session& session) {
  auto* const command = app.add_subcommand("list", "the certificates of the ledger");
  auto options = std::make_shared<Options>();
  AddCaOption(*command, session);
  command->add_option("--fleet", options->fleet, "this fleet alone");
  command
      ->add_option("--state", options->state,
                   "issued (default), reserved, superseded, abandoned, void, retired, all")
      ->check([](const std::string& state) {
        const bool known =
            state == "all" || std::find(kStates.begin(), kStates.end(), state) != kStates.end();
        return known ? std::string() : "unknown state '" + state + "'";
      });
  command
      ->add_option("--expiring", options->expiring,
                   "those that end within a duration, e.g. 30d; exit code 1 if any")
      ->check(NotEmpty);
  command->add_flag("--csv", options->csv, "CSV with a header line");
  AddCommonOptions(*command, session);
  command->get_option("--csv")->excludes(command->get_option("--json"));
  command->footer("Example: fleetmint list --ca ca --expiring 30d");
  command->callback([&session, options] {
    session.action = [&session, options] { return List(session, *options); };
  });
}

}  // namespace fleetmint::cli
