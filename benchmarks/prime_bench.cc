// prime_bench: the search for primes and whole RSA keys, beside other libraries, in one process.
//
//   prime_bench [--quick] [--benchmark_... of Google Benchmark]
//
// benchmarks/run calls it, pinned to one core, and makes tables of its JSON. What is measured, and
// how it is interleaved: register.h.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>

#include "benchmarks/peers.h"
#include "benchmarks/register.h"
#include "engine/prime/sieve.h"

namespace fleetmint::bench {
namespace {

// Keys of the slowest peer (OpenSSL) take most of the time: 0.1 to 0.3, 1 and 3 seconds.
BenchPlan FullPlan() { return {{16, 24, 32}, 7, {{2048, 16, 8}, {3072, 10, 4}, {4096, 8, 2}}}; }
BenchPlan QuickPlan() { return {{16}, 3, {{2048, 4, 4}}}; }

std::string Processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string Compiler() {
#if defined(__clang__)
  return __VERSION__;
#else
  return std::string("GCC ") + __VERSION__;
#endif
}

// Of the larger kind: a process has the tables of the kernel that it uses.
double TableMebibytes() {
  std::size_t most = 0;
  for (const auto digits : {prime::SieveDigits::k52, prime::SieveDigits::k64}) {
    std::size_t bytes = prime::SieveTableFor(16, digits).SharedBytes();
    for (const std::size_t limbs : {16U, 24U, 32U}) {
      bytes += prime::SieveTableFor(limbs, digits).Bytes();
    }
    most = std::max(most, bytes);
  }
  return static_cast<double>(most) / (1 << 20);
}

void DescribeRun() {
  std::string kernels;
  for (const auto* kernel : OfferedKernels()) {
    kernels += (kernels.empty() ? "" : " ") + std::string(kernel->name);
  }
  benchmark::AddCustomContext("processor", Processor());
  benchmark::AddCustomContext("compiler", Compiler());
  benchmark::AddCustomContext("kernels", kernels);
  for (const Peer& peer : Peers()) benchmark::AddCustomContext(peer.name, peer.version);
  benchmark::AddCustomContext("gmp", GmpPower::Version());
  benchmark::AddCustomContext("sieve_tables_mib", std::to_string(TableMebibytes()));
}

int Run(int argc, char** argv) {
  bool quick = false;
  std::string interleave = "--benchmark_enable_random_interleaving=true";
  std::vector<char*> arguments{argv[0], interleave.data()};
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else {
      arguments.push_back(argv[i]);
    }
  }
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  const BenchPlan plan = quick ? QuickPlan() : FullPlan();
  RegisterOperations(plan);
  RegisterKeys(plan);
  DescribeRun();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace fleetmint::bench

int main(int argc, char** argv) { return fleetmint::bench::Run(argc, argv); }
