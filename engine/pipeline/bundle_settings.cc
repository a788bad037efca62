#include "engine/pipeline/bundle_settings.h"

#include <algorithm>
#include <set>

#include "engine/keys/key_spec.h"
#include "engine/x509/certificate.h"
#include "engine/x509/name.h"
#include "profiles/words.h"

namespace fleetmint {
namespace {

namespace words = profile_words;

constexpr std::chrono::minutes kBackdate{10};  // the default of format 1

std::string Join(const std::set<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : " ") + item;
  return text;
}

std::string Join(const std::vector<std::string>& items) {
  return Join(std::set<std::string>(items.begin(), items.end()));
}

// `text` with {fqdn} in the place of the name, or with {host}.
std::string Named(std::string text, const ManifestWord& word) {
  for (const auto& [name, variable] :
       {std::pair<const std::string&, const char*>{word.fqdn, "{fqdn}"},
        {word.endpoint, "{host}"}}) {
    const std::size_t at = name.empty() ? std::string::npos : text.find(name);
    if (at == std::string::npos) continue;
    return text.replace(at, name.size(), variable);
  }
  return text;
}

void AddCertificate(const Certificate& certificate, const ManifestWord& word,
                    Settings::Values& values) {
  std::set<std::string> dns, ip;
  for (const std::string& name : certificate.san().dns) {
    dns.insert(name == word.fqdn ? "{fqdn}" : name == word.endpoint ? "{host}" : name);
  }
  for (const Bytes& address : certificate.san().ip) ip.insert(FormatIp(address));
  std::vector<std::string> usages;
  for (const std::string& oid : certificate.extended_key_usage()) {
    usages.push_back(ExtendedKeyUsageName(oid));
  }
  std::string key_usage;  // in the order of their bits, as settings have them
  for (const std::string& name : KeyUsageNames(certificate.key_usage())) {
    key_usage += (key_usage.empty() ? "" : " ") + name;
  }
  values["subject"] = Named(NameToString(certificate.subject()), word);
  values["san.dns"] = Join(dns);
  values["san.ip"] = Join(ip);
  values["key_usage"] = key_usage;
  values["extended_key_usage"] = Join(usages);
  values["validity"] =
      FormatDuration(certificate.not_after() - certificate.not_before() - kBackdate);
  for (const KeySpec& key : kKeySpecs) {
    if (KeySpecName(key) == word.key) values["key"] = KeySpecWord(key);
  }
}

void AddPfx(const DecodedPfx& pfx, const ManifestWord& word, Settings::Values& values) {
  values["bundle.encryption"] = words::WordOf(words::kPfxEncryptions, pfx.encryption);
  values["bundle.csp"] = pfx.csp;
  values["bundle.key_spec"] = words::WordOf(words::kWindowsKeySpecs, pfx.key_spec);
  values["bundle.machine_keys"] = words::WordOf(words::kBooleans, pfx.machine_keys);
  values["friendly_name"] = Named(pfx.friendly_name, word);
  values["description"] = Named(pfx.description, word);
}

}  // namespace

Settings SettingsOfBundle(const ManifestWord& word, const OpenedBundle& bundle,
                          std::span<const Bytes> chain) {
  Settings::Values values;
  AddCertificate(Certificate::Parse(bundle.certificate), word, values);
  if (bundle.pfx) AddPfx(*bundle.pfx, word, values);
  std::vector<std::string> formats;
  if (bundle.pfx) formats.emplace_back("pfx");
  const auto is_pem = [](const ManifestFile& file) { return file.path.ends_with(".key.pem"); };
  if (std::any_of(word.files.begin(), word.files.end(), is_pem)) formats.emplace_back("pem");
  values["bundle.formats"] = Join(formats);
  for (const auto& [name, part] : words::kBundleChains) {
    const auto ders = BundleChainOf(part, chain);
    if (!std::equal(ders.begin(), ders.end(), bundle.chain.begin(), bundle.chain.end())) continue;
    values["bundle.chain"] = std::string(name);
  }
  values["install.store"] = word.store;
  values["install.exportable"] = words::WordOf(words::kBooleans, word.exportable);
  if (word.fqdn.starts_with(word.endpoint + ".")) {
    values["domain"] = word.fqdn.substr(word.endpoint.size() + 1);
  } else if (word.fqdn != word.endpoint) {
    values["fqdn"] = word.fqdn;
  }
  return {word.profile, "", std::move(values)};
}

}  // namespace fleetmint
