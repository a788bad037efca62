// issue_overhead: how much of raw key generation's speed a whole run keeps.
//
//   issue_overhead [ENDPOINTS=200] [ROUNDS=3] [THREADS=2]
//
// Each round generates the keys of one fleet, then issues that fleet (reserve, keys, sign, pack,
// commit, publish) with the same random streams, on the same threads: both search the same primes,
// so the ratio is free of the search's luck. Order alternates; the medians over the rounds are
// printed as one JSON object, with the kernel that ran. The prescribed authority is `two-tier` (RSA
// 3072 signs).
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/keys/generate.h"
#include "tests/support/issue_fleet.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

// Streams that are a function of their label and a round: for measuring only.
class RepeatableStreams final : public StreamFactory {
 public:
  explicit RepeatableStreams(int round) : round_(round) {}
  RandomStream Open(const StreamLabel& label) override {
    const std::string text = std::to_string(round_) + "/" + label.endpoint + "/" +
                             std::to_string(static_cast<int>(label.purpose));
    return RandomStream(Sha256(AsBytes(text)));
  }

 private:
  int round_;
};

class SilentObserver final : public RunObserver {
 public:
  void Acknowledged(std::span<const std::string>, std::size_t) override {}
  void Failed(const std::string& endpoint, const std::string& reason) override {
    std::fprintf(stderr, "%s: %s\n", endpoint.c_str(), reason.c_str());
    std::exit(1);
  }
};

struct Cost {
  double wall = 0, processor = 0;  // seconds; processor: of all threads, user and system
};

double ProcessorSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Cost CostOf(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  const double processor = ProcessorSeconds();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          ProcessorSeconds() - processor};
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void GenerateRaw(const Fleet& fleet, StreamFactory& streams, unsigned threads) {
  namespace tbb = oneapi::tbb;
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  tbb::task_arena arena(static_cast<int>(threads));
  arena.execute([&] {
    tbb::parallel_for(std::size_t{0}, fleet.size(), [&](std::size_t i) {
      KeyStreams pair = OpenKeyStreams(streams, fleet.Name(i));
      GenerateKeys({KeyAlgorithm::kRsa, 2048}, {&pair, 1});
    });
  });
}

int Measure(int endpoints, int rounds, unsigned threads) {
  std::string pattern = (fs::temp_directory_path() / "fleetmint-bench-XXXXXX").string();
  const fs::path work = ::mkdtemp(pattern.data());
  const Catalog catalog = Catalog::Builtin();
  std::ofstream(work / "fleet.yaml")
      << "fleet: bench\nprofile: observeit-agent\ndefaults: {domain: example.com, os: windows-10}\n"
      << "groups:\n  - {name: all, hosts: \"h-[1-" << endpoints << "]\"}\n";
  const auto load = [&] { return Fleet::Load(work / "fleet.yaml", catalog); };
  const Fleet fleet = load().Accept();
  std::vector<double> raw_wall, whole_wall, wall_share, processor_share;
  for (int round = 0; round < rounds; ++round) {
    RepeatableStreams streams(round);
    SystemRandom random;
    const fs::path ca = work / ("ca" + std::to_string(round)),
                   out = work / ("out" + std::to_string(round));
    SystemStreams ca_streams(random);
    const SystemClock clock;
    Authority::Init(ca, *catalog.FindAuthority("two-tier"),
                    {.random = random, .streams = ca_streams, .clock = clock});
    Cost raw, whole;
    const auto measure_raw = [&] { raw = CostOf([&] { GenerateRaw(fleet, streams, threads); }); };
    if (round % 2 == 0) measure_raw();
    whole = CostOf([&] {
      SilentObserver observer;
      IssueFleet(
          Plan::Make(load(), catalog),
          {.ca = ca, .out = out, .streams = streams, .observer = observer, .threads = threads});
    });
    if (round % 2 == 1) measure_raw();
    raw_wall.push_back(raw.wall);
    whole_wall.push_back(whole.wall);
    wall_share.push_back(raw.wall / whole.wall);
    processor_share.push_back(raw.processor / whole.processor);
  }
  fs::remove_all(work);
  std::printf(
      "{\"kernel\":\"%s\",\"threads\":%u,\"endpoints\":%d,\"rounds\":%d,\"raw_keys_per_second\":%."
      "2f,"
      "\"endpoints_per_second\":%.2f,\"share\":%.4f,\"processor_time_share\":%.4f}\n",
      prime::BestKernel().name, threads, endpoints, rounds, endpoints / Median(raw_wall),
      endpoints / Median(whole_wall), Median(wall_share), Median(processor_share));
  return 0;
}

}  // namespace
}  // namespace fleetmint

int main(int argc, char** argv) {
  const auto argument = [&](int i, int otherwise) {
    return argc > i ? std::atoi(argv[i]) : otherwise;
  };
  return fleetmint::Measure(argument(1, 200), argument(2, 3),
                            static_cast<unsigned>(argument(3, 2)));
}
