// ParseProfilePatch: the keys of a profile file, each with the function that reads and checks it.
#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "engine/x509/name.h"
#include "profiles/profile.h"

namespace fleetmint {
namespace {

using yaml::Node;
using Setter = std::function<void(ProfileConfig&)>;
using Reader = std::optional<Setter> (*)(const Node&, const std::string& what, FaultList&);

struct Key {
  const char* name;
  Reader read;
};

// A text that lands in one member.
template <std::string ProfileConfig::*member>
std::optional<Setter> ReadText(const Node& node, const std::string& what, FaultList& faults) {
  if (node.IsNull()) return [](ProfileConfig& config) { (config.*member).clear(); };
  auto text = yaml::AsText(node, what, faults);
  if (!text) return std::nullopt;
  return [text = *text](ProfileConfig& config) { config.*member = text; };
}

template <std::string BundleSpec::*member>
std::optional<Setter> ReadBundleText(const Node& node, const std::string& what, FaultList& faults) {
  if (node.IsNull()) return [](ProfileConfig& config) { (config.bundle.*member).clear(); };
  auto text = yaml::AsText(node, what, faults);
  if (!text) return std::nullopt;
  return [text = *text](ProfileConfig& config) { config.bundle.*member = text; };
}

template <bool BundleSpec::*member>
std::optional<Setter> ReadBundleBool(const Node& node, const std::string& what, FaultList& faults) {
  const auto value = yaml::AsBool(node, what, faults);
  if (!value) return std::nullopt;
  return [value = *value](ProfileConfig& config) { config.bundle.*member = value; };
}

// A list that appends: a replacement would silently lose names such as itAuth.
template <std::vector<std::string> ProfileConfig::*member>
std::optional<Setter> ReadAppended(const Node& node, const std::string& what, FaultList& faults) {
  if (node.IsNull()) return std::nullopt;
  return [list = yaml::AsTextList(node, what, faults)](ProfileConfig& config) {
    for (const std::string& item : list) {
      auto& all = config.*member;
      if (std::find(all.begin(), all.end(), item) == all.end()) all.push_back(item);
    }
  };
}

template <Seconds Validity::*member>
std::optional<Setter> ReadDuration(const Node& node, const std::string& what, FaultList& faults) {
  const auto text = yaml::AsText(node, what, faults);
  if (!text) return std::nullopt;
  try {
    return [duration = ParseDuration(*text)](ProfileConfig& config) {
      config.validity.*member = duration;
    };
  } catch (const Error& error) {
    faults.Add(node.where, what + ": " + error.faults()[0].message, error.faults()[0].hint);
    return std::nullopt;
  }
}

// One word of a small set.
template <typename Value, std::size_t size>
std::optional<Value> ReadWord(const Node& node, const std::string& what, FaultList& faults,
                              const std::array<std::pair<const char*, Value>, size>& words) {
  const auto text = yaml::AsText(node, what, faults);
  if (!text) return std::nullopt;
  std::vector<std::string> known;
  for (const auto& [word, value] : words) {
    if (*text == word) return value;
    known.emplace_back(word);
  }
  faults.Add(node.where, what + " is '" + *text + "'", DidYouMean(*text, known));
  return std::nullopt;
}

std::optional<Setter> ReadSubject(const Node& node, const std::string& what, FaultList& faults) {
  if (node.IsNull()) return [](ProfileConfig& config) { config.subject.clear(); };
  const auto text = yaml::AsText(node, what, faults);
  if (!text) return std::nullopt;
  try {
    Name::Parse(*text);
  } catch (const Error& error) {
    faults.Add(node.where, error.faults()[0].message, error.faults()[0].hint);
    return std::nullopt;
  }
  return [text = *text](ProfileConfig& config) { config.subject = text; };
}

std::optional<Setter> ReadKeyUsage(const Node& node, const std::string& what, FaultList& faults) {
  std::uint16_t bits = 0;
  for (const std::string& name : yaml::AsTextList(node, what, faults)) {
    const auto bit = KeyUsageBit(name);
    if (!bit)
      faults.Add(node.where, "unknown key usage '" + name + "'",
                 DidYouMean(name, KeyUsageNames(0xFFFF)));
    bits = static_cast<std::uint16_t>(bits | bit.value_or(0));
  }
  return [bits](ProfileConfig& config) { config.key_usage = bits; };
}

std::optional<Setter> ReadExtendedKeyUsage(const Node& node, const std::string& what,
                                           FaultList& faults) {
  std::vector<std::string> oids;
  for (const std::string& name : yaml::AsTextList(node, what, faults)) {
    const auto oid = ExtendedKeyUsageOid(name);
    if (oid) {
      oids.push_back(*oid);
    } else {
      faults.Add(node.where, "unknown extended key usage '" + name + "'",
                 DidYouMean(name, ExtendedKeyUsageNames()) + " (or write its object identifier)");
    }
  }
  return [oids](ProfileConfig& config) { config.extended_key_usage = oids; };
}

std::optional<Setter> ReadPassword(const Node& node, const std::string& what, FaultList& faults) {
  const auto text = yaml::AsText(node, what, faults);
  if (!text) return std::nullopt;
  try {
    return [source = PasswordSource::Parse(*text)](ProfileConfig& config) {
      config.password = source;
    };
  } catch (const Error& error) {
    faults.Add(node.where, error.faults()[0].message, error.faults()[0].hint);
    return std::nullopt;
  }
}

std::optional<Setter> ReadAlgorithm(const Node& node, const std::string& what, FaultList& faults) {
  static constexpr std::array<std::pair<const char*, KeyAlgorithm>, 2> kWords{
      {{"rsa", KeyAlgorithm::kRsa}, {"ecdsa", KeyAlgorithm::kEcdsa}}};
  const auto algorithm = ReadWord(node, what, faults, kWords);
  if (!algorithm) return std::nullopt;
  return [algorithm = *algorithm](ProfileConfig& config) {
    if (config.key.algorithm == algorithm) return;
    config.key = {algorithm, algorithm == KeyAlgorithm::kRsa ? 2048U : 256U};
  };
}

std::optional<Setter> ReadBits(const Node& node, const std::string& what, FaultList& faults) {
  const auto bits = yaml::AsInteger(node, what, 1, 65536, faults);
  if (!bits) return std::nullopt;
  return
      [bits = *bits](ProfileConfig& config) { config.key.bits = static_cast<std::uint32_t>(bits); };
}

std::optional<Setter> ReadCurve(const Node& node, const std::string& what, FaultList& faults) {
  static constexpr std::array<std::pair<const char*, std::uint32_t>, 4> kWords{
      {{"p256", 256}, {"p384", 384}, {"P-256", 256}, {"P-384", 384}}};
  const auto bits = ReadWord(node, what, faults, kWords);
  if (!bits) return std::nullopt;
  return [bits = *bits](ProfileConfig& config) { config.key = {KeyAlgorithm::kEcdsa, bits}; };
}

std::optional<Setter> ReadFormats(const Node& node, const std::string& what, FaultList& faults) {
  bool pfx = false, pem = false;
  for (const std::string& name : yaml::AsTextList(node, what, faults)) {
    pfx = pfx || name == "pfx";
    pem = pem || name == "pem";
    if (name != "pfx" && name != "pem") {
      faults.Add(node.where, "unknown bundle format '" + name + "'", "expected one of: pfx pem");
    }
  }
  if (!pfx && !pem) faults.Add(node.where, what + " is empty", "e.g. [pfx]");
  return [pfx, pem](ProfileConfig& config) {
    config.bundle.pfx = pfx;
    config.bundle.pem = pem;
  };
}

std::optional<Setter> ReadEncryption(const Node& node, const std::string& what, FaultList& faults) {
  static constexpr std::array<std::pair<const char*, EncryptionChoice>, 3> kWords{
      {{"auto", EncryptionChoice::kAuto},
       {"modern", EncryptionChoice::kModern},
       {"legacy", EncryptionChoice::kLegacy}}};
  const auto choice = ReadWord(node, what, faults, kWords);
  if (!choice) return std::nullopt;
  return [choice = *choice](ProfileConfig& config) { config.encryption = choice; };
}

std::optional<Setter> ReadKeySpec(const Node& node, const std::string& what, FaultList& faults) {
  static constexpr std::array<std::pair<const char*, WindowsKeySpec>, 3> kWords{
      {{"none", WindowsKeySpec::kNone},
       {"signature", WindowsKeySpec::kSignature},
       {"exchange", WindowsKeySpec::kExchange}}};
  const auto spec = ReadWord(node, what, faults, kWords);
  if (!spec) return std::nullopt;
  return [spec = *spec](ProfileConfig& config) { config.bundle.key_spec = spec; };
}

std::optional<Setter> ReadChain(const Node& node, const std::string& what, FaultList& faults) {
  static constexpr std::array<std::pair<const char*, BundleChain>, 3> kWords{
      {{"none", BundleChain::kNone},
       {"issuing", BundleChain::kIssuing},
       {"full", BundleChain::kFull}}};
  const auto chain = ReadWord(node, what, faults, kWords);
  if (!chain) return std::nullopt;
  return [chain = *chain](ProfileConfig& config) { config.bundle.chain = chain; };
}

constexpr Key kPlainKeys[] = {
    {"subject", ReadSubject},
    {"dns", ReadAppended<&ProfileConfig::dns>},
    {"ip", ReadAppended<&ProfileConfig::ip>},
    {"key_usage", ReadKeyUsage},
    {"extended_key_usage", ReadExtendedKeyUsage},
    {"validity", ReadDuration<&Validity::duration>},
    {"backdate", ReadDuration<&Validity::backdate>},
    {"jitter", ReadDuration<&Validity::jitter>},
    {"friendly_name", ReadText<&ProfileConfig::friendly_name>},
    {"description", ReadText<&ProfileConfig::description>},
    {"crl_url", ReadText<&ProfileConfig::crl_url>},
    {"ca_issuers_url", ReadText<&ProfileConfig::ca_issuers_url>},
    {"sid", ReadText<&ProfileConfig::sid>},
    {"password", ReadPassword},
};
constexpr Key kSanKeys[] = {{"dns", ReadAppended<&ProfileConfig::dns>},
                            {"ip", ReadAppended<&ProfileConfig::ip>}};
constexpr Key kKeyKeys[] = {{"algorithm", ReadAlgorithm}, {"bits", ReadBits}, {"curve", ReadCurve}};
constexpr Key kBundleKeys[] = {{"formats", ReadFormats},
                               {"encryption", ReadEncryption},
                               {"csp", ReadBundleText<&BundleSpec::csp>},
                               {"key_spec", ReadKeySpec},
                               {"machine_keys", ReadBundleBool<&BundleSpec::machine_keys>},
                               {"chain", ReadChain}};
constexpr Key kInstallKeys[] = {{"store", ReadBundleText<&BundleSpec::store>},
                                {"exportable", ReadBundleBool<&BundleSpec::exportable>}};
constexpr Key kRequireKeys[] = {{"dns", ReadAppended<&ProfileConfig::required_dns>}};

// A key whose value is a mapping of further keys.
struct Nested {
  const char* name;
  std::span<const Key> keys;
};

const Nested kNested[] = {{"san", kSanKeys},
                          {"key", kKeyKeys},
                          {"bundle", kBundleKeys},
                          {"install", kInstallKeys},
                          {"require", kRequireKeys}};

void ReadOne(const Key& key, const Node& node, const std::string& what, FaultList& faults,
             ProfilePatch& patch) {
  if (auto setter = key.read(node, what, faults))
    patch.settings.push_back({node.where, std::move(*setter)});
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

void ReadNested(const Nested& nested, const Node& node, FaultList& faults, ProfilePatch& patch) {
  if (!node.IsMapping()) {
    faults.Add(node.where, "'" + std::string(nested.name) + "' is a " +
                               std::string(yaml::KindName(node.kind)) + "; a mapping was expected");
    return;
  }
  std::vector<std::string> known;
  // In the order of the table, not of the file: an algorithm comes before its size.
  for (const Key& key : nested.keys) {
    known.emplace_back(key.name);
    if (const Node* const value = node.Find(key.name)) {
      ReadOne(key, *value, "'" + std::string(nested.name) + "." + key.name + "'", faults, patch);
    }
  }
  for (const yaml::Entry& entry : node.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    faults.Add(entry.key_where, "unknown key '" + entry.key + "' in '" + nested.name + "'",
               DidYouMean(entry.key, known));
  }
  if (nested.name == std::string_view("key")) CheckCurve(node, faults);
}

}  // namespace

std::span<const std::string> ProfileKeys() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Key& key : kPlainKeys) list.emplace_back(key.name);
    for (const Nested& nested : kNested) list.emplace_back(nested.name);
    return list;
  }();
  return names;
}

ProfilePatch ParseProfilePatch(const yaml::Node& mapping, std::span<const std::string> ignore,
                               FaultList& faults) {
  ProfilePatch patch;
  for (const yaml::Entry& entry : mapping.entries) {
    if (std::find(ignore.begin(), ignore.end(), entry.key) != ignore.end()) continue;
    const auto plain = std::find_if(std::begin(kPlainKeys), std::end(kPlainKeys),
                                    [&](const Key& key) { return entry.key == key.name; });
    const auto nested = std::find_if(std::begin(kNested), std::end(kNested),
                                     [&](const Nested& key) { return entry.key == key.name; });
    if (plain != std::end(kPlainKeys)) {
      ReadOne(*plain, entry.value, "'" + entry.key + "'", faults, patch);
    } else if (nested != std::end(kNested)) {
      ReadNested(*nested, entry.value, faults, patch);
    } else {
      std::vector<std::string> known(ignore.begin(), ignore.end());
      known.insert(known.end(), ProfileKeys().begin(), ProfileKeys().end());
      faults.Add(entry.key_where, "unknown key '" + entry.key + "'", DidYouMean(entry.key, known));
    }
  }
  patch.settings.shrink_to_fit();
  return patch;
}

}  // namespace fleetmint
