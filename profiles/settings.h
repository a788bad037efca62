// Settings: what the endpoints of one layer are issued under, as canonical text.
//
// The text, `Body()`, has a line "key=value" for each key whose value differs from the default of
// the settings' format, sorted by key. Equal bodies of one format are equal settings, and only they
// are: nothing is in it of how a profile is presented (its summary, its name, the order of its
// file) or checked (`require`), and a key that a later version of fleetmint adds is absent, that is
// default, in what was issued before. The defaults of a format never change: another default is
// another format.
//
// A subject stands in the order of its encoding (NameOrder::kEncoded), not as people write it:
// what was issued by versions that took their text so is still what it was.
//
// Everything is filled in but {host} and {fqdn} (template.h). Lists are sets: sorted, with a space
// between the items; `crl_url` alone keeps its order, and where there is `not_after` there is no
// `validity` and no `jitter`. A backslash in a value is "\\", a newline "\n", another control
// character
// "\x" and two hexadecimal digits.
//
// What is not promised: that the values of a parsed body make a certificate. EndpointTemplate
// judges that.
//
// Immutable values; const access from several threads is safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmint {

class Settings {
 public:
  static constexpr int kFormat = 1;

  using Values = std::map<std::string, std::string, std::less<>>;

  // Settings of the current format with these values, canonical each; an absent key has its
  // default. Throws std::logic_error for a key that the format does not have.
  Settings(std::string profile, std::string group, Values values);

  // Parse reads a body back. Throws Error(kLedger): a format of a later version (cause
  // kUnsupported); a key that the format does not have, a line without '=', lines that are not
  // sorted, a value that is the default or is not written as Body writes it (kDamaged).
  static Settings Parse(int format, std::string profile, std::string group, std::string_view body);

  static int format() { return kFormat; }
  // The names of profile and group are kept beside the body and are no part of comparisons.
  const std::string& profile() const { return profile_; }
  const std::string& group() const { return group_; }

  // Value gives the value of a key, the default where it is absent. Throws std::logic_error for a
  // key that the format does not have.
  std::string_view Value(std::string_view key) const;

  // Body gives the canonical text.
  std::string Body() const;

  // Keys lists the keys of the format, sorted; DefaultOf gives a key's default.
  static std::vector<std::string_view> Keys();
  static std::string_view DefaultOf(std::string_view key);

 private:
  std::string profile_, group_;
  Values values_;  // those that differ from the defaults
};

// SettingChange is a key whose value differs; `before` and `now` are its values, the default
// included, as people write them.
struct SettingChange {
  std::string key, before, now;
  friend bool operator==(const SettingChange&, const SettingChange&) = default;
};

// Differences gives what differs, sorted by key. The names of profile and group do not count.
std::vector<SettingChange> Differences(const Settings& before, const Settings& now);

}  // namespace fleetmint
