#include "profiles/resolve.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "engine/base/clock.h"
#include "engine/x509/name.h"
#include "engine/x509/san.h"
#include "profiles/endpoint_template.h"
#include "profiles/words.h"

namespace fleetmint {
namespace {

namespace words = profile_words;

// The items of a list, in order, with a space between them.
template <typename Items>
std::string Join(const Items& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : " ") + item;
  return text;
}

std::string JoinSet(const std::vector<std::string>& items) {
  return Join(std::set<std::string>(items.begin(), items.end()));
}

class Resolver {
 public:
  Resolver(const Profile& profile, const LayerInput& input, Position where, FaultList& faults)
      : profile_(profile),
        config_(profile.config()),
        input_(input),
        where_(where),
        faults_(faults) {}

  std::optional<Settings> Run() {
    ResolveCertificate();
    ResolveBundle();
    values_["domain"] = input_.domain;
    values_["fqdn"] = input_.fqdn;
    if (!ok_) return std::nullopt;
    return Settings(profile_.name(), input_.group, std::move(values_));
  }

 private:
  void ResolveCertificate() {
    std::vector<std::string> usages;
    for (const std::string& oid : config_.extended_key_usage) {
      usages.push_back(ExtendedKeyUsageName(oid));
    }
    const std::set<std::string> dns = Items("san.dns", config_.dns);
    values_["subject"] = Subject();
    values_["san.dns"] = Join(dns);
    values_["san.ip"] = Join(Items("san.ip", config_.ip));
    values_["san.uri"] = Join(Items("san.uri", config_.uri));
    values_["san.email"] = Join(Items("san.email", config_.email));
    values_["san.upn"] = Join(Items("san.upn", config_.upn));
    values_["key"] = KeySpecWord(config_.key);
    values_["key_usage"] = Join(KeyUsageNames(config_.key_usage));
    values_["extended_key_usage"] = JoinSet(usages);
    values_["backdate"] = FormatDuration(config_.validity.backdate);
    if (config_.validity.end) {
      values_["not_after"] = FormatRfc3339(*config_.validity.end);
    } else {
      values_["validity"] = FormatDuration(config_.validity.duration);
      values_["jitter"] = FormatDuration(config_.validity.jitter);
    }
    values_["crl_url"] = CrlUrls();
    values_["ca_issuers_url"] = Text("ca_issuers_url", config_.ca_issuers_url);
    values_["ocsp_url"] = Text("ocsp_url", config_.ocsp_url);
    values_["sid"] = Text("sid", config_.sid);
    values_["sid_form"] = words::WordOf(words::kSidForms, config_.sid_form);
    if (!ok_) return;
    for (const std::string& required : config_.required_dns) {
      if (dns.contains(required)) continue;
      Add(nullptr, {"profile '" + profile_.name() + "' requires the dns name '" + required + "'",
                    {},
                    "write dns: [" + required + "], too"});
    }
  }

  void ResolveBundle() {
    const BundleSpec& bundle = config_.bundle;
    // PEM is never legacy: an os that changes then changes nothing.
    const bool legacy = bundle.pfx && (config_.encryption == EncryptionChoice::kLegacy ||
                                       (config_.encryption == EncryptionChoice::kAuto &&
                                        input_.target == Target::kLegacyWindows));
    const PfxEncryption encryption = legacy ? PfxEncryption::kLegacy : PfxEncryption::kModern;
    values_["bundle.formats"] = JoinSet(words::FormatWords(bundle));
    values_["bundle.encryption"] = words::WordOf(words::kPfxEncryptions, encryption);
    values_["bundle.csp"] = bundle.csp;
    values_["bundle.key_spec"] = words::WordOf(words::kWindowsKeySpecs, bundle.key_spec);
    values_["bundle.machine_keys"] = words::WordOf(words::kBooleans, bundle.machine_keys);
    values_["bundle.chain"] = words::WordOf(words::kBundleChains, bundle.chain);
    values_["install.store"] = bundle.store;
    values_["install.exportable"] = words::WordOf(words::kBooleans, bundle.exportable);
    values_["friendly_name"] = Text("friendly_name", config_.friendly_name);
    values_["description"] = Text("description", config_.description);
    values_["password"] = Password();
  }

  // Adds a fault where `setting` stands, else at the layer's place.
  void Add(const ProfilePatch::Setting* setting, const Fault& fault) {
    ok_ = false;
    faults_.Add(setting == nullptr ? where_ : setting->where, fault.message, fault.hint);
  }

  // `text` with all filled in but {host} and {fqdn}; `setting` is what wrote it, if a patch did.
  // Nothing, and a fault, if that cannot be.
  std::optional<std::string> Fill(const std::string& text, const ProfilePatch::Setting* setting) {
    if (text.find_first_of("{}") == std::string::npos) return text;
    try {
      return Template::Parse(text)
          .Substitute(input_.variables, EndpointTemplate::kVariables)
          .ToString();
    } catch (const Error& error) {
      const std::string context = setting == nullptr ? "profile '" + profile_.name() + "': " : "";
      for (const Fault& fault : error.faults()) {
        Add(setting, {context + fault.message, {}, fault.hint});
      }
      return std::nullopt;
    }
  }

  std::string Text(std::string_view key, const std::string& text) {
    return Fill(text, FindSetting(input_.patches, key)).value_or("");
  }

  // The attributes are told apart before anything is filled in: a value is one value, whatever it
  // holds.
  std::string Subject() {
    Name name = Name::Parse(config_.subject);
    for (Name::Attribute& attribute : name.attributes) {
      attribute.value = Text("subject", attribute.value);
    }
    return name.ToString(NameOrder::kEncoded);
  }

  // In their order: the first place of a CRL is the one that is asked first.
  std::string CrlUrls() {
    const ProfilePatch::Setting* const setting = FindSetting(input_.patches, "crl_url");
    std::vector<std::string> urls;
    for (const std::string& written : config_.crl_urls) {
      const std::string url = Text("crl_url", written);
      if (url.find(' ') != std::string::npos) {
        Add(setting, {"crl_url '" + url + "' is not a URL", {}, "http://HOST/PATH"});
      } else if (!url.empty() && std::find(urls.begin(), urls.end(), url) == urls.end()) {
        urls.push_back(url);
      }
    }
    return Join(urls);
  }

  // What is wrong with an item that is empty or has a space.
  static Fault ItemFault(std::string_view key, const std::string& item) {
    const std::string reason = item.empty() ? "it is empty" : "it has the character ' '";
    if (key == "san.ip") return {"'" + item + "' is not an IP address", {}, kIpAddressHint};
    if (key == "san.dns") return {"dns name '" + item + "': " + reason, {}, DnsNameHint(item)};
    const char* const hint = key == "san.uri" ? kUriHint : key == "san.upn" ? kUpnHint : kEmailHint;
    return {std::string(key.substr(4)) + " '" + item + "': " + reason, {}, hint};
  }

  // A list's items as a set. An item that is empty or has a space would not come out of the joined
  // text again; it is no name of any kind, whatever {host} and {fqdn} are.
  std::set<std::string> Items(std::string_view key, const std::vector<std::string>& items) {
    std::set<std::string> result;
    for (const std::string& written : items) {
      const ProfilePatch::Setting* const setting = FindSetting(input_.patches, key, &written);
      const auto item = Fill(written, setting);
      if (!item) continue;
      const bool is_ip = key == "san.ip";
      if (item->empty() || item->find(' ') != std::string::npos) {
        Add(setting, ItemFault(key, *item));
        continue;
      }
      const auto address = is_ip ? ParseIp(*item) : std::nullopt;
      result.insert(address ? FormatIp(*address) : *item);
    }
    return result;
  }

  std::string Password() {
    PasswordSource source = config_.password;
    if (source.kind == PasswordSource::Kind::kDerived) return source.ToString();
    const ProfilePatch::Setting* const setting = FindSetting(input_.patches, "password");
    const auto path = Fill(source.path, setting);
    if (path && path->empty()) Add(setting, {"the path of the passwords is empty", {}, ""});
    // As it is written: the folder that it starts from may be moved.
    source.path = std::filesystem::path(path.value_or("")).lexically_normal().string();
    return source.ToString();
  }

  const Profile& profile_;
  const ProfileConfig& config_;
  const LayerInput& input_;
  Position where_;
  FaultList& faults_;
  Settings::Values values_;
  bool ok_ = true;
};

}  // namespace

std::optional<Settings> ResolveSettings(const Profile& named, const LayerInput& input,
                                        Position where, FaultList& faults) {
  const auto profile = named.With(input.patches, faults);
  if (!profile) return std::nullopt;
  return Resolver(*profile, input, where, faults).Run();
}

}  // namespace fleetmint
