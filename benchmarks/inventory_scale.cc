// inventory_scale: time and memory of validating a fleet of a million endpoints.
//
//   inventory_scale [ENDPOINTS=1000000]
//
// Two files say the same fleet: one by range, one with every endpoint listed by itself. Each is
// loaded and planned (every endpoint expanded, its certificate's specification validated) in a
// process of its own, so that peak resident memory is that file's alone; a file with one endpoint
// is the base line. Prints one JSON object a file.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "engine/pipeline/plan.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHead =
    "fleet: scale\nprofile: observeit-agent\ndefaults: {domain: corp.example.com, os: "
    "windows-10}\ngroups:\n"
    "  - name: all\n";

void WriteByRange(const fs::path& path, int endpoints) {
  std::ofstream(path) << kHead << "    hosts: \"ws-[0000001-" << [&] {
    char text[8];
    std::snprintf(text, sizeof text, "%07d", endpoints);
    return std::string(text);
  }() << "]\"\n";
}

void WriteListed(const fs::path& path, int endpoints) {
  std::ofstream file(path);
  file << kHead << "    endpoints:\n";
  char line[64];
  for (int i = 1; i <= endpoints; ++i) {
    std::snprintf(line, sizeof line, "      - {name: ws-%07d}\n", i);
    file << line;
  }
}

struct Cost {
  double load_seconds = 0, plan_seconds = 0;
  long peak_bytes = 0;
};

// In a child process: loads, plans, and gives the cost through a pipe.
Cost Measure(const fs::path& path) {
  int ends[2];
  if (::pipe(ends) != 0) std::exit(1);
  if (::fork() == 0) {
    using SteadyClock = std::chrono::steady_clock;
    const auto seconds = [](auto from, auto to) {
      return std::chrono::duration<double>(to - from).count();
    };
    const Catalog catalog = Catalog::Builtin();
    const auto start = SteadyClock::now();
    FleetDraft fleet = Fleet::Load(path, catalog);
    const auto loaded = SteadyClock::now();
    const Plan plan = Plan::Make(std::move(fleet), catalog);
    const auto planned = SteadyClock::now();
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const Cost cost{seconds(start, loaded), seconds(loaded, planned), usage.ru_maxrss * 1024};
    ::_exit(::write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
  }
  Cost cost;
  const bool complete = ::read(ends[0], &cost, sizeof cost) == sizeof cost;
  ::wait(nullptr);
  ::close(ends[0]);
  ::close(ends[1]);
  if (!complete) std::exit(1);
  return cost;
}

int MeasureBoth(int endpoints) {
  std::string pattern = (fs::temp_directory_path() / "fleetmint-bench-XXXXXX").string();
  const fs::path work = ::mkdtemp(pattern.data());
  WriteByRange(work / "one.yaml", 1);
  WriteByRange(work / "range.yaml", endpoints);
  WriteListed(work / "listed.yaml", endpoints);
  const long base = Measure(work / "one.yaml").peak_bytes;
  for (const char* kind : {"range", "listed"}) {
    const fs::path path = work / (std::string(kind) + ".yaml");
    const Cost cost = Measure(path);
    std::printf(
        "{\"file\":\"%s\",\"endpoints\":%d,\"file_bytes\":%ju,\"load_seconds\":%.2f,\"plan_"
        "seconds\":%.2f,"
        "\"peak_bytes\":%ld,\"bytes_per_endpoint\":%.0f}\n",
        kind, endpoints, static_cast<std::uintmax_t>(fs::file_size(path)), cost.load_seconds,
        cost.plan_seconds, cost.peak_bytes,
        static_cast<double>(cost.peak_bytes - base) / endpoints);
  }
  fs::remove_all(work);
  return 0;
}

}  // namespace
}  // namespace fleetmint

int main(int argc, char** argv) {
  return fleetmint::MeasureBoth(argc > 1 ? std::atoi(argv[1]) : 1000000);
}
