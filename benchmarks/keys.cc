// Whole RSA keys: ours through GenerateKeys, as `issue` calls it, and the peers'.
#include <malloc.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "benchmarks/peers.h"
#include "benchmarks/register.h"
#include "engine/keys/generate.h"
#include "engine/prime/sieve.h"

namespace fleetmint::bench {
namespace {

using benchmark::State;
using prime::CandidateKind;
using prime::Kernel;

// A line of /proc/self/status in MiB: VmRSS, or VmHWM, the most that VmRSS has been. 0: not known.
double StatusMebibytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::atof(line.c_str() + name.size() + 1) / 1024;
  }
  return 0;
}

// MemoryWatch tells how much more memory was resident than at its construction, at most.
class MemoryWatch {
 public:
  MemoryWatch() {
    ::malloc_trim(0);                             // what was freed before may not serve now
    std::ofstream("/proc/self/clear_refs") << 5;  // VmHWM = VmRSS (proc(5))
    before_ = StatusMebibytes("VmRSS");
  }
  double MostMebibytes() const { return StatusMebibytes("VmHWM") - before_; }

 private:
  double before_;
};

void RegisterOurs(const Kernel& kernel, CandidateKind kind, const KeyPlan& plan) {
  // A full chunk for 8 lanes (64 endpoints), and fewer lanes alike.
  const std::size_t keys = 8 * kernel.lanes;
  // The first key and every 256th is checked by Botan too, over all rounds, as in one run.
  const auto check = std::make_shared<IndependentCheck>();
  const auto canaries = std::make_shared<prime::Canaries>();
  const auto run = [&kernel, kind, keys, check, canaries, bits = plan.bits](State& state) {
    SystemRandom random;
    SystemStreams factory(random);
    KeyOptions options;
    options.kernel = &kernel;
    options.candidates = kind;
    options.independent_check = check.get();
    options.canaries = canaries.get();
    const MemoryWatch memory;
    for ([[maybe_unused]] const auto _ : state) {
      const std::vector<std::string> hosts(keys);
      benchmark::DoNotOptimize(
          GenerateKeys({KeyAlgorithm::kRsa, bits}, factory, hosts, {}, options));
    }
    state.counters["tasks"] = static_cast<double>(keys);
    state.counters["memory_mib"] = memory.MostMebibytes();
  };
  const std::string maker = kind == CandidateKind::kFresh ? "-fresh/" : "-windowed/";
  Register("key/" + std::string(kernel.name) + maker + std::to_string(plan.bits), plan.rounds, run)
      ->Iterations(1);
}

void RegisterPeer(const Peer& peer, const KeyPlan& plan) {
  const auto run = [&peer, bits = plan.bits](State& state) {
    for ([[maybe_unused]] const auto _ : state) peer.make_key(bits);
    state.counters["tasks"] = 1;
  };
  Register("key/" + peer.name + "/" + std::to_string(plan.bits), plan.rounds, run)
      ->Iterations(plan.peer_keys * peer.pace);
}

}  // namespace

void RegisterKeys(const BenchPlan& plan) {
  for (const KeyPlan& keys : plan.keys) {
    for (const auto digits : {prime::SieveDigits::k52, prime::SieveDigits::k64}) {
      prime::SieveTableFor(keys.bits / 128, digits);  // made here, not in a measurement
    }
    for (const Kernel* const kernel : OfferedKernels()) {
      RegisterOurs(*kernel, CandidateKind::kWindowed, keys);
      RegisterOurs(*kernel, CandidateKind::kFresh, keys);
    }
    for (const Peer& peer : Peers()) RegisterPeer(peer, keys);
  }
}

}  // namespace fleetmint::bench
