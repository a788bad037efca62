#include "profiles/settings.h"

#include <algorithm>
#include <stdexcept>

#include "engine/base/error.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

struct Default {
  std::string_view key;
  std::string_view value;
};

// Format 1. Never to be changed: ledgers hold bodies that rely on every line of it. (A line more is
// a key whose default is what was so far.)
constexpr Default kDefaults[] = {
    {"backdate", "10m"},
    {"bundle.chain", "issuing"},
    {"bundle.csp", ""},
    {"bundle.encryption", "modern"},
    {"bundle.formats", "pfx"},
    {"bundle.key_spec", "none"},
    {"bundle.machine_keys", "true"},
    {"ca_issuers_url", ""},
    {"crl_url", ""},
    {"description", ""},
    {"domain", ""},
    {"extended_key_usage", ""},
    {"fqdn", ""},
    {"friendly_name", ""},
    {"install.exportable", "false"},
    {"install.store", "LocalMachine\\My"},
    {"jitter", "0s"},
    {"key", "rsa-2048"},
    {"key_usage", ""},
    {"not_after", ""},
    {"ocsp_url", ""},
    {"password", "derived"},
    {"san.dns", ""},
    {"san.email", ""},
    {"san.ip", ""},
    {"san.upn", ""},
    {"san.uri", ""},
    {"sid", ""},
    {"sid_form", "extension"},
    {"subject", ""},
    {"validity", ""},
};

static_assert(std::is_sorted(std::begin(kDefaults), std::end(kDefaults),
                             [](const Default& a, const Default& b) { return a.key < b.key; }));

const Default* FindDefault(std::string_view key) {
  const auto* const place = std::find_if(std::begin(kDefaults), std::end(kDefaults),
                                         [&](const Default& entry) { return entry.key == key; });
  return place == std::end(kDefaults) ? nullptr : place;
}

constexpr char kDigits[] = "0123456789abcdef";

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string Escape(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\') {
      text += "\\\\";
    } else if (c == '\n') {
      text += "\\n";
    } else if (IsControl(c)) {
      text += "\\x";
      text += kDigits[static_cast<unsigned char>(c) >> 4U];
      text += kDigits[static_cast<unsigned char>(c) & 0xFU];
    } else {
      text += c;
    }
  }
  return text;
}

// The value of an escaped text; something else than what was escaped if the text is not canonical.
std::string Unescape(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] != '\\') {
      value += text[i];
    } else if (next == 'x' && i + 3 < text.size()) {
      const std::string_view digits(kDigits);
      const std::size_t high = digits.find(text[i + 2]), low = digits.find(text[i + 3]);
      value += static_cast<char>((high & 0xFU) << 4U | (low & 0xFU));
      i += 3;
    } else {
      value += next == 'n' ? '\n' : next;
      ++i;
    }
  }
  return value;
}

[[noreturn]] void Damaged(const std::string& message) {
  throw Error::OfCause(ErrorKind::kLedger, ErrorCause::kDamaged, "settings: " + message);
}

// A value as people write it.
std::string Shown(std::string_view key, std::string_view value) {
  if (key != "subject") return std::string(value);
  try {
    return Name::Parse(value, NameOrder::kEncoded).ToString();
  } catch (const Error&) {
    return std::string(value);  // damaged
  }
}

}  // namespace

Settings::Settings(std::string profile, std::string group, Values values)
    : profile_(std::move(profile)), group_(std::move(group)), values_(std::move(values)) {
  std::erase_if(values_, [](const auto& entry) { return DefaultOf(entry.first) == entry.second; });
}

Settings Settings::Parse(int format, std::string profile, std::string group,
                         std::string_view body) {
  if (format != kFormat) {
    throw Error::OfCause(ErrorKind::kLedger, ErrorCause::kUnsupported,
                         "settings of format " + std::to_string(format) +
                             ", of which this version "
                             "knows nothing",
                         "use the version of fleetmint that wrote them, or a later one");
  }
  Values values;
  std::string previous;
  for (std::size_t begin = 0; begin < body.size();) {
    const std::size_t end = body.find('\n', begin);
    const std::string line(body.substr(begin, end - begin));
    if (end == std::string_view::npos) Damaged("the line '" + line + "' has no end");
    begin = end + 1;
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) Damaged("the line '" + line + "' has no '='");
    std::string key = line.substr(0, equals);
    const std::string text = line.substr(equals + 1);
    const Default* const entry = FindDefault(key);
    if (entry == nullptr) Damaged("unknown key '" + key + "'");
    if (key <= previous) Damaged("the key '" + key + "' is not in its place");
    std::string value = Unescape(text);
    if (Escape(value) != text) Damaged("the value '" + text + "' is not written as it should be");
    if (value == entry->value) Damaged("the value of '" + key + "' is the default");
    previous = key;
    values.emplace(std::move(key), std::move(value));
  }
  return Settings(std::move(profile), std::move(group), std::move(values));
}

std::string_view Settings::Value(std::string_view key) const {
  const auto place = values_.find(key);
  return place == values_.end() ? DefaultOf(key) : std::string_view(place->second);
}

std::string Settings::Body() const {
  std::string body;
  for (const auto& [key, value] : values_) body += key + "=" + Escape(value) + "\n";
  return body;
}

std::vector<std::string_view> Settings::Keys() {
  std::vector<std::string_view> keys;
  for (const Default& entry : kDefaults) keys.push_back(entry.key);
  return keys;
}

std::string_view Settings::DefaultOf(std::string_view key) {
  const Default* const entry = FindDefault(key);
  if (entry == nullptr) throw std::logic_error("no setting is called '" + std::string(key) + "'");
  return entry->value;
}

std::vector<SettingChange> Differences(const Settings& before, const Settings& now) {
  std::vector<SettingChange> changes;
  for (const std::string_view key : Settings::Keys()) {
    if (before.Value(key) == now.Value(key)) continue;
    changes.push_back(
        {std::string(key), Shown(key, before.Value(key)), Shown(key, now.Value(key))});
  }
  return changes;
}

}  // namespace fleetmint
