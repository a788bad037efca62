// Profiles as YAML: what `fleetmint profiles NAME` prints.
#include "engine/x509/name.h"
#include "profiles/catalog.h"
#include "profiles/words.h"

namespace fleetmint {

namespace words = profile_words;

namespace {

// A double-quoted scalar; the only escapes it needs are for '"', '\\' and control characters.
std::string Quote(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      static constexpr char kDigits[] = "0123456789abcdef";
      out += "\\x";
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string List(const std::vector<std::string>& items, bool quoted) {
  std::string out = "[";
  for (const std::string& item : items) {
    out += (out.size() == 1 ? "" : ", ") + (quoted ? Quote(item) : item);
  }
  return out + "]";
}

// One text, or a list of several.
std::string UrlsText(const std::vector<std::string>& urls) {
  return urls.size() > 1 ? List(urls, true) : Quote(urls.empty() ? "" : urls.front());
}

std::string KeyText(const KeySpec& key) {
  if (key.algorithm == KeyAlgorithm::kRsa)
    return "{algorithm: rsa, bits: " + std::to_string(key.bits) + "}";
  return "{algorithm: ecdsa, curve: " + KeySpecWord(key) + "}";
}

}  // namespace

std::string Catalog::ToYaml(const Profile& profile) {
  const ProfileConfig& config = profile.config();
  const BundleSpec& bundle = config.bundle;
  std::vector<std::string> usages;
  for (const std::string& oid : config.extended_key_usage)
    usages.push_back(ExtendedKeyUsageName(oid));
  std::string out = "profile: " + profile.name() + "\n";
  out += "summary: " + Quote(profile.summary()) + "\n";
  out += "subject: " + Quote(config.subject) + "\n";
  out += "san: {dns: " + List(config.dns, true) + ", ip: " + List(config.ip, true) +
         ", uri: " + List(config.uri, true) + ", email: " + List(config.email, true) +
         ", upn: " + List(config.upn, true) + "}\n";
  out += "require: {dns: " + List(config.required_dns, true) + "}\n";
  out += "key: " + KeyText(config.key) + "\n";
  out += "key_usage: " + List(KeyUsageNames(config.key_usage), false) + "\n";
  out += "extended_key_usage: " + List(usages, false) + "\n";
  if (config.validity.end) {
    out += "not_after: " + FormatRfc3339(*config.validity.end) + "\n";
  } else {
    out += "validity: " + FormatDuration(config.validity.duration) + "\n";
  }
  out += "backdate: " + FormatDuration(config.validity.backdate) + "\n";
  out += "jitter: " + FormatDuration(config.validity.jitter) + "\n";
  out += "friendly_name: " + Quote(config.friendly_name) + "\n";
  out += "description: " + Quote(config.description) + "\n";
  out += "crl_url: " + UrlsText(config.crl_urls) + "\n";
  out += "ca_issuers_url: " + Quote(config.ca_issuers_url) + "\n";
  out += "ocsp_url: " + Quote(config.ocsp_url) + "\n";
  out += "sid: " + Quote(config.sid) + "\n";
  out += "sid_form: " + words::WordOf(words::kSidForms, config.sid_form) + "\n";
  out += "bundle: {formats: " + List(words::FormatWords(bundle), false) +
         ", encryption: " + words::WordOf(words::kEncryptionChoices, config.encryption) +
         ", csp: " + Quote(bundle.csp) +
         ", key_spec: " + words::WordOf(words::kWindowsKeySpecs, bundle.key_spec) +
         ", machine_keys: " + words::WordOf(words::kBooleans, bundle.machine_keys) +
         ", chain: " + words::WordOf(words::kBundleChains, bundle.chain) + "}\n";
  out += "install: {store: " + Quote(bundle.store) +
         ", exportable: " + words::WordOf(words::kBooleans, bundle.exportable) + "}\n";
  out += "password: " + Quote(config.password.ToString()) + "\n";
  return out;
}

std::string Catalog::ToYaml(const AuthorityProfile& profile) {
  std::string out = "authority: " + profile.name + "\nsummary: " + Quote(profile.summary) + "\n";
  out += "crl_validity: " + FormatDuration(profile.crl_validity) + "\ntiers:\n";
  for (const Tier& tier : profile.tiers) {
    const CertificateSpec& certificate = tier.certificate;
    out +=
        "  - name: " + tier.name + "\n    subject: " + Quote(certificate.subject.ToString()) + "\n";
    out += "    key: " + KeyText(tier.key) + "\n";
    out += "    validity: " + FormatDuration(certificate.validity.duration) + "\n";
    out += "    backdate: " + FormatDuration(certificate.validity.backdate) + "\n";
    if (certificate.path_length) {
      out += "    path_length: " + std::to_string(*certificate.path_length) + "\n";
    }
    if (!certificate.permitted_dns.empty()) {
      out += "    permitted_dns: " + List(certificate.permitted_dns, true) + "\n";
    }
  }
  return out;
}

}  // namespace fleetmint
