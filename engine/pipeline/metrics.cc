// Metrics: the status of an authority as Prometheus text.
#include <algorithm>
#include <string_view>
#include <utility>

#include "engine/pipeline/status.h"

namespace fleetmint {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

// What keeps the whole below kMostSeries.
constexpr std::size_t kMostFleets = 64;  // with the sum of the others one more
constexpr std::size_t kMostCas = 32;
constexpr std::size_t kMostCrls = 40;
constexpr std::size_t kSeriesOfAFleet = 9, kSeriesOfACa = 3, kSeriesOfACrl = 4, kOtherSeries = 3;
static_assert((kMostFleets + 1) * kSeriesOfAFleet + kMostCas * kSeriesOfACa +
                  kMostCrls * kSeriesOfACrl + kOtherSeries <=
              kMostSeries);

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
    std::string text;
    for (const auto& [label, value_of] : labels) {
      if (value_of.empty()) continue;
      text += (text.empty() ? "{" : ",") + label + "=\"" + Escaped(value_of) + "\"";
    }
    out_ += name_ + text + (text.empty() ? " " : "} ") + std::to_string(value) + "\n";
  }

 private:
  std::string& out_;
  std::string name_;
};

std::int64_t Seconds64(Time time) { return time.time_since_epoch().count(); }

// A big endian number in decimal, as x509-certificate-exporter writes serials.
std::string Decimal(ByteView number) {
  std::string digits;  // least first
  for (const std::uint8_t byte : number) {
    unsigned carry = byte;
    for (char& digit : digits) {
      const unsigned value = (static_cast<unsigned>(digit - '0') << 8U) + carry;
      digit = static_cast<char>('0' + value % 10);
      carry = value / 10;
    }
    for (; carry != 0; carry /= 10) digits += static_cast<char>('0' + carry % 10);
  }
  std::reverse(digits.begin(), digits.end());
  return digits.empty() ? "0" : digits;
}

// The fields that x509-certificate-exporter shows of a name.
void AddName(const std::string& prefix, const Name& name, Labels& labels) {
  for (const char* const type : {"C", "ST", "L", "O", "OU", "CN"}) {
    const auto found = std::find_if(name.attributes.begin(), name.attributes.end(),
                                    [&](const auto& attribute) { return attribute.type == type; });
    if (found != name.attributes.end()) labels.emplace_back(prefix + type, found->value);
  }
}

void AddPath(const std::string& path, Labels& labels) {
  labels.emplace_back("filename", path.substr(path.rfind('/') + 1));
  labels.emplace_back("filepath", path);
}

// The largest ones, and the sum of the others.
std::vector<FleetStatus> Fewer(std::vector<FleetStatus> fleets) {
  if (fleets.size() <= kMostFleets) return fleets;
  std::stable_sort(fleets.begin(), fleets.end(), [](const FleetStatus& a, const FleetStatus& b) {
    return a.current > b.current;
  });
  FleetStatus others;
  others.fleet = others.profile = "(others)";
  for (std::size_t i = kMostFleets; i < fleets.size(); ++i) {
    const FleetStatus& other = fleets[i];
    others.current += other.current;
    others.revoked += other.revoked;
    others.expired += other.expired;
    others.delivered += other.delivered;
    others.installed += other.installed;
    if (other.next_end && (!others.next_end || *other.next_end < *others.next_end)) {
      others.next_end = other.next_end;
    }
    for (const auto& [week, number] : other.weeks) others.weeks[week] += number;
  }
  fleets.resize(kMostFleets);
  fleets.push_back(std::move(others));
  return fleets;
}

void AddFleets(const std::vector<FleetStatus>& fleets, std::string& out) {
  Family counts(out, "fleetmint_certificates",
                "Endpoints with a current certificate, by what is known of it.");
  for (const FleetStatus& fleet : fleets) {
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
  for (const FleetStatus& fleet : fleets) {
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
  for (const FleetStatus& fleet : fleets) {
    if (!fleet.next_end) continue;
    next.Add({{"fleet", fleet.fleet}, {"profile", fleet.profile}}, Seconds64(*fleet.next_end));
  }
}

void AddCas(const AuthorityStatus& status, std::string& out) {
  const std::size_t most = std::min(status.cas.size(), kMostCas);
  std::vector<Labels> labels;
  for (const CaStatus& ca : status.cas) {
    Labels& own = labels.emplace_back();
    own.emplace_back("serial_number", Decimal(ca.serial));
    AddName("subject_", ca.name, own);
    AddName("issuer_", ca.issuer, own);
    AddPath(ca.path, own);
    own.emplace_back("tier", ca.tier);
  }
  const auto family = [&](const char* name, const char* help, auto value) {
    Family ours(out, name, help);
    for (std::size_t i = 0; i < most; ++i) ours.Add(labels[i], value(status.cas[i]));
  };
  family("x509_cert_not_before", "When the certificate of a CA begins.",
         [](const CaStatus& ca) { return Seconds64(ca.not_before); });
  family("x509_cert_not_after", "When the certificate of a CA ends.",
         [](const CaStatus& ca) { return Seconds64(ca.not_after); });
  family("x509_cert_expired", "Whether it has ended.",
         [&](const CaStatus& ca) { return std::int64_t{ca.not_after < status.now}; });
}

void AddCrls(const AuthorityStatus& status, std::string& out) {
  std::vector<const CrlStatus*> crls;
  for (const CrlStatus& crl : status.crls) {
    if (crl.present) crls.push_back(&crl);
  }
  std::stable_sort(crls.begin(), crls.end(), [](const CrlStatus* a, const CrlStatus* b) {
    return a->next_update < b->next_update;
  });
  crls.resize(std::min(crls.size(), kMostCrls));
  std::vector<Labels> labels;
  for (const CrlStatus* const crl : crls) {
    Labels& own = labels.emplace_back();
    AddName("issuer_", crl->issuer_name, own);
    own.emplace_back("crl_number", std::to_string(crl->number));
    AddPath(crl->path, own);
  }
  const auto family = [&](const char* name, const char* help, auto value) {
    Family ours(out, name, help);
    for (std::size_t i = 0; i < crls.size(); ++i) ours.Add(labels[i], value(*crls[i]));
  };
  family("x509_crl_next_update", "When a CRL is to be replaced.",
         [](const CrlStatus& crl) { return Seconds64(crl.next_update); });
  family("x509_crl_this_update", "When it was signed.",
         [](const CrlStatus& crl) { return Seconds64(crl.this_update); });
  family("x509_crl_number", "Its number.",
         [](const CrlStatus& crl) { return static_cast<std::int64_t>(crl.number); });
  family("x509_crl_stale", "Whether it should have been replaced.",
         [&](const CrlStatus& crl) { return std::int64_t{crl.next_update < status.now}; });
}

}  // namespace

std::string Metrics(const AuthorityStatus& status) {
  std::string out;
  AddFleets(Fewer(status.fleets), out);
  AddCas(status, out);
  AddCrls(status, out);
  std::size_t unpublished = 0;
  for (const CrlStatus& crl : status.crls) unpublished += crl.unpublished;
  Family(out, "fleetmint_revocations_unpublished", "Revocations that are on no CRL yet.")
      .Add({}, static_cast<std::int64_t>(unpublished));
  Family(out, "fleetmint_actions_needed", "What fleetmint status says needs somebody.")
      .Add({}, static_cast<std::int64_t>(status.actions.size()));
  Family(out, "fleetmint_status_timestamp_seconds", "When fleetmint status wrote this.")
      .Add({}, Seconds64(status.now));
  return out;
}

}  // namespace fleetmint
