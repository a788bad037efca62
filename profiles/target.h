// Target: an operating system as bundles see it. A value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fleetmint {

enum class Target : std::uint8_t { kUnknown, kModernWindows, kLegacyWindows, kOther };

// TargetOf knows the names an inventory may give as `os`, whatever their case; nothing if unknown.
// Of Windows also the ways people and directories write them: "Windows Server 2012 R2 Standard",
// windows-10-22H2, windows-10-19045, win11; of other systems a version: ubuntu-22.04.
std::optional<Target> TargetOf(std::string_view os);

// OsHint gives the remedy for a name that TargetOf does not know.
std::string OsHint(std::string_view os);

// OsNames lists those that are written out in a table.
std::span<const std::string> OsNames();

}  // namespace fleetmint
