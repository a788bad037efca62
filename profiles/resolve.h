// ResolveSettings: a profile and what a fleet says on top of it -> the settings of one layer.
//
// A layer is all endpoints of a fleet that share profile, patches, variables and operating system.
// Only {host} and {fqdn} tell them apart; EndpointTemplate fills these in.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "engine/base/error.h"
#include "profiles/patch.h"
#include "profiles/profile.h"
#include "profiles/settings.h"
#include "profiles/target.h"
#include "profiles/template.h"

namespace fleetmint {

// LayerInput is what a fleet says of a layer. `patches` must outlive it.
struct LayerInput {
  std::span<const ProfilePatch* const> patches;  // outermost first
  Variables variables;                           // fleet, group and vars; neither host nor fqdn
  std::string group;
  Target target = Target::kUnknown;  // decides `encryption: auto`
  std::string domain, fqdn;          // "" if not said
};

// ResolveSettings applies the patches to `named`, fills in all variables but {host} and {fqdn},
// and checks what can be checked for the layer as a whole: the rules of a profile, the names of
// variables, the profile's `require`. A fault stands where one of the patches wrote what is wrong,
// else at `where`. Nothing if there were faults.
//
// Not checked: whether the certificates come out valid. A path of a password is made absolute, but
// not opened. Safe from any thread.
std::optional<Settings> ResolveSettings(const Profile& named, const LayerInput& input,
                                        Position where, FaultList& faults);

}  // namespace fleetmint
