#include "profiles/target.h"

#include <array>
#include <vector>

#include "engine/base/text.h"

namespace fleetmint {
namespace {

struct Os {
  std::string_view name;
  Target target;
};

constexpr auto kLegacy = Target::kLegacyWindows;
constexpr auto kModern = Target::kModernWindows;

// AES in a PFX is read by Windows 10 1709, Server 2019 and later; older ones say "the network
// password is not correct".
constexpr std::array<Os, 33> kSystems{{
    {"windows-7", kLegacy},
    {"windows-8", kLegacy},
    {"windows-8.1", kLegacy},
    {"windows-10", kModern},
    {"windows-10-1507", kLegacy},
    {"windows-10-1511", kLegacy},
    {"windows-10-1607", kLegacy},
    {"windows-10-1703", kLegacy},
    {"windows-10-ltsb-2015", kLegacy},
    {"windows-10-ltsb-2016", kLegacy},
    {"windows-10-ltsc-2019", kModern},
    {"windows-11", kModern},
    {"windows-2008", kLegacy},
    {"windows-2008r2", kLegacy},
    {"windows-2012", kLegacy},
    {"windows-2012r2", kLegacy},
    {"windows-2016", kLegacy},
    {"windows-2019", kModern},
    {"windows-2022", kModern},
    {"windows-2025", kModern},
    {"linux", Target::kOther},
    {"debian", Target::kOther},
    {"ubuntu", Target::kOther},
    {"rhel", Target::kOther},
    {"centos", Target::kOther},
    {"rocky", Target::kOther},
    {"almalinux", Target::kOther},
    {"sles", Target::kOther},
    {"macos", Target::kOther},
    {"aix", Target::kOther},
    {"solaris", Target::kOther},
    {"freebsd", Target::kOther},
    {"other", Target::kOther},
}};

}  // namespace

std::optional<Target> TargetOf(std::string_view os) {
  const std::string lower = AsciiLower(os);
  for (const Os& system : kSystems) {
    if (system.name == lower) return system.target;
  }
  return std::nullopt;
}

std::span<const std::string> OsNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Os& system : kSystems) list.emplace_back(system.name);
    return list;
  }();
  return names;
}

}  // namespace fleetmint
