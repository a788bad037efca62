// Estimate: how fast this machine makes keys, measured, for `bench`, `check` and the end of a run.
#pragma once

#include <cstddef>
#include <string>

#include "engine/base/random.h"
#include "engine/keys/generate.h"

namespace fleetmint {

struct KeyRate {
  std::string kernel;
  KeySpec spec;
  unsigned threads = 1;
  std::size_t keys = 0;
  double seconds = 0;
  double keys_per_second = 0;
};

// MeasureKeyRate generates keys on `threads` threads for about `seconds`, as a run does (some
// chunks a thread, at least one), and discards them.
KeyRate MeasureKeyRate(const KeySpec& spec, unsigned threads, double seconds,
                       StreamFactory& streams, const KeyOptions& options);

}  // namespace fleetmint
