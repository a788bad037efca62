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
  Reserver(Plan& plan, const RunContext& context, std::int64_t run, ChunksInFlight& chunks)
      : plan_(plan), context_(context), run_(run), chunks_(chunks) {}

  Chunk* Next() {
    if (next_ == plan_.size() || context_.stop.stop_requested()) return nullptr;
    Chunk* const chunk = chunks_.Make();
    const std::size_t end = next_ + ChunkSize(plan_.size() - next_, context_.threads);
    std::vector<std::string> names;
    for (; next_ < end; ++next_) {
      chunk->outcomes.emplace_back().job = plan_.MakeJob(next_);
      names.push_back(chunk->outcomes.back().job.endpoint);
    }
    auto reservations = context_.ledger.Reserve(run_, plan_.fleet_name(), names, context_.random,
                                                context_.clock.Now());
    for (std::size_t i = 0; i < names.size(); ++i) {
      chunk->outcomes[i].reservation.emplace(std::move(reservations[i]));
    }
    return chunk;
  }

 private:
  Plan& plan_;
  const RunContext& context_;
  const std::int64_t run_;
  ChunksInFlight& chunks_;
  std::size_t next_ = 0;
};

// The serial last stage: commit, then tell.
class Committer {
 public:
  Committer(const RunContext& context, Ledger& ledger, RunResult& result)
      : context_(context), ledger_(ledger), result_(result) {}

  void Take(Chunk& chunk) {
    if (chunk.dropped) result_.interrupted = true;
    for (const Outcome& outcome : chunk.outcomes) {
      if (outcome.clamped) ++result_.clamped;
      if (outcome.failure.empty()) continue;
      result_.failures.push_back({outcome.job.endpoint, outcome.failure});
      context_.observer.Failed(outcome.job.endpoint, outcome.failure);
    }
    const std::vector<std::string> issued =
        CommitChunk(chunk, ledger_, context_.output, context_.clock.Now());
    result_.issued += issued.size();
    context_.observer.Acknowledged(issued, result_.issued);  // step 7 of commit.cc
  }

 private:
  const RunContext& context_;
  Ledger& ledger_;
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

void RunPipeline(Reserver& reserver, Committer& committer, ChunksInFlight& chunks,
                 const BundlePasswords& passwords, const RunContext& context) {
  namespace tbb = oneapi::tbb;
  auto workers = std::make_unique<Workers>(context.threads);
  const std::size_t in_flight = std::size_t{2} * context.threads + 2;
  const auto reserve = [&](tbb::flow_control& control) {
    Chunk* const chunk = reserver.Next();
    if (chunk == nullptr) control.stop();
    return chunk;
  };
  const auto mint = [&](Chunk* chunk) {
    MintChunk(*chunk, passwords, context);
    return chunk;
  };
  const auto commit = [&](Chunk* chunk) {
    committer.Take(*chunk);
    chunks.Drop(chunk);
  };
  try {
    workers->arena.execute([&] {
      tbb::parallel_pipeline(
          in_flight,
          tbb::make_filter<void, Chunk*>(tbb::filter_mode::serial_in_order, reserve) &
              tbb::make_filter<Chunk*, Chunk*>(tbb::filter_mode::parallel, mint) &
              tbb::make_filter<Chunk*, void>(tbb::filter_mode::serial_out_of_order, commit));
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

RunResult Issue(Plan& plan, const RunContext& context) {
  RunResult result;
  const auto start = std::chrono::steady_clock::now();
  const std::int64_t run = context.ledger.BeginRun(plan.fleet_name(), context.clock.Now());
  // The last stage has a connection of its own: a Ledger serves one thread at a time, and the first
  // stage reserves while the last one commits.
  Ledger commit_ledger = context.authority.OpenLedger();
  ChunksInFlight chunks;
  Reserver reserver(plan, context, run, chunks);
  Committer committer(context, commit_ledger, result);

  RunPipeline(reserver, committer, chunks, plan.passwords(), context);
  context.ledger.EndRun(run, context.clock.Now());
  result.interrupted = result.issued + result.failures.size() < plan.size();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace fleetmint
