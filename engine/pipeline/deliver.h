// Deliver: bundles that were shipped need not be in the output directory any more.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/pipeline/workspace.h"

namespace fleetmint {

// DeliveryReport says what Deliver did.
struct DeliveryReport {
  std::size_t delivered = 0;         // recorded now, or before
  std::size_t removed = 0;           // files
  std::vector<std::string> damaged;  // not recorded: their files are not what was issued
};

// Deliver records that bundles were shipped: of the endpoints `names`, or of all where there are
// none. A bundle that is not there any more counts as shipped if it is named. With `remove` the
// files are removed once that is durable. Throws Error(kUsage), before anything is recorded, if a
// name has no current certificate in the output's fleet.
DeliveryReport Deliver(Workspace& workspace, const std::vector<std::string>& names, bool remove,
                       Time now);

}  // namespace fleetmint
