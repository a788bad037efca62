// Retire: endpoints whose hosts are gone leave manifest, bundles and passwords.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/pipeline/workspace.h"

namespace fleetmint {

struct RetireReport {
  std::size_t retired = 0;  // certificates
  std::size_t revoked = 0;  // of endpoints: all that had not ended, older ones too
  std::size_t removed = 0;  // files
};

// Retire ends the current certificates of the endpoints `names` (any case of letters): in one
// transaction, which also revokes all of their certificates where there is a `reason` (RFC 5280
// 5.3.1). Then their bundles are removed, and those that an earlier call was stopped before it
// could remove. What is retired comes back by `issue`, with a new key. Throws Error(kUsage), with
// nothing done, if a name was never issued in the output's fleet; one that is retired already is no
// error.
RetireReport Retire(Workspace& workspace, const std::vector<std::string>& names,
                    std::optional<int> reason, Time now);

}  // namespace fleetmint
