// What prime_bench measures. Every benchmark is repeated once a round; the rounds of all are
// shuffled together (Google Benchmark's random interleaving), so that a neighbour's burst or a
// change of clock hits all alike.
//
// Names are WHAT/WHO/BITS, of a prime's bits for operations and searches, of a key's for keys.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <string>
#include <vector>

#include "engine/prime/kernel.h"

namespace fleetmint::bench {

// KeyPlan says how often keys of one size are made. A peer's key takes 10 to 60 times as long as
// one of ours, and its time spreads as far (the search is geometric, twice): a round makes several
// and counts their mean.
struct KeyPlan {
  unsigned bits;
  int rounds;
  int peer_keys;  // a round, of the slowest peer; see Peer::pace
};

struct BenchPlan {
  std::vector<std::size_t> limbs;  // of operations
  int rounds;                      // of operations
  std::vector<KeyPlan> keys;
};

// OfferedKernels are the kernels of this machine, the fastest first.
std::vector<const prime::Kernel*> OfferedKernels();

// RegisterOperations: screen, round, power of each kernel, GMP's power, squarings by themselves
// (square), sieve, candidates, and whole primes with the use of their lanes.
void RegisterOperations(const BenchPlan& plan);
// RegisterKeys: whole keys, ours and the peers'.
void RegisterKeys(const BenchPlan& plan);

// Register adds a benchmark whose times are of the process, all threads, and of the clock.
template <class Function>
benchmark::internal::Benchmark* Register(const std::string& name, int rounds, Function function) {
  return benchmark::RegisterBenchmark(name.c_str(), function)
      ->Repetitions(rounds)
      ->MeasureProcessCPUTime();
}

}  // namespace fleetmint::bench
