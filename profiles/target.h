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
std::optional<Target> TargetOf(std::string_view os);

// OsNames lists them (for suggestions).
std::span<const std::string> OsNames();

}  // namespace fleetmint
