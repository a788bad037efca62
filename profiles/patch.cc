// The table of profile keys: how each is written, and what it sets.
#include "profiles/patch.h"

#include <algorithm>
#include <array>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/x509/name.h"
#include "profiles/words.h"

namespace fleetmint {
namespace {

using yaml::Node;
using Setting = ProfilePatch::Setting;

// Shape is what may stand behind a key.
enum class Shape : std::uint8_t {
  kText,
  kOptional,  // a text, or `~` to take it away
  kWord,      // true or false without quotes
  kNumber,
  kList,          // a list, or one text
  kOptionalList,  // the same, or `~` to take it away
  kAdded,  // as kList, `~` adds nothing; a replacement would silently lose names such as itAuth
};

// Key is one key. `set` checks and sets; throws Error(kInput), without places.
struct Key {
  std::string_view mapping;  // the key in whose mapping it stands, or ""
  std::string_view written;
  std::string_view key;  // as Setting::key
  Shape shape;
  void (*set)(const Setting&, ProfileConfig&);
};

[[noreturn]] void Bad(const std::string& message, const std::string& hint) {
  throw Error::WithHint(ErrorKind::kInput, message, hint);
}

std::string Quoted(std::string_view key) { return "'" + std::string(key) + "'"; }

std::string TextOf(const Setting& setting) {
  return setting.values.empty() ? "" : setting.values.front();
}

template <std::string ProfileConfig::*member>
void SetText(const Setting& setting, ProfileConfig& config) {
  config.*member = TextOf(setting);
}

template <std::string BundleSpec::*member>
void SetBundleText(const Setting& setting, ProfileConfig& config) {
  config.bundle.*member = TextOf(setting);
}

template <std::vector<std::string> ProfileConfig::*member>
void AddTexts(const Setting& setting, ProfileConfig& config) {
  auto& all = config.*member;
  for (const std::string& item : setting.values) {
    if (std::find(all.begin(), all.end(), item) == all.end()) all.push_back(item);
  }
}

// The value of a word of `table`.
template <typename Value, std::size_t size>
Value WordIn(const std::array<profile_words::Word<Value>, size>& table, const Setting& setting) {
  const auto value = profile_words::ParseWord(table, TextOf(setting));
  if (!value) {
    Bad(Quoted(setting.key) + " is " + Quoted(TextOf(setting)),
        DidYouMean(TextOf(setting), profile_words::WordsOf(table)));
  }
  return *value;
}

template <bool BundleSpec::*member>
void SetBundleBool(const Setting& setting, ProfileConfig& config) {
  config.bundle.*member = WordIn(profile_words::kBooleans, setting);
}

// `san: {replace: true}`: nothing of outer layers stays. Applied before the names of its own layer.
void ReplaceNames(const Setting& setting, ProfileConfig& config) {
  if (!WordIn(profile_words::kBooleans, setting)) return;
  for (auto* const names : {&config.dns, &config.ip, &config.uri, &config.email, &config.upn}) {
    names->clear();
  }
}

void SetCrlUrls(const Setting& setting, ProfileConfig& config) {
  config.crl_urls.clear();
  for (const std::string& url : setting.values) {
    const auto& all = config.crl_urls;
    const bool fresh = std::find(all.begin(), all.end(), url) == all.end();
    if (fresh && !url.empty()) config.crl_urls.push_back(url);
  }
}

void SetSidForm(const Setting& setting, ProfileConfig& config) {
  config.sid_form = WordIn(profile_words::kSidForms, setting);
}

// A day, which ends with its last second in UTC, or a time.
void SetNotAfter(const Setting& setting, ProfileConfig& config) {
  const std::string text = TextOf(setting);
  try {
    config.validity.end = ParseRfc3339(text.size() == 10 ? text + "T23:59:59Z" : text);
  } catch (const Error&) {
    Bad(Quoted(setting.key) + " is " + Quoted(text),
        "a day, e.g. 2027-03-31, or a time, e.g. 2027-03-31T12:00:00Z");
  }
}

template <Seconds Validity::*member>
void SetDuration(const Setting& setting, ProfileConfig& config) {
  try {
    config.validity.*member = ParseDuration(TextOf(setting));
  } catch (const Error& error) {
    throw Error::About(ErrorKind::kInput, Quoted(setting.key), error);
  }
}

void SetValidity(const Setting& setting, ProfileConfig& config) {
  SetDuration<&Validity::duration>(setting, config);
  config.validity.end.reset();
}

void SetSubject(const Setting& setting, ProfileConfig& config) {
  Name::Parse(TextOf(setting));
  config.subject = TextOf(setting);
}

void SetKeyUsage(const Setting& setting, ProfileConfig& config) {
  config.key_usage = 0;
  std::vector<Fault> faults;
  for (const std::string& name : setting.values) {
    const auto bit = KeyUsageBit(name);
    config.key_usage = static_cast<std::uint16_t>(config.key_usage | bit.value_or(0));
    if (bit) continue;
    faults.push_back(
        {"unknown key usage " + Quoted(name), {}, DidYouMean(name, KeyUsageNames(0xFFFF))});
  }
  if (!faults.empty()) throw Error(ErrorKind::kInput, faults);
}

void SetExtendedKeyUsage(const Setting& setting, ProfileConfig& config) {
  config.extended_key_usage.clear();
  std::vector<Fault> faults;
  for (const std::string& name : setting.values) {
    const auto oid = ExtendedKeyUsageOid(name);
    config.extended_key_usage.push_back(oid.value_or(""));
    if (oid) continue;
    faults.push_back(
        {"unknown extended key usage " + Quoted(name),
         {},
         DidYouMean(name, ExtendedKeyUsageNames()) + " (or write its object identifier)"});
  }
  if (!faults.empty()) throw Error(ErrorKind::kInput, faults);
}

void SetAlgorithm(const Setting& setting, ProfileConfig& config) {
  static constexpr std::array<profile_words::Word<KeyAlgorithm>, 2> kAlgorithms{
      {{"rsa", KeyAlgorithm::kRsa}, {"ecdsa", KeyAlgorithm::kEcdsa}}};
  const KeyAlgorithm algorithm = WordIn(kAlgorithms, setting);
  if (config.key.algorithm == algorithm) return;
  config.key = {algorithm, algorithm == KeyAlgorithm::kRsa ? 2048U : 256U};
}

void SetBits(const Setting& setting, ProfileConfig& config) {
  config.key.bits = static_cast<std::uint32_t>(std::stoul(TextOf(setting)));
}

void SetCurve(const Setting& setting, ProfileConfig& config) {
  static constexpr std::array<profile_words::Word<std::uint32_t>, 4> kCurves{
      {{"p256", 256}, {"p384", 384}, {"P-256", 256}, {"P-384", 384}}};
  config.key = {KeyAlgorithm::kEcdsa, WordIn(kCurves, setting)};
}

void SetFormats(const Setting& setting, ProfileConfig& config) {
  config.bundle.pfx = config.bundle.pem = false;
  for (const std::string& name : setting.values) {
    if (profile_words::SetFormat(name, config.bundle)) continue;
    Bad("unknown bundle format " + Quoted(name), "expected one of: pfx pem");
  }
  if (setting.values.empty()) Bad(Quoted(setting.key) + " is empty", "e.g. [pfx]");
}

void SetEncryption(const Setting& setting, ProfileConfig& config) {
  config.encryption = WordIn(profile_words::kEncryptionChoices, setting);
}

void SetKeySpec(const Setting& setting, ProfileConfig& config) {
  config.bundle.key_spec = WordIn(profile_words::kWindowsKeySpecs, setting);
}

void SetChain(const Setting& setting, ProfileConfig& config) {
  config.bundle.chain = WordIn(profile_words::kBundleChains, setting);
}

void SetPassword(const Setting& setting, ProfileConfig& config) {
  config.password = PasswordSource::Parse(TextOf(setting));
}

constexpr std::string_view kReplaceKey = "san.replace";

// In this order they are suggested and, inside a mapping, applied: an algorithm comes before its
// size.
constexpr Key kKeys[] = {
    {"", "subject", "subject", Shape::kOptional, SetSubject},
    {"", "dns", "san.dns", Shape::kAdded, AddTexts<&ProfileConfig::dns>},
    {"", "ip", "san.ip", Shape::kAdded, AddTexts<&ProfileConfig::ip>},
    {"", "uri", "san.uri", Shape::kAdded, AddTexts<&ProfileConfig::uri>},
    {"", "email", "san.email", Shape::kAdded, AddTexts<&ProfileConfig::email>},
    {"", "upn", "san.upn", Shape::kAdded, AddTexts<&ProfileConfig::upn>},
    {"", "key_usage", "key_usage", Shape::kList, SetKeyUsage},
    {"", "extended_key_usage", "extended_key_usage", Shape::kList, SetExtendedKeyUsage},
    {"", "validity", "validity", Shape::kText, SetValidity},
    {"", "not_after", "not_after", Shape::kText, SetNotAfter},
    {"", "backdate", "backdate", Shape::kText, SetDuration<&Validity::backdate>},
    {"", "jitter", "jitter", Shape::kText, SetDuration<&Validity::jitter>},
    {"", "friendly_name", "friendly_name", Shape::kOptional,
     SetText<&ProfileConfig::friendly_name>},
    {"", "description", "description", Shape::kOptional, SetText<&ProfileConfig::description>},
    {"", "crl_url", "crl_url", Shape::kOptionalList, SetCrlUrls},
    {"", "ocsp_url", "ocsp_url", Shape::kOptional, SetText<&ProfileConfig::ocsp_url>},
    {"", "ca_issuers_url", "ca_issuers_url", Shape::kOptional,
     SetText<&ProfileConfig::ca_issuers_url>},
    {"", "sid", "sid", Shape::kOptional, SetText<&ProfileConfig::sid>},
    {"", "sid_form", "sid_form", Shape::kText, SetSidForm},
    {"", "password", "password", Shape::kText, SetPassword},
    {"san", "replace", kReplaceKey, Shape::kWord, ReplaceNames},
    {"san", "dns", "san.dns", Shape::kAdded, AddTexts<&ProfileConfig::dns>},
    {"san", "ip", "san.ip", Shape::kAdded, AddTexts<&ProfileConfig::ip>},
    {"san", "uri", "san.uri", Shape::kAdded, AddTexts<&ProfileConfig::uri>},
    {"san", "email", "san.email", Shape::kAdded, AddTexts<&ProfileConfig::email>},
    {"san", "upn", "san.upn", Shape::kAdded, AddTexts<&ProfileConfig::upn>},
    {"key", "algorithm", "key.algorithm", Shape::kText, SetAlgorithm},
    {"key", "bits", "key.bits", Shape::kNumber, SetBits},
    {"key", "curve", "key.curve", Shape::kText, SetCurve},
    {"bundle", "formats", "bundle.formats", Shape::kList, SetFormats},
    {"bundle", "encryption", "bundle.encryption", Shape::kText, SetEncryption},
    {"bundle", "csp", "bundle.csp", Shape::kOptional, SetBundleText<&BundleSpec::csp>},
    {"bundle", "key_spec", "bundle.key_spec", Shape::kText, SetKeySpec},
    {"bundle", "machine_keys", "bundle.machine_keys", Shape::kWord,
     SetBundleBool<&BundleSpec::machine_keys>},
    {"bundle", "chain", "bundle.chain", Shape::kText, SetChain},
    {"install", "store", "install.store", Shape::kOptional, SetBundleText<&BundleSpec::store>},
    {"install", "exportable", "install.exportable", Shape::kWord,
     SetBundleBool<&BundleSpec::exportable>},
    {"require", "dns", "require.dns", Shape::kAdded, AddTexts<&ProfileConfig::required_dns>},
};

// The texts of `node`; nothing where it says nothing or, with a fault, where it is of another
// shape.
std::optional<std::vector<std::string>> ReadShape(Shape shape, const Node& node,
                                                  const std::string& what, FaultList& faults) {
  using Texts = std::vector<std::string>;
  const auto one = [](std::optional<std::string> text) {
    return text ? std::optional(Texts{*std::move(text)}) : std::nullopt;
  };
  switch (shape) {
    case Shape::kOptional:
      if (node.IsNull()) return Texts{};
      [[fallthrough]];
    case Shape::kText:
      return one(yaml::AsText(node, what, faults));
    case Shape::kWord:
      return yaml::AsBool(node, what, faults) ? std::optional(Texts{node.scalar}) : std::nullopt;
    case Shape::kNumber:
      if (!yaml::AsInteger(node, what, 1, 65536, faults)) return std::nullopt;
      return Texts{node.scalar};
    case Shape::kOptionalList:
      if (node.IsNull()) return Texts{};
      return yaml::AsTextList(node, what, faults);
    case Shape::kAdded:
      if (node.IsNull()) return std::nullopt;
      [[fallthrough]];
    case Shape::kList:
      return yaml::AsTextList(node, what, faults);
  }
  return std::nullopt;
}

void ReadOne(const Key& key, const Node& node, FaultList& faults, ProfilePatch& patch) {
  const std::string what = Quoted((key.mapping.empty() ? "" : std::string(key.mapping) + ".") +
                                  std::string(key.written));
  auto values = ReadShape(key.shape, node, what, faults);
  if (!values) return;
  Setting setting{key.key, std::move(*values), node.where};
  try {
    ProfileConfig scratch;
    key.set(setting, scratch);
  } catch (const Error& error) {
    faults.AddAt(node.where, "", error);
    return;
  }
  patch.settings.push_back(std::move(setting));
}

// A curve beside another algorithm or size: one of them would be ignored.
void CheckCurve(const Node& key, FaultList& faults) {
  const Node* const curve = key.Find("curve");
  const Node* const algorithm = key.Find("algorithm");
  if (curve == nullptr) return;
  if (key.Find("bits") != nullptr || (algorithm != nullptr && algorithm->scalar == "rsa")) {
    faults.Add(curve->where, "a curve beside bits or an RSA key",
               "write {algorithm: rsa, bits: 2048} or {algorithm: ecdsa, curve: p256}");
  }
}

// The keys that stand in the mapping of `name`.
void ReadMapping(const std::string& name, const Node& node, FaultList& faults,
                 ProfilePatch& patch) {
  if (!node.IsMapping()) {
    if (node.cut) return;
    faults.Add(node.where, Quoted(name) + " is a " + std::string(yaml::KindName(node.kind)) +
                               "; a mapping was expected");
    return;
  }
  std::vector<std::string> known;
  for (const Key& key : kKeys) {
    if (key.mapping != name) continue;
    known.emplace_back(key.written);
    if (const Node* const value = node.Find(key.written)) ReadOne(key, *value, faults, patch);
  }
  for (const yaml::Entry& entry : node.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    faults.Add(entry.key_where, "unknown key " + Quoted(entry.key) + " in " + Quoted(name),
               DidYouMean(entry.key, known));
  }
  if (name == "key") CheckCurve(node, faults);
}

}  // namespace

std::span<const std::string> ProfileKeys() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Key& key : kKeys) {
      const std::string_view name = key.mapping.empty() ? key.written : key.mapping;
      if (list.empty() || list.back() != name) list.emplace_back(name);
    }
    return list;
  }();
  return names;
}

ProfilePatch ParseProfilePatch(const yaml::Node& mapping, std::span<const std::string> ignore,
                               FaultList& faults) {
  ProfilePatch patch;
  const auto keys = ProfileKeys();
  for (const yaml::Entry& entry : mapping.entries) {
    if (std::find(ignore.begin(), ignore.end(), entry.key) != ignore.end()) continue;
    const auto* const plain = std::find_if(std::begin(kKeys), std::end(kKeys), [&](const Key& key) {
      return key.mapping.empty() && key.written == entry.key;
    });
    if (plain != std::end(kKeys)) {
      ReadOne(*plain, entry.value, faults, patch);
    } else if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) {
      ReadMapping(entry.key, entry.value, faults, patch);
    } else {
      std::vector<std::string> known(ignore.begin(), ignore.end());
      known.insert(known.end(), keys.begin(), keys.end());
      faults.Add(entry.key_where, "unknown key " + Quoted(entry.key), DidYouMean(entry.key, known));
    }
  }
  // Whatever order they are written in: names of this layer stay.
  std::stable_partition(patch.settings.begin(), patch.settings.end(),
                        [](const Setting& setting) { return setting.key == kReplaceKey; });
  const Node* const end = mapping.Find("not_after");
  if (end != nullptr && mapping.Find("validity") != nullptr) {
    faults.Add(end->where, "'not_after' beside 'validity': one of them would be ignored",
               "take one of the two out");
  }
  patch.settings.shrink_to_fit();
  return patch;
}

void Apply(const ProfilePatch::Setting& setting, ProfileConfig& config) {
  const auto* const key = std::find_if(std::begin(kKeys), std::end(kKeys),
                                       [&](const Key& entry) { return entry.key == setting.key; });
  key->set(setting, config);
}

const ProfilePatch::Setting* FindSetting(std::span<const ProfilePatch* const> patches,
                                         std::string_view key, const std::string* item) {
  for (auto patch = patches.rbegin(); patch != patches.rend(); ++patch) {
    const auto& settings = (*patch)->settings;
    const auto found =
        std::find_if(settings.rbegin(), settings.rend(), [&](const Setting& setting) {
          const auto& values = setting.values;
          return setting.key == key && (item == nullptr || std::find(values.begin(), values.end(),
                                                                     *item) != values.end());
        });
    if (found != settings.rend()) return &*found;
  }
  return nullptr;
}

}  // namespace fleetmint
