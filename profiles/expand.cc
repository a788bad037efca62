// Expand: a profile with one endpoint's values in its templates.
#include <algorithm>

#include "engine/x509/name.h"
#include "profiles/profile.h"

namespace fleetmint {
namespace {

class Expander {
 public:
  Expander(const Variables& variables, Position where, FaultList& faults)
      : variables_(variables), where_(where), faults_(faults), before_(faults.size()) {}

  std::string Text(const std::string& text) {
    if (text.find_first_of("{}") == std::string::npos) return text;
    Fault fault;
    auto expanded = ExpandTemplate(text, variables_, &fault);
    if (!expanded) Add(fault.message, fault.hint);
    return expanded.value_or("");
  }

  Name Subject(const std::string& text) {
    Name name = Name::Parse(text);  // before filling in: a value is one value, whatever it holds
    for (Name::Attribute& attribute : name.attributes) attribute.value = Text(attribute.value);
    return name;
  }

  void Add(const std::string& message, const std::string& hint = "") {
    const auto host = variables_.find("host");
    const std::string who = host == variables_.end() ? "" : "endpoint '" + host->second + "': ";
    faults_.Add(where_, who + message, hint);
  }

  bool ok() const { return faults_.size() == before_; }

 private:
  const Variables& variables_;
  Position where_;
  FaultList& faults_;
  std::size_t before_;
};

SubjectAltNames ExpandSan(const ProfileConfig& config, Expander& expander) {
  SubjectAltNames san;
  for (const std::string& dns : config.dns) {
    std::string name = expander.Text(dns);
    if (std::find(san.dns.begin(), san.dns.end(), name) == san.dns.end())
      san.dns.push_back(std::move(name));
  }
  for (const std::string& text : config.ip) {
    const std::string address = expander.Text(text);
    if (auto ip = ParseIp(address)) {
      san.ip.push_back(std::move(*ip));
    } else {
      expander.Add("'" + address + "' is not an IP address",
                   "IPv4 or IPv6, without a prefix length");
    }
  }
  return san;
}

}  // namespace

std::optional<ExpandedProfile> Expand(const Profile& profile, const Variables& variables,
                                      Target target, Position where, FaultList& faults) {
  const ProfileConfig& config = profile.config();
  Expander expander(variables, where, faults);
  ExpandedProfile result;
  CertificateSpec& certificate = result.certificate;
  certificate.subject = expander.Subject(config.subject);
  certificate.san = ExpandSan(config, expander);
  certificate.key_usage = config.key_usage;
  certificate.extended_key_usage = config.extended_key_usage;
  certificate.validity = config.validity;
  certificate.crl_url = expander.Text(config.crl_url);
  certificate.ca_issuers_url = expander.Text(config.ca_issuers_url);
  certificate.sid = expander.Text(config.sid);
  result.key = config.key;
  result.bundle = config.bundle;
  result.bundle.friendly_name = expander.Text(config.friendly_name);
  result.bundle.description = expander.Text(config.description);
  const bool legacy =
      config.encryption == EncryptionChoice::kLegacy ||
      (config.encryption == EncryptionChoice::kAuto && target == Target::kLegacyWindows);
  result.bundle.encryption = legacy ? PfxEncryption::kLegacy : PfxEncryption::kModern;
  result.password = config.password;
  result.password.path = expander.Text(config.password.path);

  if (expander.ok()) {
    for (const Fault& fault : ValidateSpec(certificate)) expander.Add(fault.message, fault.hint);
    for (const std::string& required : config.required_dns) {
      const auto& dns = certificate.san.dns;
      if (std::find(dns.begin(), dns.end(), required) != dns.end()) continue;
      expander.Add("profile '" + profile.name() + "' requires the dns name '" + required + "'");
    }
  }
  if (!expander.ok()) return std::nullopt;
  return result;
}

}  // namespace fleetmint
