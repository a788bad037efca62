// Fleet: one inventory file, validated: a name, its groups and its endpoints.
//
// A fleet of a million endpoints is held compactly: a range costs its pattern, an endpoint its name
// and an index; settings are held once, where they were written. `Resolve` brings one endpoint's
// layers together: profile < defaults < group < endpoint < override.
// Immutable after loading; safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "profiles/profile.h"

namespace fleetmint {

// ResolvedEndpoint is one endpoint with all that was said of it. Pointers live as long as the
// Fleet.
struct ResolvedEndpoint {
  std::string name;
  Position where;                            // where it was named
  std::string group;                         // name of its group
  std::string profile;                       // name of its profile, known to the catalog
  std::string os;                            // "" if not said
  Variables variables;                       // host, fqdn, fleet, group, and all vars
  std::vector<const ProfilePatch*> patches;  // outermost first
};

class Fleet {
 public:
  // Load reads and validates the file; every fault of it is reported at once, in one Error(kInput).
  // What is validated: syntax, keys, names (unique, safe file names), ranges, durations, profiles
  // and operating systems known, overrides that match an endpoint. What is not: that the
  // certificates come out valid once templates are filled in; `pipeline/plan` does that. Relative
  // password paths are relative to the fleet file's directory.
  static Fleet Load(const std::string& path, const Catalog& catalog);
  // Load with a list collects the faults there instead, so that they are reported together with
  // those of the expansion: what can be read of the file is in the result, and nothing may be
  // issued from it unless the list is empty. Throws Error(kInput) only if the file cannot be
  // opened.
  static Fleet Load(const std::string& path, const Catalog& catalog, FaultList& faults);

  Fleet(Fleet&&) noexcept;
  Fleet& operator=(Fleet&&) noexcept;
  ~Fleet();

  const std::string& file() const;
  const std::string& name() const;
  std::size_t size() const;

  // Name gives the name of endpoint i in [0, size()), in the order of the file.
  std::string Name(std::size_t i) const;
  // Resolve gives endpoint i with its layers. Costs allocations: call it once an endpoint.
  ResolvedEndpoint Resolve(std::size_t i) const;
  // LayerOf gives a number that is equal for endpoints with the same profile, os, vars and patches,
  // so that a caller can resolve and validate a profile once for all of them. Endpoints with
  // settings of their own have a number of their own.
  std::uint32_t LayerOf(std::size_t i) const;

  struct Impl;

 private:
  explicit Fleet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fleetmint
