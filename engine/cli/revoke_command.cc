// `fleetmint revoke`: certificates that nobody is to accept any more.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/base/read_file.h"
#include "engine/base/text.h"
#include "engine/cli/revocation_reason.h"
#include "engine/cli/session.h"
#include "engine/pipeline/pending.h"
#include "engine/x509/certificate.h"
#include "engine/x509/name.h"
#include "profiles/settings.h"

namespace fleetmint::cli {
namespace {

struct Options {
  std::vector<std::string> names, serials, thumbprints, files;
  std::string fleet, group, profile, key, issued_before, reason;
  bool superseded = false, installed = false, everything = false;
  bool dry_run = false, yes = false;

  bool ByCertificate() const { return !serials.empty() || !thumbprints.empty() || !files.empty(); }
  bool ByProperty() const {
    return !group.empty() || !profile.empty() || !key.empty() || !issued_before.empty() ||
           superseded;
  }
};

constexpr std::size_t kMostCertificateBytes = std::size_t{1} << 20;
constexpr std::size_t kShortestThumbprint = 8;

[[noreturn]] void Refuse(const std::string& message, const std::string& hint) {
  throw Error::WithHint(ErrorKind::kUsage, message, hint);
}

CrlReason ReasonOf(const Options& options) {
  if (!options.reason.empty()) return ParseReason(options.reason);
  return options.superseded ? CrlReason::kSuperseded : CrlReason::kUnspecified;
}

// Hexadecimal as certificates' windows show it: with colons or spaces, in any case of letters.
std::string Hex(const std::string& text, const std::string& what) {
  std::string hex;
  for (const char c : AsciiLower(text)) {
    if (c == ':' || c == ' ') continue;
    if (std::string_view("0123456789abcdef").find(c) == std::string_view::npos) {
      Refuse(what + " '" + text + "' is not hexadecimal", "e.g. as fleetmint list shows it");
    }
    hex += c;
  }
  return hex;
}

// Throws where a certificate of this ledger cannot be revoked any more, or is none yet.
Serial Known(const std::optional<LedgerRow>& row, const std::string& what) {
  if (!row) {
    Refuse("this authority has issued no certificate with " + what,
           "fleetmint list --state all shows what it has issued");
  }
  switch (row->state) {
    case CertificateState::kReserved:
      Refuse("the certificate with " + what + " is being issued now", "try again when it is");
    case CertificateState::kVoid:
      Refuse("the certificate with " + what + " was never signed", "there is nothing to revoke");
    default:
      return row->serial;
  }
}

Serial BySerial(const Ledger& ledger, const std::string& text) {
  const auto serial = ParseSerial(Hex(text, "serial"));
  return Known(serial ? ledger.Find(*serial) : std::nullopt, "serial " + text);
}

Serial ByThumbprint(const Ledger& ledger, const std::string& text) {
  const std::string hex = Hex(text, "thumbprint");
  if (hex.size() < kShortestThumbprint) {
    Refuse("thumbprint '" + text + "' is too short", "give eight digits at the least");
  }
  const auto rows = ledger.FindByThumbprint(hex, 2);
  if (rows.size() == 2) {
    Refuse("several certificates have a thumbprint that begins with '" + text + "'",
           "give more of its digits");
  }
  return Known(rows.empty() ? std::nullopt : std::optional(rows.front()), "thumbprint " + text);
}

Serial ByFile(const Ledger& ledger, const std::string& path) {
  const Bytes content = ReadWholeFile(path, kMostCertificateBytes);
  Bytes der = content;
  for (const PemBlock& block : PemDecodeAll(AsText(content))) {
    if (block.label != "CERTIFICATE") continue;
    der.assign(block.der.begin(), block.der.end());  // the first: a bundle begins with its own
    break;
  }
  const Certificate certificate = [&] {
    try {
      return Certificate::Parse(der);
    } catch (const Error& error) {
      throw Error::About(ErrorKind::kUsage, "'" + path + "'", error);
    }
  }();
  const auto rows = ledger.FindByThumbprint(ToHex(Sha256(der)), 1);
  if (rows.empty()) {
    Refuse("'" + path + "' is no certificate of this authority: '" +
               NameToString(certificate.subject()) + "', issued by '" +
               NameToString(certificate.issuer()) + "'",
           "revoke it where it was issued");
  }
  return Known(rows.front(), "the content of '" + path + "'");
}

RevocationFilter MakeFilter(const Options& options, const Ledger& ledger) {
  RevocationFilter filter{.endpoints = options.names,
                          .serials = {},
                          .fleet = options.fleet,
                          .issued_before = {},
                          .superseded = options.superseded,
                          .installed = options.installed};
  for (const std::string& serial : options.serials) {
    filter.serials.push_back(BySerial(ledger, serial));
  }
  for (const std::string& thumbprint : options.thumbprints) {
    filter.serials.push_back(ByThumbprint(ledger, thumbprint));
  }
  for (const std::string& file : options.files) filter.serials.push_back(ByFile(ledger, file));
  if (!options.issued_before.empty()) filter.issued_before = ParseRfc3339(options.issued_before);
  if (options.group.empty() && options.profile.empty() && options.key.empty()) return filter;

  const std::string key = options.key.empty() ? "" : KeySpecWord(ParseKeyName(options.key));
  auto ids = std::make_shared<std::set<std::int64_t>>();
  for (const auto& [id, record] : ledger.AllSettings()) {
    if (!options.group.empty() && record.group != options.group) continue;
    if (!options.profile.empty() && record.profile != options.profile) continue;
    if (!key.empty() &&
        Settings::Parse(record.format, record.profile, record.group, record.body).Value("key") !=
            key) {
      continue;
    }
    ids->insert(id);
  }
  if (ids->empty()) {
    Refuse("no certificate was issued under that group, profile or key",
           "they are those of the time of issue: fleetmint list shows the profiles");
  }
  filter.under = [ids](std::int64_t settings) { return ids->contains(settings); };
  return filter;
}

// A name that hits nothing is a mistake; one in two fleets is not told apart by guessing.
void CheckNames(const Options& options, const Ledger& ledger, Time now) {
  for (const std::string& name : options.names) {
    RevocationFilter filter{
        .endpoints = {name}, .serials = {}, .fleet = options.fleet, .issued_before = {}};
    const auto ever = ledger.Revocable(filter, Time{});
    if (ever.empty()) {
      Refuse("no certificate was issued to endpoint '" + name + "'" +
                 (options.fleet.empty() ? "" : " of fleet '" + options.fleet + "'"),
             "fleetmint list --state all shows all endpoints");
    }
    std::set<std::string> fleets;
    for (const RevocableRow& row : ever) {
      if (row.end > now) fleets.insert(row.fleet);
    }
    if (fleets.empty()) {
      Refuse("the last certificate of endpoint '" + name + "' ended at " +
                 FormatRfc3339(
                     std::max_element(ever.begin(), ever.end(),
                                      [](const auto& a, const auto& b) { return a.end < b.end; })
                         ->end),
             "what has ended needs no revocation");
    }
    if (fleets.size() > 1) {
      Refuse("endpoint '" + name + "' is in the fleets '" + *fleets.begin() + "' and '" +
                 *std::next(fleets.begin()) + "'",
             "say which one: --fleet " + *fleets.begin());
    }
  }
}

void PrintHits(Session& session, const std::vector<RevocableRow>& hits) {
  if (session.json) {
    nlohmann::ordered_json array = nlohmann::ordered_json::array();
    for (const RevocableRow& row : hits) {
      if (row.revoked) continue;
      array.push_back({{"fleet", row.fleet},
                       {"endpoint", row.endpoint},
                       {"state", StateName(row.state)},
                       {"not_after", FormatRfc3339(row.end)},
                       {"serial", SerialHex(row.serial)}});
    }
    session.ui.Out(nlohmann::ordered_json{{"would_revoke", array}}.dump() + "\n");
    return;
  }
  for (const RevocableRow& row : hits) {
    if (row.revoked) continue;
    session.ui.Out(row.fleet + "  " + row.endpoint + "  " + std::string(StateName(row.state)) +
                   "  " + FormatRfc3339(row.end) + "  " + SerialHex(row.serial) + "\n");
  }
}

std::size_t CountNew(const std::vector<RevocableRow>& hits) {
  return static_cast<std::size_t>(
      std::count_if(hits.begin(), hits.end(), [](const auto& row) { return !row.revoked; }));
}

// Throws unless a person agrees, where there is one: what is named exactly needs no second word of
// a script.
void Agree(Session& session, const Options& options, std::size_t count, bool hits_all) {
  if (options.yes || count == 0) return;
  const std::string what = Counted(count, "certificate") + (hits_all ? ", all there are" : "");
  if (CanAsk()) {
    session.Confirm("revoke " + what + "? It cannot be taken back.", "nothing was revoked");
  } else if (hits_all) {
    Refuse("that would revoke " + what, "--yes, if that is meant");
  }
}

int Revoke(Session& session, const Options& options) {
  if (!options.names.empty() + options.ByCertificate() + options.ByProperty() != 1) {
    Refuse(
        "say which certificates: endpoints' NAMEs; or --serial, --thumbprint, --file; or --group, "
        "--profile, --key, --issued-before, --superseded",
        "see fleetmint revoke --help");
  }
  const int reason = static_cast<int>(ReasonOf(options));
  Authority authority = Authority::Open(session.ca);
  Ledger& ledger = authority.ledger();
  CheckFleet(ledger, options.fleet);
  const Time now = session.clock.Now();
  CheckNames(options, ledger, now);
  const RevocationFilter filter = MakeFilter(options, ledger);
  const std::vector<RevocableRow> hits = ledger.Revocable(filter, now);
  const std::size_t fresh = CountNew(hits);
  if (hits.empty() && !options.ByProperty()) {
    Refuse("nothing is hit: what is named has ended, was abandoned, or is of another fleet",
           "fleetmint list --state all shows what there is");
  }
  if (options.dry_run) {
    PrintHits(session, hits);
    session.ui.Say(std::to_string(fresh) + " would be revoked, " +
                   Counted(hits.size() - fresh, "is", "are") + " already; nothing was written");
    return 0;
  }
  const bool hits_all =
      options.ByProperty() && fresh > 1 && fresh == CountNew(ledger.Revocable({}, now));
  Agree(session, options, fresh, hits_all);
  const RevocationCount count = ledger.Revoke(filter, reason, session.clock.Now());
  if (session.json) {
    const nlohmann::ordered_json object{{"revoked", count.revoked}, {"already", count.already}};
    session.ui.Out(object.dump() + "\n");
  }
  session.ui.Say("revoked " + std::to_string(count.revoked) + ", already revoked " +
                     std::to_string(count.already),
                 count.revoked == 0 ? ""
                                    : "servers learn of it by the CRL: fleetmint crl --ca " +
                                          ShellWord(session.ca) + " --out OUT signs it");
  return 0;
}

}  // namespace

void AddRevoke(CLI::App& app, Session& session) {
  auto* const command =
      app.add_subcommand("revoke", "revoke certificates, for good; the next CRL names them");
  auto options = std::make_shared<Options>();
  command
      ->add_option("NAME", options->names,
                   "endpoints: all of their certificates that have not ended, older ones too")
      ->check(NotEmpty);
  AddCaOption(*command, session);
  command->add_option("--fleet", options->fleet, "of this fleet alone")->check(NotEmpty);
  command->add_option("--serial", options->serials, "the certificate with this serial")
      ->check(NotEmpty);
  command
      ->add_option("--thumbprint", options->thumbprints,
                   "the one with this SHA-1 or SHA-256, or what it begins with")
      ->check(NotEmpty);
  command->add_option("--file", options->files, "the certificate in this file, PEM or DER")
      ->check(NotEmpty);
  command->add_option("--group", options->group, "issued to endpoints of this group")
      ->check(NotEmpty);
  command->add_option("--profile", options->profile, "issued under this profile")->check(NotEmpty);
  command->add_option("--key", options->key, "with a key of this kind, e.g. rsa-2048")
      ->check(NotEmpty);
  command
      ->add_option("--issued-before", options->issued_before,
                   "issued before a moment, e.g. 2026-01-31T00:00:00Z")
      ->check(NotEmpty);
  auto* const superseded = command->add_flag("--superseded", options->superseded,
                                             "those that a newer one has taken the place of");
  command
      ->add_flag("--installed", options->installed,
                 "of --superseded: where a newer one is known to be installed")
      ->needs(superseded);
  command
      ->add_option("--reason", options->reason,
                   "key-compromise, superseded, cessation-of-operation, ... (RFC 5280)")
      ->check(NotEmpty);
  command->add_flag("--dry-run", options->dry_run, "print what would be revoked");
  command->add_flag("--yes", options->yes, "do not ask");
  AddCommonOptions(*command, session);
  command->footer(
      "Needs no passphrase, and never waits for a run. A certificate that is revoked keeps the "
      "time\n"
      "and reason of the first time. Group and profile are those of the time of issue.\n\n"
      "Example, a lost laptop: fleetmint revoke ws-0042 --ca ca --reason key-compromise");
  command->callback([&session, options] {
    session.action = [&session, options] { return Revoke(session, *options); };
  });
}

}  // namespace fleetmint::cli
