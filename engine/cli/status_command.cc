// `fleetmint status`: how the fleets are, and what needs somebody.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/descriptor.h"
#include "engine/base/descriptor_io.h"
#include "engine/base/error.h"
#include "engine/cli/session.h"
#include "engine/pipeline/status.h"

namespace fleetmint::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string within = "14d", metrics;
};

Json ToJson(const AuthorityStatus& status) {
  Json fleets = Json::array(), cas = Json::array(), crls = Json::array(), actions = Json::array();
  for (const FleetStatus& fleet : status.fleets) {
    Json weeks = Json::object();
    for (const auto& [week, count] : fleet.weeks) weeks[std::to_string(week)] = count;
    fleets.push_back({{"fleet", fleet.fleet},
                      {"profile", fleet.profile},
                      {"current", fleet.current},
                      {"revoked", fleet.revoked},
                      {"expired", fleet.expired},
                      {"delivered", fleet.delivered},
                      {"installed", fleet.installed},
                      {"issuer_revoked", fleet.issuer_revoked},
                      {"renewed", fleet.renewed},
                      {"renewed_installed", fleet.renewed_installed},
                      {"next_end", fleet.next_end ? Json(FormatRfc3339(*fleet.next_end)) : Json()},
                      {"weeks", weeks}});
  }
  for (const CaStatus& ca : status.cas) {
    cas.push_back({{"tier", ca.tier},
                   {"generation", ca.generation},
                   {"subject", ca.subject},
                   {"not_after", FormatRfc3339(ca.not_after)}});
  }
  for (const CrlStatus& crl : status.crls) {
    crls.push_back({{"issuer", crl.issuer},
                    {"next_update", crl.present ? Json(FormatRfc3339(crl.next_update)) : Json()},
                    {"entries", crl.entries},
                    {"unpublished", crl.unpublished}});
  }
  for (const auto& action : status.actions) {
    actions.push_back({{"what", action.what}, {"hint", action.hint}});
  }
  Json json{{"fleets", fleets}, {"cas", cas}, {"crls", crls}, {"actions", actions}};
  if (const auto& trust = status.trust) {
    json["new_root"] = {{"hosts", trust->hosts}, {"trusting", trust->trusting}};
  }
  return json;
}

std::string ToText(const AuthorityStatus& status) {
  std::string text;
  for (const FleetStatus& fleet : status.fleets) {
    text += "fleet " + fleet.fleet + ", profile " + fleet.profile + ": " +
            std::to_string(fleet.current) + " current";
    const auto part = [&](const char* what, std::size_t count) {
      if (count != 0) text += ", " + std::to_string(count) + " " + what;
    };
    part("revoked", fleet.revoked);
    part("expired", fleet.expired);
    part("delivered", fleet.delivered);
    part("installed", fleet.installed);
    part("of a revoked CA", fleet.issuer_revoked);
    text += "\n";
    if (fleet.renewed != 0) {
      text += "  of " + std::to_string(fleet.renewed) + " that replaced another one, " +
              Counted(fleet.renewed_installed, "is", "are") + " known to be installed\n";
    }
    std::string weeks;
    std::size_t shown = 0;
    for (const auto& [week, count] : fleet.weeks) {
      if (shown++ == 8) break;
      weeks += (weeks.empty() ? "" : ", ") + std::to_string(count) + " in week " +
               std::to_string(week + 1);
    }
    if (!weeks.empty()) text += "  end: " + weeks + "\n";
  }
  for (const CaStatus& ca : status.cas) {
    text += "CA " + ca.tier + " '" + ca.subject + "': ends " + FormatRfc3339(ca.not_after) + "\n";
  }
  if (const auto& trust = status.trust) {
    text += "the new root is trusted, as they have said, by " + std::to_string(trust->trusting) +
            " of " + Counted(trust->hosts, "host") + "\n";
  }
  for (const CrlStatus& crl : status.crls) {
    text += "CRL of '" + crl.issuer + "': ";
    text += crl.present ? Counted(crl.entries, "entry", "entries") + ", next update " +
                              FormatRfc3339(crl.next_update) + "\n"
                        : "none yet\n";
  }
  return text;
}

// Atomically: a collector never sees half of it. Readable by others: it holds no secret, and
// collectors are other users.
void WriteMetrics(const AuthorityStatus& status, const std::string& file) {
  const auto type = std::filesystem::symlink_status(file).type();
  if (type != std::filesystem::file_type::not_found &&
      type != std::filesystem::file_type::regular) {
    throw Error::WithHint(ErrorKind::kUsage, "'" + file + "' is no regular file",
                          "give a file of its own: it is replaced each time");
  }
  std::string temporary = file + ".XXXXXX";
  const Descriptor descriptor(::mkstemp(temporary.data()));
  if (!descriptor.IsOpen()) ThrowFileError(ErrorKind::kDisk, "create a file beside", file, errno);
  try {
    WriteAll(descriptor, AsBytes(Metrics(status)), temporary);
    if (::fchmod(descriptor.get(), 0644) != 0 || ::fsync(descriptor.get()) != 0 ||
        ::rename(temporary.c_str(), file.c_str()) != 0) {
      ThrowFileError(ErrorKind::kDisk, "write", file, errno);
    }
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

int Status(Session& session, const Options& options) {
  const Authority authority = Authority::Open(session.ca);
  const AuthorityStatus status =
      LookAt(authority, ParsePeriod("--within", options.within), session.clock.Now());
  if (!options.metrics.empty()) WriteMetrics(status, options.metrics);
  if (session.json) {
    session.ui.Out(ToJson(status).dump() + "\n");
  } else if (!session.quiet) {
    session.ui.Out(ToText(status));
  }
  for (const auto& action : status.actions) session.ui.Warn(action.what, action.hint);
  return status.actions.empty() ? 0 : ExitCode(ErrorKind::kFindings);
}

}  // namespace

void AddStatus(CLI::App& app, Session& session) {
  auto* const command = app.add_subcommand(
      "status", "counts, what ends when, CAs and CRLs; exit code 1 if something needs somebody");
  auto options = std::make_shared<Options>();
  AddCaOption(*command, session);
  command
      ->add_option("--within", options->within,
                   "what ends within this needs a renewal (default: 14d)")
      ->check(NotEmpty);
  command->add_option("--metrics", options->metrics, "also write Prometheus text to this file")
      ->check(NotEmpty)
      ->type_name("FILE");
  AddCommonOptions(*command, session);
  command->footer(
      "With --quiet only what needs somebody is printed: for cron and systemd timers.\n\n"
      "Example: fleetmint status --ca ca --metrics /var/lib/node_exporter/fleetmint.prom");
  command->callback([&session, options] {
    session.action = [&session, options] { return Status(session, *options); };
  });
}

}  // namespace fleetmint::cli
