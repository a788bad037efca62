// What profile files and authority profile files have in common. Internal to profiles/.
#pragma once

#include <string>

#include "engine/base/error.h"
#include "engine/base/yaml.h"

namespace fleetmint {

// IsProfileName tells whether `name` may name a profile or a tier: 1 to 63 of [a-z0-9-].
bool IsProfileName(const std::string& name);

// TextOf gives the text of `key`, "" if it is absent, null or, with a fault, no text.
std::string TextOf(const yaml::Node& node, const char* key, FaultList& faults);

}  // namespace fleetmint
