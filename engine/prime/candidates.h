// Candidates: which numbers are tested for one prime, and in which order: a function of the prime's
// random stream alone, whatever kernel, lane or thread does the work.
//
// Both makers give odd numbers of 64 * limbs bits whose two top bits are set, so in [3/2 2^(k-1),
// 2^k), without divisors below a bound, and with p - 1 prime to kRsaPublicExponent. FIPS 186-5
// A.1.3 draws from [sqrt(2) 2^(k-1), 2^k): ours is the upper 85 % of that, 0.23 bit less a prime.
//
// kFresh: FIPS 186-5 A.1.3 in that part of its range. Every candidate is drawn anew, uniformly;
// what trial division and the tests leave is uniform over its primes. A reject is dropped as soon
// as it is one: the time tells how many candidates were rejected at which stage, and nothing of the
// prime.
//
// kWindowed: not A.1.3. A start is drawn uniformly; the window of 4,096 odd numbers from there on
// is sieved; its survivors are tested in an order drawn uniformly. So each prime of the window is
// equally likely, and a prime p is found with probability proportional to the sum over the 4,096
// windows that hold p of 1 / (number of their primes, about 11.5 on average). By the model of a
// Poisson number of other primes in a window (mean m = 11.5) the factor of a prime is the mean of
// 1/(1 + N) over its windows: primes in sparse surroundings are favoured. Measured and computed for
// k = 1024: statistical distance to uniform 0.097, loss of Renyi-2 entropy 0.09 bit, worst loss of
// min-entropy log2(m) = 3.5 bits (a prime alone in all of its windows). An incremental search from
// a random start, as the common libraries do, favours a prime by the gap before it and loses more.
// Two primes never come from one window: whoever holds one key learns nothing of another's start.
// A window that crosses 2^k, or has no survivor left, is drawn again.
// Side channel: the sieve writes at (start mod l) into its map, an aligned page a lane, and the
// order of the survivors is an index. For hosts that are not shared; others take kFresh.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/random.h"
#include "engine/prime/kernel.h"

namespace fleetmint::prime {

enum class CandidateKind : std::uint8_t { kWindowed, kFresh };

// CandidateList is what one refill gives for one prime: candidates in the order of their test.
// Wiped on destruction.
class CandidateList {
 public:
  CandidateList() = default;
  CandidateList(const CandidateList&) = delete;
  CandidateList& operator=(const CandidateList&) = delete;
  ~CandidateList() { Wipe(offsets_.data(), offsets_.capacity() * sizeof offsets_[0]); }

  std::size_t size() const { return offsets_.empty() ? fresh_ : offsets_.size(); }
  // Copy writes candidate i; `out` has the size of a start.
  void Copy(std::size_t i, std::uint64_t* out) const;

 private:
  friend class CandidateMaker;
  SecretLimbs numbers_;                 // the start of the window; or `fresh_` numbers
  std::vector<std::uint16_t> offsets_;  // positions in the window, in order; or none
  std::size_t limbs_ = 0, fresh_ = 0;
};

// CandidateMaker fills lists. For one thread.
class CandidateMaker {
 public:
  CandidateMaker(CandidateKind kind, const Kernel& kernel, std::size_t limbs);
  ~CandidateMaker();
  CandidateMaker(const CandidateMaker&) = delete;
  CandidateMaker& operator=(const CandidateMaker&) = delete;

  // Refill makes the next list of each stream (at most kernel.lanes of them). A list may come out
  // empty.
  void Refill(std::span<RandomStream* const> streams, std::span<CandidateList* const> lists);

 private:
  void RefillWindows(std::span<RandomStream* const> streams, std::span<CandidateList* const> lists);
  void RefillFresh(RandomStream& stream, CandidateList& list);

  CandidateKind kind_;
  const Kernel& kernel_;
  std::size_t limbs_;
  std::vector<std::uint8_t> map_memory_;
  std::uint8_t* maps_[kMostLanes];  // an aligned page each
};

}  // namespace fleetmint::prime
