// Canaries: known numbers among those that a kernel is asked about, so that a processor which goes
// wrong while it works is found out.
//
// A kernel has given known answers before it is used (kernel.cc), when the machine was cold. Later
// a lane that calls primes composite would go unnoticed for ever, and one that calls composites
// prime would until a composite comes by. So at the first batch of each function, and at every
// `interval`-th from there on, two tasks whose answers are known ride among the others, in two
// lanes drawn at random:
//
//   screen         the known prime, which must pass; the known composite, which must not
//   miller_rabin   the known prime to a random base, the known composite to base 2
//   power          modulo the known prime P: x^P, which is x, and y^(P - 1), which is 1, for random
//                  x and y (Fermat)
//
// Batches are counted as long as the object lives, over all calls and threads: calls that are too
// short for an interval have their turn, too. A lane that always goes wrong is met by one of two
// canaries in `lanes`, so at 8 lanes on average at the fourth turn: after 2,000 batches, which make
// 300 keys of 2048 bits. What goes wrong once in a while may never be met: the checks of a finished
// key (keys/generate.h) are what stands between it and a bundle.
//
// Costs one batch in `interval`: 0.2 %. What a kernel says of the other tasks is as without them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/random.h"
#include "engine/prime/kernel.h"

namespace fleetmint::prime {

class Canaries {
 public:
  static constexpr std::uint64_t kInterval = 500;  // batches

  // Lanes and operands are drawn from the system.
  explicit Canaries(std::uint64_t interval = kInterval) : random_(system_), interval_(interval) {}
  // For tests: from `random`, which is not owned, and must be safe from as many threads as call.
  explicit Canaries(RandomSource& random, std::uint64_t interval = kInterval)
      : random_(random), interval_(interval) {}
  Canaries(const Canaries&) = delete;
  Canaries& operator=(const Canaries&) = delete;

  // Screen, MillerRabin and Power ask a function of `kernel` (see there) and throw
  // Error(kIntegrity) where it gets a canary wrong. Sizes that are none of a kernel's
  // (IsKernelSize) have no canaries. Safe from several threads at once.
  void Screen(const Kernel& kernel, std::span<const std::uint64_t* const> candidates,
              std::size_t limbs, std::uint8_t* passes);
  void MillerRabin(const Kernel& kernel, std::span<const Witness> tasks, std::size_t limbs,
                   std::uint8_t* passes);
  void Power(const Kernel& kernel, std::span<const prime::Power> tasks, std::size_t limbs);

 private:
  using Count = std::atomic<std::uint64_t>;
  // Where the two are, among so many tasks more.
  struct Places {
    std::size_t sound, other;
  };
  bool IsTurn(Count& batches, const Kernel& kernel, std::size_t tasks, std::size_t limbs) const;
  Places DrawPlaces(std::size_t tasks, std::size_t lanes);
  std::size_t Below(std::size_t bound);
  void DrawBelowKnownPrime(std::span<std::uint64_t> out);

  SystemRandom system_;
  RandomSource& random_;
  const std::uint64_t interval_;
  Count screened_{0}, confirmed_{0}, powers_{0};  // batches
};

}  // namespace fleetmint::prime
