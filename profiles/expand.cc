// Expand: a profile with one endpoint's values in its templates.
#include <algorithm>

#include "engine/x509/name.h"
#include "profiles/profile.h"

namespace fleetmint {
namespace {

// Whether `setting` is what wrote `text` into a profile.
bool Wrote(const ProfilePatch::Setting& setting, const std::string& text) {
  ProfileConfig config;
  setting.apply(config);
  const auto holds = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), text) != list.end();
  };
  return config.subject == text || config.friendly_name == text || config.description == text ||
         config.crl_url == text || config.ca_issuers_url == text || config.sid == text ||
         config.password.path == text || holds(config.dns) || holds(config.ip);
}

class Expander {
 public:
  Expander(const Profile& profile, const Variables& variables, Position where, FaultList& faults,
           std::span<const ProfilePatch* const> patches)
      : profile_(profile),
        variables_(variables),
        where_(where),
        faults_(faults),
        patches_(patches) {}

  std::string Text(const std::string& text) { return Part(text, text); }

  // Part is Text of a part of what a setting says.
  std::string Part(const std::string& text, const std::string& setting) {
    if (text.find_first_of("{}") == std::string::npos) return text;
    Fault fault;
    auto expanded = ExpandTemplate(text, variables_, &fault);
    if (!expanded) AddTemplateFault(fault, setting);
    return expanded.value_or("");
  }

  Name Subject(const std::string& text) {
    Name name = Name::Parse(text);  // before filling in: a value is one value, whatever it holds
    for (Name::Attribute& attribute : name.attributes) {
      attribute.value = Part(attribute.value, text);
    }
    return name;
  }

  void Add(const std::string& message, const std::string& hint = "") {
    const auto host = variables_.find("host");
    const std::string who = host == variables_.end() ? "" : "endpoint '" + host->second + "': ";
    faults_.Add(where_, who + message, hint);
    ok_ = false;
  }

  bool ok() const { return ok_; }

 private:
  void AddTemplateFault(const Fault& fault, const std::string& setting) {
    ok_ = false;
    for (auto patch = patches_.rbegin(); patch != patches_.rend(); ++patch) {
      for (const ProfilePatch::Setting& one : (*patch)->settings) {
        if (!Wrote(one, setting)) continue;
        faults_.Add(one.where, fault.message, fault.hint);
        return;
      }
    }
    faults_.Add(where_, "profile '" + profile_.name() + "': " + fault.message, fault.hint);
  }

  const Profile& profile_;
  const Variables& variables_;
  Position where_;
  FaultList& faults_;
  std::span<const ProfilePatch* const> patches_;
  bool ok_ = true;
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
                                      Target target, Position where, FaultList& faults,
                                      std::span<const ProfilePatch* const> patches) {
  const ProfileConfig& config = profile.config();
  Expander expander(profile, variables, where, faults, patches);
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
  if (expander.ok()) {
    for (const Fault& fault : ValidateSpec(certificate)) expander.Add(fault.message, fault.hint);
    for (const std::string& required : config.required_dns) {
      const auto& dns = certificate.san.dns;
      if (std::find(dns.begin(), dns.end(), required) != dns.end()) continue;
      expander.Add("profile '" + profile.name() + "' requires the dns name '" + required + "'");
    }
  }
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

  if (!expander.ok()) return std::nullopt;
  return result;
}

}  // namespace fleetmint
