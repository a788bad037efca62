#include "engine/pipeline/estimate.h"

#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <vector>

#include "engine/keys/generate.h"

namespace fleetmint {

namespace {

// Keys that are searched together: enough to fill the lanes, few enough to end in time.
std::size_t ChunkOf(const KeySpec& spec, const KeyOptions& options) {
  return spec.algorithm == KeyAlgorithm::kRsa ? 2 * options.Kernel().lanes : 1;
}

}  // namespace

KeyRate MeasureKeyRate(const KeySpec& spec, unsigned threads, double seconds,
                       StreamFactory& streams, const KeyOptions& options) {
  using SteadyClock = std::chrono::steady_clock;
  const auto start = SteadyClock::now();
  const auto elapsed = [start] {
    return std::chrono::duration<double>(SteadyClock::now() - start).count();
  };
  std::atomic<std::size_t> keys{0};
  std::vector<std::exception_ptr> errors(threads);
  {
    std::vector<std::jthread> workers;
    for (unsigned worker = 0; worker < threads; ++worker) {
      workers.emplace_back([&, worker] {
        try {
          do {
            const std::vector<std::string> chunk(ChunkOf(spec, options), "bench");
            keys += GenerateKeys(spec, streams, chunk, {}, options).size();
          } while (elapsed() < seconds);
        } catch (...) {
          errors[worker] = std::current_exception();
        }
      });
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  KeyRate rate;
  rate.kernel = spec.algorithm == KeyAlgorithm::kRsa ? options.Kernel().name : "botan";
  rate.spec = spec;
  rate.threads = threads;
  rate.keys = keys;
  rate.seconds = elapsed();
  rate.keys_per_second = static_cast<double>(rate.keys) / rate.seconds;
  return rate;
}

}  // namespace fleetmint
