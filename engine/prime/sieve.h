// The sieve: which odd numbers near a start have a small prime divisor. Tables, and the portable
// code over them.
//
// The primes 3 .. kSieveBound are packed into groups whose product M is below 2^46. For a start s
// given as digits of 52 bits a group costs one sum of products, sum_j s_j c_j with c_j = -2^-1
// 2^(52 (j + 1)) mod M, and one step of Montgomery's reduction, which takes a factor 2^52 away:
// what is left is r = -s / 2 (mod M), so that for each prime l of the group k = r mod l is the
// smallest k >= 0 with s + 2k = 0 (mod l).
//
// Bounds: the low halves sum to under 40 * 2^52, the high halves to under 40 M; the reduction adds
// under M and a carry of at most 40: r < 41 M + 82 < 2^52, a whole number that a double holds.
//
// Tables are made once a size, at their first use, and shared by all threads; 15 MiB for all three.
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
// Candidates drawn one by one are divided by the primes below the first bound, what is left by
// those below the second, and so on.
inline constexpr std::array<std::uint32_t, 3> kTrialBounds{1U << 8U, 1U << 14U, 1U << 15U};

// SieveGroup is a run of primes with their product.
struct SieveGroup {
  std::uint64_t product;          // below 2^46
  std::uint64_t negated_inverse;  // -product^-1 mod 2^52
  std::uint32_t first, last;      // primes [first, last) of the table
};

struct SieveTable {
  std::size_t limbs = 0;
  std::size_t digits = 0;  // of 52 bits: 20, 30, 40
  std::vector<double> primes;
  std::vector<double> inverses;  // 1 / prime, rounded down so that r * inverse < r / prime always
  std::vector<SieveGroup> groups;
  std::vector<std::uint64_t> coefficients;  // `digits` for each group
  std::size_t small_groups = 0;             // groups with primes below kWindowPositions only
  std::array<std::size_t, kTrialBounds.size()> trial_groups{};  // those below each bound
};

// SieveTableFor gives the table of a size (IsKernelSize, or 1 limb). Any thread.
const SieveTable& SieveTableFor(std::size_t limbs);

// The portable code of Kernel::first_hits and Kernel::has_divisor, one start after another.
void FirstHitsPortable(const SieveTable& table, std::span<const std::uint64_t* const> starts,
                       std::uint8_t* const* maps);
unsigned HasDivisorPortable(const SieveTable& table, std::size_t first_group,
                            std::size_t last_group, std::span<const std::uint64_t* const> starts);

}  // namespace fleetmint::prime
