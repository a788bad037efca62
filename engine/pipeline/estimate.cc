#include "engine/pipeline/estimate.h"

#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <vector>

#include "engine/keys/generate.h"

namespace fleetmint {

KeyRate MeasureKeyRate(const KeySpec& spec, unsigned threads, double seconds,
                       StreamFactory& streams, std::stop_token stop) {
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
            std::vector<KeyStreams> one;
            one.push_back(OpenKeyStreams(streams, "bench"));
            keys += GenerateKeys(spec, one, stop).size();
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
  rate.kernel = KernelName();
  rate.spec = spec;
  rate.threads = threads;
  rate.keys = keys;
  rate.seconds = elapsed();
  rate.keys_per_second = static_cast<double>(rate.keys) / rate.seconds;
  return rate;
}

}  // namespace fleetmint
