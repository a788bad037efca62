// Fleet: one inventory file, validated: a name, its groups and its endpoints.
//
// `Fleet::Load` gives a `FleetDraft` with all faults of the file; only a faultless draft becomes a
// `Fleet`. What is validated: syntax, keys, names (unique, safe file names), ranges, durations,
// profiles and operating systems known, a profile for each endpoint, overrides that match an
// endpoint. What is not: that the certificates come out valid once templates are filled in
// (ResolveSettings, EndpointTemplate).
//
// A fleet of a million endpoints is held compactly: a range costs its pattern, an endpoint its name
// and an index; settings are held once, where they were written. `Layer` brings together what was
// said of one endpoint: profile < defaults < group < endpoint < override.
// Fleets are immutable; const access from any thread is safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "profiles/catalog.h"
#include "profiles/patch.h"
#include "profiles/template.h"

namespace fleetmint {

// FleetLayer is all that was said of an endpoint but its name. The patches live as long as the
// Fleet.
struct FleetLayer {
  std::string group;                         // name of its group
  std::string profile;                       // name of its profile
  std::string os, domain, fqdn;              // "" if not said
  Variables variables;                       // fleet, group, and all vars
  std::vector<const ProfilePatch*> patches;  // outermost first
};

// FleetOptions is how a file is read for a test fleet.
struct FleetOptions {
  std::string suffix = {};               // appended to names that do not end so
  std::vector<std::string> faults = {};  // words that `fault:` may have; none: no such key
};

// The one fault whose certificate is issued as others are, and then revoked.
inline constexpr std::string_view kRevokedFault = "revoked";

class FleetDraft;

class Fleet {
 public:
  // Load reads and validates the file. Throws Error(kInput) only if it cannot be read at all; its
  // faults are in the draft.
  static FleetDraft Load(const std::string& path, const Catalog& catalog,
                         const FleetOptions& options = {});

  Fleet(Fleet&&) noexcept;
  Fleet& operator=(Fleet&&) noexcept;
  ~Fleet();

  const std::string& file() const;
  const std::string& name() const;
  std::size_t size() const;

  // Of endpoint i in [0, size()), in the order of the file: its name, and where it was named.
  std::string Name(std::size_t i) const;
  Position Where(std::size_t i) const;

  // Fault gives what is to be wrong with endpoint i: a word of FleetOptions::faults, or "".
  std::string_view Fault(std::size_t i) const;

  // Formerly gives the names that its host had, in lower case: safe file names as those of
  // endpoints, none is the name of an endpoint, or of two.
  std::vector<std::string> Formerly(std::size_t i) const;

  // LayerOf gives a number that is equal for endpoints with equal layers, so that a caller can
  // resolve a layer once for all of them. Endpoints with settings of their own have a number of
  // their own.
  std::uint32_t LayerOf(std::size_t i) const;
  // Layer gives the layer of endpoint i. Costs allocations: call it once a layer.
  FleetLayer Layer(std::size_t i) const;

  struct Impl;  // internal to inventory/

 private:
  explicit Fleet(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

// FleetDraft is what was read of a fleet file, and all that is wrong with it. For one thread.
class FleetDraft {
 public:
  bool ok() const { return faults_.empty(); }

  // faults is everything found so far. A validator may add to it.
  FaultList& faults() { return faults_; }

  // readable gives what could be read, so that its expansion can be validated too: a fleet that can
  // be walked, in which settings with faults are left out. A profile may be "" or one that the
  // catalog does not know. Nullptr where a syntax fault broke the reading off. Lives as long as
  // the draft.
  const Fleet* readable() const { return fleet_ ? &*fleet_ : nullptr; }

  // Accept gives the fleet, or throws Error(kInput) with all faults if there are any.
  Fleet Accept() &&;

 private:
  friend class Fleet;
  FleetDraft(FaultList faults, std::optional<Fleet> fleet);

  FaultList faults_;
  std::optional<Fleet> fleet_;  // there if there are no faults
};

}  // namespace fleetmint
