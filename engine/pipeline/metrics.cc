// Metrics: the status of an authority as Prometheus text.
#include <string_view>
#include <utility>

#include "engine/pipeline/status.h"

namespace fleetmint {
namespace {

using Labels = std::vector<std::pair<const char*, std::string_view>>;

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

class Family {
 public:
  Family(std::string& out, const char* name, const char* help) : out_(out), name_(name) {
    out_ += "# HELP " + name_ + " " + help + "\n# TYPE " + name_ + " gauge\n";
  }
  void Add(const Labels& labels, std::int64_t value) {
    out_ += name_ + "{";
    bool first = true;
    for (const auto& [label, text] : labels) {
      out_ += std::string(first ? "" : ",") + label + "=\"" + Escaped(text) + "\"";
      first = false;
    }
    out_ += "} " + std::to_string(value) + "\n";
  }

 private:
  std::string& out_;
  std::string name_;
};

std::int64_t Seconds64(Time time) { return time.time_since_epoch().count(); }

void AddFleets(const AuthorityStatus& status, std::string& out) {
  Family counts(out, "fleetmint_certificates",
                "Endpoints with a current certificate, by what is known of it.");
  for (const FleetStatus& fleet : status.fleets) {
    const auto add = [&](const char* state, std::size_t count) {
      counts.Add({{"fleet", fleet.fleet}, {"profile", fleet.profile}, {"state", state}},
                 static_cast<std::int64_t>(count));
    };
    add("current", fleet.current);
    add("revoked", fleet.revoked);
    add("expired", fleet.expired);
    add("delivered", fleet.delivered);
    add("installed", fleet.installed);
    add("issuer_revoked", fleet.issuer_revoked);
  }
  Family ends(out, "fleetmint_certificates_ending",
              "Current certificates that end within so many days.");
  for (const FleetStatus& fleet : status.fleets) {
    for (const auto& [days, weeks] : {std::pair{"7", 1}, {"28", 4}, {"91", 13}}) {
      std::size_t count = 0;
      for (const auto& [week, number] : fleet.weeks) {
        if (week < weeks) count += number;
      }
      ends.Add({{"fleet", fleet.fleet}, {"profile", fleet.profile}, {"days", days}},
               static_cast<std::int64_t>(count));
    }
  }
  Family next(out, "fleetmint_next_end_timestamp_seconds",
              "When the first current certificate ends that has not ended yet.");
  for (const FleetStatus& fleet : status.fleets) {
    if (!fleet.next_end) continue;
    next.Add({{"fleet", fleet.fleet}, {"profile", fleet.profile}}, Seconds64(*fleet.next_end));
  }
}

}  // namespace

std::string Metrics(const AuthorityStatus& status) {
  std::string out;
  AddFleets(status, out);
  Family ca(out, "x509_cert_not_after", "When the certificate of a CA ends.");
  for (const CaStatus& tier : status.cas) {
    ca.Add({{"serial_number", tier.serial}, {"subject_CN", tier.subject}, {"tier", tier.tier}},
           Seconds64(tier.not_after));
  }
  Family expired(out, "x509_cert_expired", "Whether it has ended.");
  for (const CaStatus& tier : status.cas) {
    expired.Add({{"serial_number", tier.serial}, {"subject_CN", tier.subject}, {"tier", tier.tier}},
                tier.not_after < status.now ? 1 : 0);
  }
  Family next(out, "x509_crl_next_update", "When a CRL is to be replaced.");
  for (const CrlStatus& crl : status.crls) {
    if (crl.present) {
      next.Add({{"issuer_CN", crl.issuer}, {"filename", crl.file}}, Seconds64(crl.next_update));
    }
  }
  Family stale(out, "x509_crl_stale", "Whether that moment is over.");
  for (const CrlStatus& crl : status.crls) {
    if (crl.present) {
      stale.Add({{"issuer_CN", crl.issuer}, {"filename", crl.file}},
                crl.next_update < status.now ? 1 : 0);
    }
  }
  Family unpublished(out, "fleetmint_revocations_unpublished",
                     "Revocations that are on no CRL yet.");
  for (const CrlStatus& crl : status.crls) {
    unpublished.Add({{"issuer_CN", crl.issuer}}, static_cast<std::int64_t>(crl.unpublished));
  }
  Family actions(out, "fleetmint_actions_needed", "What fleetmint status says needs somebody.");
  actions.Add({}, static_cast<std::int64_t>(status.actions.size()));
  return out;
}

}  // namespace fleetmint
