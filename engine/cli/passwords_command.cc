// `fleetmint passwords`: the derived passwords of bundles.
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/age.h"
#include "engine/cli/session.h"
#include "engine/pipeline/records.h"
#include "output/manifest.h"
#include "profiles/password_source.h"

namespace fleetmint::cli {
namespace {

struct Options {
  std::string fleet, age;
  bool csv = false;
  std::vector<std::string> names;
};

// One line of `passwords`.
struct PasswordLine {
  std::string endpoint;
  std::string serial;
  SecretBytes password;
};

// Whether the passwords of a layer are derived, by the id of its settings.
class DerivedLayers {
 public:
  explicit DerivedLayers(const Ledger& ledger) : ledger_(ledger) {}
  bool Contains(std::int64_t settings) {
    const auto known = derived_.find(settings);
    if (known != derived_.end()) return known->second;
    const SettingsRecord record = ledger_.SettingsOf(settings);
    const bool derived = Settings::Parse(record.format, record.profile, record.group, record.body)
                             .Value("password") == PasswordSource().ToString();
    return derived_.emplace(settings, derived).first->second;
  }

 private:
  const Ledger& ledger_;
  std::map<std::int64_t, bool> derived_;
};

// The endpoints that were asked for, by name, and those that were found.
class Wanted {
 public:
  explicit Wanted(const Options& options) : options_(options) {
    for (const std::string& name : options.names) names_.insert(AsciiLower(name));
  }

  // Whether the row was asked for. Throws where a name stands for endpoints of two fleets.
  bool Take(const LedgerRow& row) {
    const std::string key = AsciiLower(row.endpoint);
    if (!names_.empty() && !names_.contains(key)) return false;
    const auto [other, fresh] = found_.emplace(key, row.fleet);
    if (!fresh && !names_.empty()) {
      throw Error::WithHint(ErrorKind::kUsage,
                            "endpoint '" + row.endpoint + "' is in fleet '" + other->second +
                                "' and in fleet '" + row.fleet + "'",
                            "say which: --fleet " + row.fleet);
    }
    return true;
  }

  void CheckAllFound() const {
    for (const std::string& name : names_) {
      if (found_.contains(name)) continue;
      throw Error::WithHint(
          ErrorKind::kUsage,
          "endpoint '" + name + "' has no current certificate" +
              (options_.fleet.empty() ? "" : " in fleet '" + options_.fleet + "'"),
          "fleetmint list shows those that have one");
    }
  }

 private:
  const Options& options_;
  std::set<std::string> names_;
  std::map<std::string, std::string> found_;  // endpoint -> fleet
};

// The derived passwords that were asked for. A password that somebody gave is not kept, so it is
// counted in `own` and left out.
std::vector<PasswordLine> DerivedPasswords(const Ledger& ledger, const PasswordMaker& maker,
                                           const Options& options, DamageWarner& damaged,
                                           std::size_t& own) {
  Wanted wanted(options);
  DerivedLayers derived(ledger);
  std::vector<PasswordLine> lines;
  const auto add = [&](const LedgerRow& row) {
    try {
      if (derived.Contains(row.settings)) {
        lines.push_back(
            {row.endpoint, SerialHex(row.serial), maker.Derive(1, row.endpoint, row.serial)});
      } else {
        ++own;
      }
    } catch (const Error& error) {
      if (error.cause() != ErrorCause::kDamaged) throw;
      damaged.Warn(row, error.faults().front().message);
    }
  };
  ledger.ForEachCurrent(
      options.fleet,
      [&](const LedgerRow& row) {
        if (wanted.Take(row)) add(row);
      },
      // The password hangs on name and serial alone.
      [&](const LedgerRow& row, const std::string& damage) {
        if (!wanted.Take(row)) return;
        damaged.Warn(row, damage);
        add(row);
      });
  wanted.CheckAllFound();
  return lines;
}

int Passwords(Session& session, const Options& options) {
  const Authority authority = Authority::Open(session.ca);
  CheckFleet(authority.ledger(), options.fleet);
  const PasswordMaker maker = session.UnlockPasswords(authority);
  std::size_t own = 0;
  DamageWarner damaged(session.ui);
  const auto lines = DerivedPasswords(authority.ledger(), maker, options, damaged, own);
  SecretBytes text;
  const auto append = [&](std::string_view part) {
    text.insert(text.end(), part.begin(), part.end());
  };
  if (session.json) append("{\"passwords\":[");
  if (options.csv) append(std::string("endpoint,serial,password") + kCsvLineEnd);
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
    append(options.csv ? kCsvLineEnd : "\n");
  }
  if (session.json) append("]}\n");
  if (own != 0) {
    session.ui.Warn(Counted(own, "bundle has", "bundles have") +
                    " passwords that you gave; they are not kept, so not printed");
  }
  if (options.age.empty()) {
    std::setvbuf(stdout, nullptr, _IONBF, 0);  // in a buffer it would stay
    session.ui.Out(AsText(text));
  } else {
    EncryptWithAge(options.age, text);
  }
  return damaged.warned() ? ExitCode(ErrorKind::kFindings) : 0;
}

}  // namespace

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

}  // namespace fleetmint::cli
