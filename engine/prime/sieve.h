// The sieve: which odd numbers near a start have a small prime divisor. Tables, and the portable
// code over them.
//
// The primes 3 .. kSieveBound are packed into groups with product M. For a start s of D digits of w
// bits a group costs one sum of products, sum_j s_j c_j with c_j = -2^-1 2^(w (j + 1)) mod M, and
// one step of Montgomery's reduction, which takes a factor 2^w away: what is left is r = -s / 2
// (mod M), so that for each prime l of the group k = r mod l is the smallest k >= 0 with s + 2k = 0
// (mod l). The sum is below D 2^w M and the reduction adds less than 2^w M: r < (D + 1) M.
//
// Two kinds of table, by what multiplies: every kernel has one of them.
//   w = 64, M < 2^58  for general registers. (D + 1) M <= 33 M < 2^64, so the sum fits in 128 bits
//                     and r in 64. r mod l by v = floor(2^64 / l): r / l - r v / 2^64 = r (2^64 mod
//                     l) / (l 2^64) < 1, so the quotient floor(r v / 2^64) is at most one too
//                     small.
//   w = 52, M < 2^46  for IFMA, which adds up low and high halves: low ones to under 40 * 2^52,
//                     high ones to under 40 M; r < 41 M + 82 < 2^52, a whole number that a double
//                     holds. r mod l by doubles, the inverse of l rounded down.
//
// Tables are made at their first use and shared by all threads: under 16 MiB for all sizes of a
// kind.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fleetmint::prime {

// Odd positions of a window: its map is one page a lane, a byte a position.
inline constexpr std::size_t kWindowPositions = 4096;
inline constexpr std::uint32_t kSieveBound = 1U << 19U;
// The bound at 64 bits, a size of which the tests of the makers' distributions find 10^5 primes.
inline constexpr std::uint32_t kSmallSieveBound = 1U << 13U;
// Candidates drawn one by one are divided in stages: by the primes below the first bound, what is
// left by those below the second, and so on.
inline constexpr std::array<std::uint32_t, 3> kTrialBounds{1U << 8U, 1U << 14U, 1U << 15U};

enum class SieveDigits : unsigned { k52 = 52, k64 = 64 };

// SieveGroup is a run of primes with their product.
struct SieveGroup {
  std::uint64_t product;
  std::uint64_t negated_inverse;  // -product^-1 mod 2^w
  std::uint32_t first, last;      // primes [first, last) of SievePrimes
};

// SievePrimes is what the tables of a kind share: primes, what divides by them, and their groups.
struct SievePrimes {
  std::vector<std::uint32_t> primes;
  std::vector<std::uint64_t> reciprocals;  // w = 64: floor(2^64 / prime)
  // w = 52: the prime; and 1 / prime, so rounded that r * inverse < r / prime always.
  std::vector<double> doubles, inverses;
  std::vector<SieveGroup> groups;
  std::size_t small_groups = 0;  // groups with primes below kWindowPositions only
  std::array<std::size_t, kTrialBounds.size()> trial_groups{};  // those below each bound
};

struct SieveTable {
  const SievePrimes* primes = nullptr;
  std::size_t limbs = 0, digits = 0;
  std::vector<std::uint64_t> coefficients;  // `digits` for each group

  // The groups of a stage of trial division: [first, last).
  std::size_t FirstOfStage(std::size_t stage) const {
    return stage == 0 ? 0 : primes->trial_groups[stage - 1];
  }
  std::size_t LastOfStage(std::size_t stage) const { return primes->trial_groups[stage]; }
  // Bytes gives the size of the table, without what it shares; SharedBytes that of what it shares.
  std::size_t Bytes() const;
  std::size_t SharedBytes() const;
};

// SieveTableFor gives the table of a size (IsKernelSize, or 1 limb with 64-bit digits). Any thread.
const SieveTable& SieveTableFor(std::size_t limbs, SieveDigits digits);

// The code of Kernel::first_hits and Kernel::has_divisor for kernels without their own: 64-bit
// digits, one start after another; also for 1 limb.
void FirstHits64(std::size_t limbs, std::span<const std::uint64_t* const> starts,
                 std::uint8_t* const* maps);
unsigned HasDivisor64(std::size_t limbs, std::size_t stage,
                      std::span<const std::uint64_t* const> numbers);

}  // namespace fleetmint::prime
