// Rollout: the scripts that install bundles from the manifest, written beside it. Pure; any thread.
#pragma once

#include <string_view>
#include <vector>

namespace fleetmint {

struct RolloutFile {
  std::string_view name;
  std::string_view text;
};

// RolloutFiles gives the scripts of rollout/. They hold no secret and no host name: all they know comes
// from manifest.jsonl at the time they run.
const std::vector<RolloutFile>& RolloutFiles();

}  // namespace fleetmint
