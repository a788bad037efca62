// How a Fleet is held. Internal to inventory/.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "inventory/fleet.h"
#include "inventory/ranges.h"

namespace fleetmint {

// Layer is what one level (defaults, a group, an endpoint, an override) says.
struct Layer {
  std::string profile, os, domain, fqdn;  // "" if not said
  std::vector<std::pair<std::string, std::string>> vars;
  ProfilePatch patch;
};

struct Group {
  std::string name;
  Layer layer;
};

// Run is what one item of `hosts` or `endpoints` stands for: a pattern's names, or one name.
struct Run {
  HostPattern pattern;
  std::uint32_t first = 0;  // index of its first endpoint
  std::uint32_t group = 0;
  std::uint32_t layer = 0;  // 1 + index into own_layers; 0: none of its own
  Position where;
};

struct Fleet::Impl {
  std::string file, name, profile;
  std::vector<std::pair<std::string, std::string>> vars;
  Layer defaults;
  std::vector<Group> groups;
  std::deque<Layer> own_layers;
  std::vector<Run> runs;
  std::uint32_t size = 0;
  std::unordered_map<std::uint32_t, Layer> overrides;  // by endpoint index

  const Run& RunOf(std::size_t i) const;
};

// ParseLayer reads a layer's keys among `mapping`; `others` are the caller's. Faults as they come.
Layer ParseLayer(const yaml::Node& mapping, std::span<const std::string> others,
                 const Catalog& catalog, FaultList& faults);

}  // namespace fleetmint
