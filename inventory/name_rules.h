// What names of fleets and endpoints may be. Internal to inventory/. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "engine/base/error.h"

namespace fleetmint {

// IsFleetName: 1 to 63 of a-z, 0-9 and '-'.
bool IsFleetName(const std::string& name);

// FileNameFault says why a name ("endpoint", "former") cannot be a file name everywhere, and what
// to write in its place; nothing if it can.
std::optional<Fault> FileNameFault(const std::string& kind, const std::string& name);

}  // namespace fleetmint
