// Search: primes from random streams, many at a time in the lanes of a kernel.
//
// A lane's unit of work is (prime, candidate): eight lanes test candidates of eight primes, and a
// prime that is found makes way for the next one. When fewer primes than lanes are left, the idle
// lanes test further candidates of those, and the first passing candidate in the order of the list
// wins. So each prime is a function of its stream alone.
//
// A candidate that passes the screening (Fermat, base 2) is accepted after rounds of Miller-Rabin
// with bases drawn uniformly from [2, p - 2] by a stream of their own, seeded by the first 32 bytes
// of the prime's. The error is under 2^-128 for uniform candidates (Damgard, Landrock, Pomerance
// 1993; FIPS 186-5 table B.1 asks 5 rounds at 1024 bits for 2^-112).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/base/random.h"
#include "engine/prime/canaries.h"
#include "engine/prime/candidates.h"
#include "engine/prime/kernel.h"

namespace fleetmint::prime {

// RoundsFor gives the number of Miller-Rabin rounds: 6 at 1024 bits, 4 at 1536 and 2048.
constexpr unsigned RoundsFor(std::size_t limbs) { return limbs == 16 ? 6 : 4; }

// SearchCounters tell how the lanes were used. Added to, never reset.
struct SearchCounters {
  std::uint64_t screen_lanes = 0;   // lanes of all screening batches
  std::uint64_t screen_idle = 0;    // of these: without a candidate
  std::uint64_t screen_wasted = 0;  // of these: candidates behind the one that won
  std::uint64_t confirm_lanes = 0;  // lanes of all batches of Miller-Rabin rounds
  std::uint64_t confirm_idle = 0;   // of these: without a round
  std::uint64_t pseudoprimes = 0;   // candidates that passed the screening and failed a round
};

// PrimeStreams have a random stream for each prime of a search.
class PrimeStreams {
 public:
  virtual ~PrimeStreams() = default;
  virtual std::size_t size() const = 0;  // primes
  // Open gives the stream of a prime, which lives until the search has ended. Called once a prime,
  // in their order, by the thread that searches.
  virtual RandomStream& Open(std::size_t prime) = 0;
};

struct SearchOptions {
  const Kernel& kernel;
  CandidateKind candidates = CandidateKind::kWindowed;
  Canaries* canaries = nullptr;  // not owned; null: such as count the batches of one call alone
};

// FindPrimes finds one prime of 64 * limbs bits (IsKernelSize) for each stream, in that order: its
// two top bits set, p - 1 prime to kRsaPublicExponent. The streams are consumed as far as they were
// needed, so that a second call with the same streams gives other primes. A stream is opened when
// a lane is free for its prime, and with it those of as many more primes as the kernel has lanes
// but one: their candidates are sieved together. Errors: kInterrupted once
// `stop` is requested, polled before each batch; kIntegrity if the kernel gets a canary wrong
// (canaries.h). Any thread.
std::vector<SecretLimbs> FindPrimes(std::size_t limbs, PrimeStreams& streams,
                                    const SearchOptions& options, const std::stop_token& stop = {},
                                    SearchCounters* counters = nullptr);
// The same with streams that are open already.
std::vector<SecretLimbs> FindPrimes(std::size_t limbs, std::span<RandomStream* const> streams,
                                    const SearchOptions& options, const std::stop_token& stop = {},
                                    SearchCounters* counters = nullptr);

}  // namespace fleetmint::prime
