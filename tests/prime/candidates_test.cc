// The distributions that candidates.h promises, by chi-square tests over 10^5 primes of 64 bits.
// Seeds are fixed, so a run gives the same figures as the one before; thresholds are the quantiles
// of 1 - 10^-6, so that a change of seed fails one run in 10^5.
#include "engine/prime/candidates.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "engine/prime/search.h"
#include "engine/prime/sieve.h"
#include "tests/prime/chi_square.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;
using u128 = unsigned __int128;

// A kernel for 64 bits.
u64 PowerMod(u64 base, u64 exponent, u64 n) {
  u64 result = 1;
  for (; exponent != 0; exponent >>= 1U) {
    if ((exponent & 1U) != 0) result = static_cast<u64>(u128{result} * base % n);
    base = static_cast<u64>(u128{base} * base % n);
  }
  return result;
}
void Screen64(std::span<const u64* const> candidates, std::size_t, std::uint8_t* passes) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const u64 n = *candidates[i];
    passes[i] = static_cast<std::uint8_t>(PowerMod(2, n - 1, n) == 1);
  }
}
bool StrongProbablePrime(u64 n, u64 base) {
  const auto twos = static_cast<unsigned>(__builtin_ctzll(n - 1));
  u64 x = PowerMod(base % n, (n - 1) >> twos, n);
  if (x == 1 || x == n - 1) return true;
  for (unsigned i = 1; i < twos; ++i) {
    x = static_cast<u64>(u128{x} * x % n);
    if (x == n - 1) return true;
  }
  return false;
}
void MillerRabin64(std::span<const Witness> tasks, std::size_t, std::uint8_t* passes) {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    passes[i] = static_cast<std::uint8_t>(StrongProbablePrime(*tasks[i].candidate, *tasks[i].base));
  }
}
const Kernel kKernel64{"test-64",     "",          4,           nullptr, Screen64,
                       MillerRabin64, FirstHits64, HasDivisor64};

// A prime and, for windowed ones, where in its window it was.
struct Sample {
  u64 prime = 0;
  std::uint32_t position = 0;
};

RandomStream StreamOf(std::size_t i) {
  return RandomStream(Sha256(AsBytes("candidates " + std::to_string(i))));
}

// The start of stream i's first window: the first odd number with two top bits after the 32 bytes
// that seed the bases.
u64 StartOf(std::size_t i) {
  RandomStream stream = StreamOf(i);
  std::array<std::uint8_t, 40> bytes;
  stream.Fill(bytes);
  u64 start = 0;
  std::memcpy(&start, bytes.data() + 32, 8);
  return start | 1U | u64{3} << 62U;
}

std::vector<Sample> Draw(CandidateKind kind, std::size_t count) {
  std::vector<RandomStream> streams;
  std::vector<RandomStream*> pointers;
  streams.reserve(count);
  for (std::size_t i = 0; i < count; ++i) pointers.push_back(&streams.emplace_back(StreamOf(i)));
  const auto primes = FindPrimes(1, pointers, {kKernel64, kind});
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < count; ++i) {
    const u64 prime = primes[i].front();
    samples.push_back({prime, static_cast<std::uint32_t>((prime - StartOf(i)) / 2)});
  }
  return samples;
}

// The incremental search of the common libraries: the first prime at or after a random start.
std::vector<Sample> DrawIncremental(std::size_t count) {
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < count; ++i) {
    u64 prime = StartOf(i);
    while (!(StrongProbablePrime(prime, 2) && StrongProbablePrime(prime, 3))) prime += 2;
    samples.push_back({prime, static_cast<std::uint32_t>((prime - StartOf(i)) / 2)});
  }
  return samples;
}

// Whether `classes` (all equally likely) are hit evenly; `of` gives a sample's class.
template <typename ClassOf>
bool IsUniform(const std::vector<Sample>& samples, std::size_t classes, ClassOf of) {
  std::vector<double> hits(classes);
  for (const Sample& sample : samples) hits.at(of(sample)) += 1;
  return HitsAreEven(hits, kOneInAMillion);
}

bool UniformModulo(const std::vector<Sample>& samples, u64 l) {
  return IsUniform(samples, l - 1, [&](const Sample& s) { return s.prime % l - 1; });
}
bool UniformModulo8(const std::vector<Sample>& samples) {
  return IsUniform(samples, 4, [](const Sample& s) { return s.prime % 8 / 2; });
}
// Six bits below the two that are set. The density of primes falls by 0.9 % over the range, which
// adds under 1 to the sum at this number of samples.
bool UniformTopBits(const std::vector<Sample>& samples) {
  return IsUniform(samples, 64, [](const Sample& s) { return s.prime >> 56U & 63U; });
}
bool UniformInWindow(const std::vector<Sample>& samples) {
  return IsUniform(samples, 64, [](const Sample& s) {
    return std::min<std::size_t>(s.position / (kWindowPositions / 64), 63);
  });
}

constexpr std::size_t kSamples = 100'000;

void ExpectPrimesLookUniform(const std::vector<Sample>& samples) {
  for (const u64 l : {3U, 5U, 7U, 11U, 13U, 17U, 31U, 61U})
    EXPECT_TRUE(UniformModulo(samples, l)) << l;
  EXPECT_TRUE(UniformModulo8(samples));
  EXPECT_TRUE(UniformTopBits(samples));
}

TEST(CandidatesTest, FreshPrimesAreUniform) {
  ExpectPrimesLookUniform(Draw(CandidateKind::kFresh, kSamples));
}

TEST(CandidatesTest, WindowedPrimesAreUniformWithinTheWindow) {
  const std::vector<Sample> samples = Draw(CandidateKind::kWindowed, kSamples);
  ExpectPrimesLookUniform(samples);
  EXPECT_TRUE(UniformInWindow(samples));
}

// The tests above must be able to fail: these makers are biased on purpose.
TEST(CandidatesTest, BiasedMakersAreFoundOut) {
  EXPECT_FALSE(UniformInWindow(DrawIncremental(5000)));
  const std::vector<Sample> samples = Draw(CandidateKind::kFresh, 20'000);
  // A third of the primes that are 2 modulo 3 is left out; or of those whose next bit is 0.
  const auto without_a_third = [&](auto of_class) {
    std::vector<Sample> rest = samples;
    std::erase_if(rest,
                  [&, n = 0](const Sample& s) mutable { return of_class(s) && ++n % 3 == 0; });
    return rest;
  };
  EXPECT_FALSE(UniformModulo(without_a_third([](const Sample& s) { return s.prime % 3 == 2; }), 3));
  EXPECT_FALSE(
      UniformTopBits(without_a_third([](const Sample& s) { return (s.prime >> 61U & 1U) == 0; })));
}

TEST(CandidatesTest, NoCandidateHasASmallDivisor) {
  for (const CandidateKind kind : {CandidateKind::kWindowed, CandidateKind::kFresh}) {
    CandidateMaker maker(kind, PortableKernel(), 16);
    RandomStream stream = StreamOf(1);
    RandomStream* const pointer = &stream;
    CandidateList list, *const list_pointer = &list;
    maker.Refill({&pointer, 1}, {&list_pointer, 1});
    EXPECT_GT(list.size(), kind == CandidateKind::kWindowed ? 200U : 1U);
    for (std::size_t i = 0; i < list.size(); ++i) {
      std::array<u64, 16> number;
      list.Copy(i, number.data());
      EXPECT_EQ(number[15] >> 62U, 3U);
      EXPECT_EQ(number[0] & 1U, 1U);
      for (const u64 l : {3U, 5U, 7U, 11U, 13U, 251U, 257U, 16381U}) {
        u64 rest = 0;
        for (std::size_t j = 16; j-- > 0;)
          rest = static_cast<u64>((u128{rest} << 64U | number[j]) % l);
        EXPECT_NE(rest, 0U) << l;
      }
    }
  }
}

}  // namespace
}  // namespace fleetmint::prime
