// The Montgomery arithmetic of each kernel against Botan's, on operands at the bounds that its
// comments prove: what goes wrong there, the kernel's functions would show once in 2^30 calls.
#include <gtest/gtest.h>

#include <vector>

#include "tests/prime/arithmetic_probe.h"
#include "tests/prime/numbers.h"

namespace fleetmint::prime {
namespace {

constexpr std::size_t kSizes[] = {16, 24, 32};

// Those of which the processor has what the kernel needs.
const ArithmeticProbe* ProbeNamed(const std::string& name) {
  if (name == "portable") return &kPortableProbe;
#if defined(__x86_64__)
  if (name == "avx2" && CpuHas("avx2") && CpuHas("fma")) return &kAvx2Probe;
  if (name == "ifma" && CpuHas("avx512f") && CpuHas("avx512ifma")) return &kIfmaProbe;
#endif
  return nullptr;
}

// Odd, the top bit set: at the ends; and 1, -1 and half of it modulo every power of 2 that is a
// digit, so that the multipliers of a reduction are as large and as small as they can be.
std::vector<BigInt> Moduli(std::size_t limbs, RandomStream& stream) {
  const std::size_t bits = 64 * limbs;
  const auto power = [](std::size_t n) { return BigInt(1) << n; };
  std::vector<BigInt> moduli{power(bits) - 1, power(bits - 1) + 1, power(bits) - power(64) + 1,
                             power(bits - 1) + power(64) - 1,
                             power(bits) - power(bits / 2) + power(60) - 1};
  for (int i = 0; i < 4; ++i) {
    BigInt n = RandomCandidate(limbs, stream);
    if (i == 1) n = ((n >> 64) << 64) + 1;
    if (i == 2) n = ((n >> 64) << 64) + power(64) - 1;
    moduli.push_back(n);
  }
  return moduli;
}

// Below 4.01 n: where a subtraction more or less is due, the largest, and random ones.
std::vector<BigInt> LooseNumbers(const BigInt& n, RandomStream& stream) {
  std::vector<BigInt> numbers{BigInt(0), BigInt(1)};
  for (const unsigned multiple : {1U, 2U, 3U, 4U}) {
    for (const int off : {-1, 0, 1}) numbers.push_back(n * multiple + off);
  }
  const BigInt bound = n * 401 / 100;
  numbers.push_back(bound - 1);
  numbers.push_back(((bound >> 1000) << 1000) - 1);  // ones in all low digits
  for (int i = 0; i < 6; ++i) numbers.push_back(RandomBits(n.bits() + 64, stream) % bound);
  return numbers;
}

class ArithmeticTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    probe_ = ProbeNamed(GetParam());
    if (probe_ == nullptr) GTEST_SKIP() << "this processor cannot run kernel " << GetParam();
  }

  // The result for one modulus and operand, in the lane `place`; other lanes have other operands.
  BigInt Run(Operation operation, const BigInt& n, const BigInt& a, const BigInt& b,
             std::size_t bit = 0) {
    const std::size_t limbs = n.bits() / 64, place = ++runs_ % probe_->lanes;
    const Limbs modulus = ToLimbs(n, limbs), x = ToLimbs(a, limbs + 1), y = ToLimbs(b, limbs + 1);
    const Limbs zero(limbs + 1);
    std::vector<Limbs> out(probe_->lanes, Limbs(limbs + 1));
    std::vector<ProbeLane> lanes;
    for (std::size_t lane = 0; lane < probe_->lanes; ++lane) {
      const bool here = lane == place;
      lanes.push_back({modulus.data(), here ? x.data() : zero.data(), here ? y.data() : zero.data(),
                       out[lane].data()});
    }
    probe_->run(limbs, operation, bit, lanes.data());
    return ToBigInt(out[place]);
  }

  const ArithmeticProbe* probe_ = nullptr;
  std::size_t runs_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Kernels, ArithmeticTest, testing::Values("portable", "avx2", "ifma"),
                         [](const auto& info) { return std::string(info.param); });

// If this fails, what Multiply gives is congruent to what it should be and never equal to it: no
// prime is found, or a composite is taken for one.
TEST_P(ArithmeticTest, ReduceBringsEverythingBelowThreeNBelowN) {
  RandomStream stream(Sha256(AsBytes("reduce")));
  for (const std::size_t limbs : kSizes) {
    for (const BigInt& n : Moduli(limbs, stream)) {
      for (const BigInt& x : LooseNumbers(n, stream)) {
        if (x >= n * 3) continue;  // more than Multiply and Square give
        EXPECT_EQ(Run(Operation::kReduce, n, x, 0), x % n) << "limbs " << limbs << ", n " << n;
      }
    }
  }
}

TEST_P(ArithmeticTest, ProductsOfLooseNumbersAreRightAndBelowThreeN) {
  RandomStream stream(Sha256(AsBytes("products")));
  for (const std::size_t limbs : kSizes) {
    for (const BigInt& n : Moduli(limbs, stream)) {
      const BigInt r = BigInt::power_of_2(probe_->montgomery_bits(limbs)) % n;
      const std::vector<BigInt> numbers = LooseNumbers(n, stream);
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const BigInt& a = numbers[i];
        for (const BigInt& b : {a, numbers[(7 * i + 3) % numbers.size()]}) {
          const BigInt product = Run(Operation::kMultiply, n, a, b);
          EXPECT_LT(product, n * 3);
          EXPECT_EQ(product % n * r % n, a * b % n) << "limbs " << limbs << ", n " << n;
        }
        const BigInt square = Run(Operation::kSquare, n, a, 0);
        EXPECT_LT(square, n * 3);
        EXPECT_EQ(square % n * r % n, a * a % n) << "limbs " << limbs << ", n " << n;
      }
    }
  }
}

// The doubling folded into a square: it gives what it takes, so that a thousand may follow each
// other.
TEST_P(ArithmeticTest, ShiftedSquaresStayLoose) {
  RandomStream stream(Sha256(AsBytes("shifted squares")));
  for (const std::size_t limbs : kSizes) {
    for (const BigInt& n : Moduli(limbs, stream)) {
      const BigInt r = BigInt::power_of_2(probe_->montgomery_bits(limbs)) % n;
      for (const BigInt& a : LooseNumbers(n, stream)) {
        for (const std::size_t bit : {std::size_t{1}, 32 * limbs + 1, 64 * limbs - 3}) {
          const BigInt square = Run(Operation::kSquareShift, n, a, 0, bit);
          EXPECT_LT(square, n * 402 / 100);
          EXPECT_EQ(square % n * r % n, a * a * (n.get_bit(bit) ? 2 : 1) % n)
              << "limbs " << limbs << ", bit " << bit << ", n " << n;
        }
      }
    }
  }
}

TEST_P(ArithmeticTest, DoublesOfReducedNumbersAreReduced) {
  RandomStream stream(Sha256(AsBytes("doubles")));
  for (const std::size_t limbs : kSizes) {
    for (const BigInt& n : Moduli(limbs, stream)) {
      for (const BigInt& x :
           {BigInt(0), BigInt(1), BigInt(n - 1), BigInt(n / 2), BigInt(n / 2 + 1)}) {
        EXPECT_EQ(Run(Operation::kDouble, n, x, 0), x * 2 % n) << "limbs " << limbs << ", n " << n;
      }
    }
  }
}

}  // namespace
}  // namespace fleetmint::prime
