// `fleetmint list`, `passwords` and `manifest`: what the ledger knows.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/age.h"
#include "engine/cli/session.h"
#include "engine/pipeline/bundle_passwords.h"
#include "engine/pipeline/open_output.h"
#include "engine/pipeline/publish.h"
#include "output/manifest.h"

namespace fleetmint::cli {
namespace {

struct Options {
  std::string fleet, state = "issued", expiring, age;
  bool csv = false;
  std::vector<std::string> names;
};

bool Selected(const Options& options, const std::optional<Time>& before, const LedgerRow& row) {
  if (row.fleet.empty() || (!options.fleet.empty() && row.fleet != options.fleet)) return false;
  if (before) return row.state == CertificateState::kIssued && row.facts.not_after <= *before;
  return options.state == "all" || options.state == StateName(row.state);
}

// A --fleet that the ledger does not know is a misspelling, not an empty answer.
void CheckFleet(const Ledger& ledger, const Options& options) {
  if (options.fleet.empty()) return;
  const std::vector<std::string> fleets = ledger.Fleets();
  if (std::find(fleets.begin(), fleets.end(), options.fleet) != fleets.end()) return;
  throw Error::WithHint(ErrorKind::kUsage, "unknown fleet '" + options.fleet + "'",
                        DidYouMean(options.fleet, fleets));
}

int List(Session& session, const Options& options) {
  const Authority authority = Authority::Open(session.ca);
  const Ledger ledger = authority.OpenLedger();
  CheckFleet(ledger, options);
  std::optional<Time> before;
  if (!options.expiring.empty()) before = session.clock.Now() + ParseDuration(options.expiring);
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  std::size_t count = 0;
  if (options.csv) session.ui.Out("fleet,endpoint,state,serial,not_after,profile\n");
  ledger.ForEach([&](const LedgerRow& row) {
    if (!Selected(options, before, row)) return;
    ++count;
    const std::string serial = SerialHex(row.serial), state(StateName(row.state));
    const std::string end = row.issued_at ? FormatRfc3339(row.facts.not_after) : "";
    if (session.json) {
      array.push_back({{"fleet", row.fleet},
                       {"endpoint", row.endpoint},
                       {"state", state},
                       {"serial", serial},
                       {"not_after", end},
                       {"profile", row.facts.profile}});
    } else if (options.csv) {
      session.ui.Out(CsvCell(row.fleet) + "," + CsvCell(row.endpoint) + "," + state + "," + serial +
                     "," + end + "," + CsvCell(row.facts.profile) + "\n");
    } else {
      session.ui.Out(row.fleet + "  " + row.endpoint + "  " + state + "  " + end + "  " + serial +
                     "  " + row.facts.profile + "\n");
    }
  });
  if (session.json) session.ui.Out(nlohmann::ordered_json{{"certificates", array}}.dump() + "\n");
  session.ui.Say(std::to_string(count) + " certificates");
  return before && count != 0 ? ExitCode(ErrorKind::kFindings) : 0;
}

// One line of `passwords`.
struct PasswordLine {
  std::string endpoint;
  std::string serial;
  SecretBytes password;
};

// The derived passwords that were asked for. A password that somebody gave is not kept, so it is
// counted in `own` and left out.
std::vector<PasswordLine> DerivedPasswords(const Ledger& ledger, const PasswordMaker& maker,
                                           const Options& options, std::size_t& own) {
  std::set<std::string> wanted;
  for (const std::string& name : options.names) wanted.insert(AsciiLower(name));
  std::map<std::string, std::string> found;  // endpoint -> fleet
  std::vector<PasswordLine> lines;
  ledger.ForEachCurrent(options.fleet, [&](const LedgerRow& row) {
    const std::string key = AsciiLower(row.endpoint);
    if (!wanted.empty() && !wanted.contains(key)) return;
    const auto [other, fresh] = found.emplace(key, row.fleet);
    if (!fresh && !wanted.empty()) {
      throw Error::WithHint(ErrorKind::kUsage,
                            "endpoint '" + row.endpoint + "' is in fleet '" + other->second +
                                "' and in fleet '" + row.fleet + "'",
                            "say which: --fleet " + row.fleet);
    }
    if (PasswordSource::Parse(row.facts.password).kind != PasswordSource::Kind::kDerived) {
      ++own;
      return;
    }
    lines.push_back(
        {row.endpoint, SerialHex(row.serial), maker.Derive(1, row.endpoint, row.serial)});
  });
  for (const std::string& name : wanted) {
    if (!found.contains(name)) {
      throw Error::WithHint(ErrorKind::kUsage,
                            "endpoint '" + name + "' has no current certificate" +
                                (options.fleet.empty() ? "" : " in fleet '" + options.fleet + "'"),
                            "fleetmint list shows those that have one");
    }
  }
  return lines;
}

int Passwords(Session& session, const Options& options) {
  Authority authority = Authority::Open(session.ca);
  const Ledger ledger = authority.OpenLedger();
  CheckFleet(ledger, options);
  session.UnlockFleetKey(authority);
  std::size_t own = 0;
  const auto lines = DerivedPasswords(ledger, authority.passwords(), options, own);
  SecretBytes text;
  const auto append = [&](std::string_view part) {
    text.insert(text.end(), part.begin(), part.end());
  };
  if (session.json) append("{\"passwords\":[");
  if (options.csv) append("endpoint,serial,password\n");
  for (const PasswordLine& line : lines) {
    if (session.json) {  // nothing here holds a character that JSON escapes
      append(&line == &lines.front() ? "" : ",");
      append("{\"endpoint\":\"" + line.endpoint + "\",\"serial\":\"" + line.serial +
             "\",\"password\":\"");
      append(AsText(line.password));
      append("\"}");
      continue;
    }
    if (options.csv) append(CsvCell(line.endpoint) + "," + line.serial + ",");
    if (!options.csv && options.names.size() != 1) append(line.endpoint + "  ");
    append(AsText(line.password));
    append("\n");
  }
  if (session.json) append("]}\n");
  if (own != 0) {
    session.ui.Warn(std::to_string(own) +
                    " bundles have passwords that you gave; they are not kept, so not printed");
  }
  if (options.age.empty()) {
    session.ui.Out(AsText(text));
  } else {
    EncryptWithAge(options.age, text);
  }
  return 0;
}

int Manifest(Session& session) {
  const Authority authority = Authority::Open(session.ca);
  Ledger ledger = authority.OpenLedger();
  const OutputDirectory output = OpenOutput(session.out, authority, ledger);
  const auto lock = RecoverIfAlone(session, "manifest", authority, ledger, output,
                                   "it writes the manifest again when it ends");
  const PublishReport report = Publish(ledger, authority, output);
  if (session.json) {
    const nlohmann::ordered_json object{{"manifest", session.out + "/manifest.jsonl"},
                                        {"endpoints", report.endpoints},
                                        {"missing", report.missing.size()}};
    session.ui.Out(object.dump() + "\n");
  }
  session.ui.Say("wrote " + session.out + "/manifest.jsonl and manifest.csv: " +
                 std::to_string(report.endpoints) + " endpoints");
  WarnOfMissing(session, report);
  return report.missing.empty() ? 0 : ExitCode(ErrorKind::kFindings);
}

}  // namespace

void AddList(CLI::App& app, Session& session) {
  auto* const command = app.add_subcommand("list", "the certificates of the ledger");
  auto options = std::make_shared<Options>();
  AddCaOption(*command, session);
  command->add_option("--fleet", options->fleet, "this fleet alone");
  command
      ->add_option("--state", options->state,
                   "issued (default), reserved, superseded, abandoned, all")
      ->check(CLI::IsMember({"issued", "reserved", "superseded", "abandoned", "all"}));
  command->add_option("--expiring", options->expiring,
                      "those that end within a duration, e.g. 30d; exit code 1 if any");
  command->add_flag("--csv", options->csv, "CSV with a header line");
  AddCommonOptions(*command, session);
  command->get_option("--csv")->excludes(command->get_option("--json"));
  command->footer("Example: fleetmint list --ca ca --expiring 30d");
  command->callback([&session, options] {
    session.action = [&session, options] { return List(session, *options); };
  });
}

void AddPasswords(CLI::App& app, Session& session) {
  auto* const command = app.add_subcommand("passwords", "print the derived passwords of bundles");
  auto options = std::make_shared<Options>();
  AddCaOption(*command, session);
  command->add_option(
      "NAME", options->names,
      "endpoints (default: all); one alone prints its password only. Passwords that you gave are "
      "not kept, so not printed");
  command->add_option("--fleet", options->fleet, "this fleet alone");
  command->add_flag("--csv", options->csv, "endpoint,serial,password with a header line");
  command->add_option("--age", options->age, "encrypt the output for this age RECIPIENT");
  AddPassphrase(*command, session);
  AddCommonOptions(*command, session);
  command->get_option("--csv")->excludes(command->get_option("--json"));
  command->footer("Example: fleetmint passwords --ca ca --csv --age age1... > passwords.csv.age");
  command->callback([&session, options] {
    session.action = [&session, options] { return Passwords(session, *options); };
  });
}

void AddManifest(CLI::App& app, Session& session) {
  auto* const command =
      app.add_subcommand("manifest", "write manifest, chain and scripts again, from the ledger");
  AddCaOption(*command, session);
  AddOut(*command, session);
  AddCommonOptions(*command, session);
  command->footer("Example: fleetmint manifest --ca ca --out out");
  command->callback([&session] { session.action = [&session] { return Manifest(session); }; });
}

}  // namespace fleetmint::cli
