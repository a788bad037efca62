// Issue: the main job. Chunks of endpoints travel a pipeline: reserve (serial) -> keys, prepare,
// lint, sign, pack (parallel) -> commit (serial). Bounded in flight, so memory does not grow with
// the fleet.
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

#include "engine/authority/authority.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/random.h"
#include "engine/keys/generate.h"
#include "engine/ledger/ledger.h"
#include "engine/pipeline/plan.h"
#include "output/output_directory.h"

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

// RunContext is everything a run works with; nothing is owned.
struct RunContext {
  Authority& authority;  // unlocked
  Ledger& ledger;
  const OutputDirectory& output;
  const Clock& clock;
  RandomSource& random;
  StreamFactory& streams;
  RunObserver& observer;
  Log& log;
  unsigned threads = 1;  // key workers
  std::stop_token stop;
  KeyOptions keys = {};
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

// Issue issues every job of the plan. Precondition: the run lock is held and Recover has run. May
// be called from any thread; it uses an arena of its own with threads + 1 slots.
RunResult Issue(Plan& plan, const RunContext& context);

// WarmUp makes oneTBB load its allocator, which it does at its first use and which must not happen
// where memory may be short: the C library's dlopen then ends the process.
void WarmUp();

// ChunkSize is how many endpoints the next chunk takes: clamp(ceil(remaining / 4 threads), 1, 64).
// The last chunks shrink, so that no key worker waits long for another one's last chunk.
std::size_t ChunkSize(std::size_t remaining, unsigned threads);

}  // namespace fleetmint
