// The scripts of output/rollout/ as the build compiled them in: they are written to `rollout/` of
// every output directory, install a host's bundle, and work from the manifest alone.
#pragma once

#include <vector>

#include "engine/base/embedded_file.h"

namespace fleetmint {

const std::vector<EmbeddedFile>& RolloutFiles();

}  // namespace fleetmint
