// Issue: the main job. Chunks of endpoints travel a pipeline: reserve (serial) -> expand, keys,
// prepare, lint, sign, pack (parallel) -> commit (serial). Bounded in flight, so memory does not
// grow with the fleet.
//
// A fault of one endpoint is that endpoint's outcome; a fault of the authority, the disk, the
// ledger or a key check ends the run with an exception, and what was acknowledged before stays.
// Running again finishes the job. (After another exception than an Error, lack of memory above all,
// in another process: oneTBB is then left as it is.)
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/keys/generate.h"
#include "engine/pipeline/plan.h"
#include "engine/pipeline/workspace.h"

namespace fleetmint {

// RunObserver is told of progress. Called from one thread at a time, in the commit stage.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  // Acknowledged: these endpoints are issued and durable. `total` counts since the run's start.
  virtual void Acknowledged(std::span<const std::string> endpoints, std::size_t total) = 0;
  // Failed: one endpoint could not be issued.
  virtual void Failed(const std::string& endpoint, const std::string& reason) = 0;
};

// RunOptions is what a run takes from its surroundings; nothing is owned.
struct RunOptions {
  const Clock& clock;
  StreamFactory& streams;
  RunObserver& observer;
  unsigned threads = 1;  // key workers
  std::stop_token stop = {};
  KeyOptions keys = {};
  // Endpoints of a chunk; 0: by what is left. Where it is given, chunks are committed in their
  // order: the ledger is then the same whatever threads there are.
  std::size_t chunk = 0;
};

struct EndpointFailure {
  std::string endpoint;
  std::string reason;
};

struct RunResult {
  std::size_t issued = 0;
  std::size_t clamped = 0;   // notAfter cut to the issuer's
  bool interrupted = false;  // stopped before the end
  double seconds = 0;        // wall time of the pipeline
  std::vector<EndpointFailure> failures;
};

// Issue issues every job of the plan. May be called from any thread; it uses an arena of its own
// with threads + 1 slots. A plan of nothing leaves ledger and output as they are.
RunResult Issue(const Plan& plan, IssuingWorkspace& workspace, const RunOptions& options);

// WarmUp makes oneTBB load its allocator, which it does at its first use and which must not happen
// where memory may be short: the C library's dlopen then ends the process.
void WarmUp();

// ChunkSize is how many endpoints the next chunk takes: clamp(ceil(remaining / 4 threads), 1, 64).
// The last chunks shrink, so that no key worker waits long for another one's last chunk.
std::size_t ChunkSize(std::size_t remaining, unsigned threads);

}  // namespace fleetmint
