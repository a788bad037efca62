#include "engine/pipeline/issue.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>

#include "engine/base/error.h"
#include "engine/pipeline/chunk.h"
#include "engine/pipeline/commit.h"
#include "engine/pipeline/head.h"
#include "engine/pipeline/mint.h"

namespace fleetmint {
namespace {

// The chunks in flight. The pipeline hands pointers on and owns nothing: where a stage throws,
// oneTBB forgets what is on its way to the next one. Safe from any thread.
class ChunksInFlight {
 public:
  Chunk* Make() {
    auto chunk = std::make_unique<Chunk>();
    Chunk* const pointer = chunk.get();
    const std::lock_guard lock(mutex_);
    chunks_.emplace(pointer, std::move(chunk));
    return pointer;
  }
  void Drop(Chunk* chunk) {
    const std::lock_guard lock(mutex_);
    chunks_.erase(chunk);
  }

 private:
  std::mutex mutex_;
  std::map<Chunk*, std::unique_ptr<Chunk>> chunks_;
};

// The serial first stage: the next chunk of the plan, its serials reserved. Record before signing.
class Reserver {
 public:
  Reserver(const Plan& plan, IssuingWorkspace& workspace, const RunOptions& options, const Run& run,
           ChunksInFlight& chunks)
      : plan_(plan), workspace_(workspace), options_(options), run_(run), chunks_(chunks) {}

  Chunk* Next() {
    if (next_ == plan_.size() || options_.stop.stop_requested()) return nullptr;
    Chunk* const chunk = chunks_.Make();
    const std::size_t left = plan_.size() - next_;
    const std::size_t end = next_ + (options_.chunk != 0 ? std::min(options_.chunk, left)
                                                         : ChunkSize(left, options_.threads));
    std::vector<std::string> names;
    std::vector<std::vector<std::string>> formerly;
    for (; next_ < end; ++next_) {
      Outcome& outcome = chunk->outcomes.emplace_back();
      outcome.number = next_;
      outcome.endpoint = plan_.EndpointName(next_);
      names.push_back(outcome.endpoint);
      formerly.push_back(plan_.FormerNames(next_));
    }
    const Time now = options_.clock.Now();
    auto reservations =
        workspace_.ledger().Reserve(run_, names, For(now), options_.streams, now, formerly);
    for (std::size_t i = 0; i < names.size(); ++i) {
      chunk->outcomes[i].reserved.emplace(std::move(reservations[i]));
    }
    return chunk;
  }

 private:
  // A chunk is signed some moments after it was reserved: within a day.
  ReservedFor For(Time now) const {
    const Time asked = now + plan_.longest_validity().duration + std::chrono::days{1};
    const Issuer& issuer = workspace_.issuer();
    return {issuer.id(), std::min(asked, issuer.certificate().not_after)};
  }

  const Plan& plan_;
  IssuingWorkspace& workspace_;
  const RunOptions& options_;
  const Run& run_;
  ChunksInFlight& chunks_;
  std::size_t next_ = 0;
};

// The serial last stage: commit, then tell.
class Acknowledger {
 public:
  Acknowledger(ChunkCommitter committer, const RunOptions& options, RunResult& result)
      : committer_(std::move(committer)), options_(options), result_(result) {}

  void Take(Chunk& chunk) {
    for (const Outcome& outcome : chunk.outcomes) {
      if (outcome.clamped) ++result_.clamped;
      if (outcome.failure.empty()) continue;
      result_.failures.push_back({outcome.endpoint, outcome.failure});
      options_.observer.Failed(outcome.endpoint, outcome.failure);
    }
    const std::vector<std::string> issued = committer_.Commit(chunk, options_.clock.Now());
    result_.issued += issued.size();
    options_.observer.Acknowledged(issued, result_.issued);  // step 7 of commit.cc
  }

 private:
  ChunkCommitter committer_;
  const RunOptions& options_;
  RunResult& result_;
};

// What a run needs of oneTBB. One slot more than key workers: the serial stages spend their time
// waiting for the disk.
struct Workers {
  explicit Workers(unsigned threads)
      : limit(oneapi::tbb::global_control::max_allowed_parallelism, threads + 1),
        arena(static_cast<int>(threads) + 1) {}
  oneapi::tbb::global_control limit;
  oneapi::tbb::task_arena arena;
};

struct Stages {
  Reserver& reserver;
  Acknowledger& acknowledger;
  ChunksInFlight& chunks;
};

void RunPipeline(const Stages& stages, const Plan& plan, const IssuingWorkspace& workspace,
                 const RunOptions& options) {
  namespace tbb = oneapi::tbb;
  auto workers = std::make_unique<Workers>(options.threads);
  const std::size_t in_flight = std::size_t{2} * options.threads + 2;
  const auto reserve = [&](tbb::flow_control& control) {
    Chunk* const chunk = stages.reserver.Next();
    if (chunk == nullptr) control.stop();
    return chunk;
  };
  const auto mint = [&](Chunk* chunk) {
    MintChunk(*chunk, plan, workspace, options);
    return chunk;
  };
  const auto commit = [&](Chunk* chunk) {
    stages.acknowledger.Take(*chunk);
    stages.chunks.Drop(chunk);
  };
  const auto order = options.chunk == 0 ? tbb::filter_mode::serial_out_of_order
                                        : tbb::filter_mode::serial_in_order;
  try {
    workers->arena.execute([&] {
      tbb::parallel_pipeline(
          in_flight, tbb::make_filter<void, Chunk*>(tbb::filter_mode::serial_in_order, reserve) &
                         tbb::make_filter<Chunk*, Chunk*>(tbb::filter_mode::parallel, mint) &
                         tbb::make_filter<Chunk*, void>(order, commit));
    });
  } catch (const Error&) {
    throw;
  } catch (...) {
    // oneTBB without memory waits for ever where it is taken down: it is left as it is.
    static_cast<void>(workers.release());
    throw;
  }
}

}  // namespace

void WarmUp() {
  const oneapi::tbb::global_control control(oneapi::tbb::global_control::max_allowed_parallelism,
                                            1);
}

std::size_t ChunkSize(std::size_t remaining, unsigned threads) {
  const std::size_t parts = std::size_t{4} * std::max(1U, threads);
  return std::clamp<std::size_t>((remaining + parts - 1) / parts, 1, 64);
}

RunResult Issue(const Plan& plan, IssuingWorkspace& workspace, const RunOptions& options) {
  RunResult result;
  if (plan.size() == 0) return result;
  const auto start = std::chrono::steady_clock::now();
  const Time now = options.clock.Now();
  RandomStream token = options.streams.Open({"", StreamPurpose::kRun});
  const Run run =
      workspace.ledger().BeginRun(plan.fleet_name(), plan.selection().Purpose(now), token, now);
  ChunksInFlight chunks;
  Reserver reserver(plan, workspace, options, run, chunks);
  // The last stage has a connection of its own: a Ledger serves one thread at a time, and the first
  // stage reserves while the last one commits.
  Acknowledger acknowledger(
      ChunkCommitter(run, workspace.authority().OpenLedger(), workspace.output()), options, result);

  RunPipeline({reserver, acknowledger, chunks}, plan, workspace, options);
  AlignHead(workspace.ledger(), workspace.output());  // the last chunk is no crash's: it says so
  result.interrupted = result.issued + result.failures.size() < plan.size();
  workspace.ledger().EndRun(run, options.clock.Now());
  DropBackedUpRecords(workspace.ledger(), workspace.output());
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace fleetmint
