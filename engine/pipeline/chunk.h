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
// the others' run too. Exactly one of the reservations or `issued` is there once the chunk has been
// minted.
struct Outcome {
  std::size_t number = 0;  // in the plan
  std::string endpoint;
  std::optional<Reservation> reserved;   // not given to the signer
  std::optional<Reservation> abandoned;  // perhaps signed, but given up
  std::optional<CommitItem> issued;      // signed and packed, not yet committed
  std::vector<BundleFile> files;         // of `issued`
  std::string failure;                   // why it was not issued
  bool clamped = false;
};

struct Chunk {
  std::vector<Outcome> outcomes;
};

}  // namespace fleetmint
