// What the makers draw, before anything is sieved: bits, residues, order, and what is left out, at
// the sizes of real keys. Seeds are fixed: a run gives the same figures as the one before; with
// other seeds one run in 10^9 would fail.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/prime/candidates.h"
#include "engine/prime/public_exponent.h"
#include "engine/prime/sieve.h"
#include "tests/prime/chi_square.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;
using Limbs = std::vector<u64>;

constexpr std::size_t kSizes[] = {16, 24, 32};

// A kernel to which no number has a small divisor: every number that is drawn becomes a candidate.
void HitNothing(std::size_t, std::span<const u64* const>, std::uint8_t* const*) {}
unsigned NoDivisor(std::size_t, std::size_t, std::span<const u64* const>) { return 0; }

Kernel BlindKernel() {
  Kernel kernel = PortableKernel();
  kernel.first_hits = HitNothing;
  kernel.has_divisor = NoDivisor;
  return kernel;
}

// Draws lists of one maker from one stream, one after another.
class Drawer {
 public:
  Drawer(CandidateKind kind, std::size_t limbs, const std::string& seed)
      : limbs_(limbs), stream_(Sha256(AsBytes(seed))), maker_(kind, kernel_, limbs) {}

  std::vector<Limbs> Next() {
    CandidateList list, *const list_pointer = &list;
    RandomStream* const pointer = &stream_;
    maker_.Refill({&pointer, 1}, {&list_pointer, 1});
    std::vector<Limbs> numbers(list.size(), Limbs(limbs_));
    for (std::size_t i = 0; i < numbers.size(); ++i) list.Copy(i, numbers[i].data());
    return numbers;
  }

 private:
  const Kernel kernel_ = BlindKernel();
  std::size_t limbs_;
  RandomStream stream_;
  CandidateMaker maker_;
};

// Eight standard deviations: 1.2e-15 for a bit, under 1e-11 for all of a test.
void ExpectBitsAreEven(const std::vector<Limbs>& numbers) {
  const std::size_t limbs = numbers.front().size();
  const double n = static_cast<double>(numbers.size());
  for (std::size_t bit = 0; bit < 64 * limbs; ++bit) {
    std::size_t ones = 0;
    for (const Limbs& number : numbers) ones += number[bit / 64] >> (bit % 64) & 1U;
    if (bit == 0 || bit >= 64 * limbs - 2) {
      EXPECT_EQ(ones, numbers.size()) << "bit " << bit << " of " << 64 * limbs;
    } else {
      EXPECT_LT(std::abs(static_cast<double>(ones) - n / 2), 8 * std::sqrt(n / 4))
          << "bit " << bit << " of " << 64 * limbs;
    }
  }
}

// If this fails, the numbers that are tried are fewer than A.1.3's, and an opponent knows which.
TEST(CandidateBitsTest, FreshOnesAreFreeInAllBitsButThree) {
  for (const std::size_t limbs : kSizes) {
    Drawer drawer(CandidateKind::kFresh, limbs, "fresh bits");
    std::vector<Limbs> numbers;
    while (numbers.size() < 30'000) {
      for (Limbs& number : drawer.Next()) numbers.push_back(std::move(number));
    }
    ExpectBitsAreEven(numbers);
    for (const u64 l : {3U, 5U, 7U, 11U, 13U, 17U, 31U, 61U}) {
      std::vector<double> hits(l);
      for (const Limbs& number : numbers) {
        u64 rest = 0;
        for (std::size_t j = limbs; j-- > 0;)
          rest = static_cast<u64>(((static_cast<unsigned __int128>(rest) << 64U) | number[j]) % l);
        hits[rest] += 1;
      }
      EXPECT_TRUE(HitsAreEven(hits, kOneInABillion)) << "modulo " << l << ", limbs " << limbs;
    }
  }
}

TEST(CandidateBitsTest, WindowsStartAnywhere) {
  for (const std::size_t limbs : kSizes) {
    Drawer drawer(CandidateKind::kWindowed, limbs, "window bits");
    std::vector<Limbs> numbers;
    for (int i = 0; i < 3000; ++i) numbers.push_back(drawer.Next().front());
    ExpectBitsAreEven(numbers);
  }
}

// Where in its window each candidate of a list is, in the order of the list.
std::vector<std::size_t> Positions(const std::vector<Limbs>& list) {
  const Limbs& start = *std::min_element(list.begin(), list.end(), [](auto& a, auto& b) {
    return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  });
  std::vector<std::size_t> positions;
  for (const Limbs& number : list) positions.push_back((number[0] - start[0]) / 2);
  return positions;
}

// If this fails, some primes of a window are found more often than others. A permutation drawn
// uniformly has one fixed point on average, whatever its length; one that is a single cycle (as
// Sattolo's shuffle makes them) has none.
TEST(CandidateBitsTest, AWindowIsTestedInAnyOrder) {
  constexpr std::size_t kWindows = 300, kParts = 32;
  Drawer drawer(CandidateKind::kWindowed, 16, "window order");
  std::vector<double> hits(kParts * kParts);
  std::size_t windows = 0, fixed_points = 0, in_place_at_the_end = 0;
  while (windows < kWindows) {
    const std::vector<std::size_t> positions = Positions(drawer.Next());
    if (positions.size() != kWindowPositions) continue;  // one was 1 modulo e
    ++windows;
    for (std::size_t i = 0; i < kWindowPositions; ++i) {
      fixed_points += positions[i] == i ? 1 : 0;
      hits[i * kParts / kWindowPositions * kParts + positions[i] * kParts / kWindowPositions] += 1;
    }
    in_place_at_the_end += positions.back() + 1 == kWindowPositions ? 1 : 0;
  }
  // Poisson with mean 300: eight standard deviations.
  EXPECT_GT(fixed_points, kWindows - 139);
  EXPECT_LT(fixed_points, kWindows + 139);
  EXPECT_LT(in_place_at_the_end, 10U);
  EXPECT_TRUE(HitsAreEven(hits, kOneInABillion));
}

// If this fails, one key in 32,768 has no private exponent, and its run ends.
TEST(CandidateBitsTest, NoWindowHoldsANumberThatIsOneModuloE) {
  Drawer drawer(CandidateKind::kWindowed, 16, "windows without 1 mod e");
  std::size_t left_out = 0;
  for (int i = 0; i < 300; ++i) {
    const std::vector<Limbs> list = drawer.Next();
    left_out += kWindowPositions - list.size();
    for (const Limbs& number : list) {
      ASSERT_NE(ModPublicExponent(number.data(), number.size()), 1U) << "window " << i;
    }
  }
  // One window in 16 has one.
  EXPECT_GT(left_out, 3U);
  EXPECT_LT(left_out, 60U);
}

TEST(CandidateBitsTest, NoFreshNumberIsOneModuloE) {
  Drawer drawer(CandidateKind::kFresh, 16, "fresh without 1 mod e");
  constexpr std::size_t kDrawn = 1 << 20, kDrawnAtOnce = 64;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < kDrawn / kDrawnAtOnce; ++i) {
    for (const Limbs& number : drawer.Next()) {
      ++kept;
      ASSERT_NE(ModPublicExponent(number.data(), number.size()), 1U);
    }
  }
  // One in 65,537 is.
  EXPECT_LT(kept, kDrawn);
  EXPECT_GT(kept, kDrawn - 60);
}

}  // namespace
}  // namespace fleetmint::prime
