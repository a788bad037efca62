// Chunk: up to 64 endpoints that travel the pipeline together. Internal to pipeline/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ledger/ledger.h"
#include "engine/pipeline/job.h"
#include "output/pack.h"

namespace fleetmint {

// Outcome is what became of one endpoint, as a value: an exception through the pipeline would end
// the others' run too. A `reservation` that is still there was not issued and is to be abandoned.
struct Outcome {
  Job job;
  std::optional<Reservation> reservation;
  std::optional<CommitItem> issued;  // signed and packed, not yet committed
  std::vector<BundleFile> files;     // of `issued`
  std::string failure;               // why it was not issued
  bool clamped = false;
};

struct Chunk {
  std::vector<Outcome> outcomes;
  bool dropped = false;  // interrupted before all of it was signed and packed
};

}  // namespace fleetmint
