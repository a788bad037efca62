// How a Fleet is held. Internal to inventory/.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>

#include "inventory/fleet.h"
#include "inventory/ranges.h"

namespace fleetmint {

// Level is what one level (the top, defaults, a group, an endpoint, an override) says.
struct Level {
  std::string profile, os, domain, fqdn;  // "" if not said
  std::vector<std::pair<std::string, std::string>> vars;
  std::vector<std::string> formerly;  // of an endpoint: names that its host had
  std::string fault;                  // of an endpoint of a test fleet
  ProfilePatch patch;
};

struct Group {
  std::string name;
  Level level;
};

// HostRun is what one item of `hosts` or `endpoints` stands for: a pattern's names, or one name.
struct HostRun {
  HostPattern pattern;
  std::uint32_t first = 0;  // index of its first endpoint
  std::uint32_t group = 0;
  std::uint32_t level = 0;  // 1 + index into own_levels; 0: none of its own
  Position where;
};

// Whole, that is in a Fleet: the runs' endpoints are 0 to size - 1 in the order of the runs, and
// every index is one that exists.
struct Fleet::Impl {
  std::string file, name, suffix;
  Level top;  // profile and vars
  Level defaults;
  std::vector<Group> groups;
  std::deque<Level> own_levels;
  std::vector<HostRun> runs;
  std::uint32_t size = 0;
  std::unordered_map<std::uint32_t, Level> overrides;  // by endpoint index

  const HostRun& RunOf(std::size_t i) const;
  std::string NameOf(std::size_t i) const;
};

// ParseLevel reads a level's keys among `mapping`; `others` are the caller's. Faults as they come.
Level ParseLevel(const yaml::Node& mapping, std::span<const std::string> others,
                 const Catalog& catalog, FaultList& faults);

// ReadFleet reads the file at `path`. Nothing, and a fault, where the reading broke off.
std::unique_ptr<const Fleet::Impl> ReadFleet(const std::string& path, const Catalog& catalog,
                                             const FleetOptions& options, FaultList& faults);

}  // namespace fleetmint
