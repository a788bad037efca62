// ProfilePatch: a sparse set of settings, as a profile file, a group or one endpoint writes them.
//
// `dns`, `ip`, `uri`, `email` and `upn` append, but where `san` says `replace: true`; every other
// setting replaces. A patch is plain data and small; what its
// keys mean is one table in patch.cc. Const access from several threads is safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/yaml.h"
#include "profiles/profile.h"

namespace fleetmint {

struct ProfilePatch {
  // Setting is a key with what it was set to. Made by ParseProfilePatch only, which has checked it.
  struct Setting {
    std::string_view key;  // full, whatever way it was written: "validity", "san.dns", "key.bits"
    std::vector<std::string> values;  // as written; several of a list, none for `~`
    Position where;                   // of the value
  };
  std::vector<Setting> settings;
  bool empty() const { return settings.empty(); }
};

// ProfileKeys lists the keys that ParseProfilePatch knows (for suggestions).
std::span<const std::string> ProfileKeys();

// ParseProfilePatch reads the profile keys among the entries of `mapping`; entries whose key is in
// `ignore` are the caller's. Any other key is a fault. Each value is checked by itself; one with
// faults is left out.
ProfilePatch ParseProfilePatch(const yaml::Node& mapping, std::span<const std::string> ignore,
                               FaultList& faults);

// Apply sets one setting in `config`.
void Apply(const ProfilePatch::Setting& setting, ProfileConfig& config);

// FindSetting gives the last of the settings of `key` in `patches`, of a list the last one that
// holds `item`; nullptr if none does. Lives as long as the patches.
const ProfilePatch::Setting* FindSetting(std::span<const ProfilePatch* const> patches,
                                         std::string_view key, const std::string* item = nullptr);

}  // namespace fleetmint
