// Numbers for tests of the kernels: limbs, Botan's numbers, and what Botan says of them.
#pragma once

#include <botan/bigint.h>
#include <botan/numthry.h>
#include <botan/rng.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/prime/kernel.h"
#include "tests/support/limbs.h"

namespace fleetmint::prime {

using Limbs = std::vector<std::uint64_t>;
using Botan::BigInt;

inline Limbs ToLimbs(const BigInt& value, std::size_t limbs) {
  return FromBigInt<Limbs>(value, limbs);
}

inline BigInt RandomBits(std::size_t bits, RandomStream& stream) {
  Bytes bytes(bits / 8);
  stream.Fill(bytes);
  return BigInt(bytes.data(), bytes.size());
}

// An odd number of 64 * limbs bits with its two top bits set.
inline BigInt RandomCandidate(std::size_t limbs, RandomStream& stream) {
  BigInt n = RandomBits(64 * limbs, stream);
  for (const std::size_t bit : {std::size_t{0}, 64 * limbs - 1, 64 * limbs - 2}) n.set_bit(bit);
  return n;
}

inline bool HasSmallFactor(const BigInt& n) {
  for (std::size_t i = 0; i < 2000; ++i) {
    if (n % Botan::word{Botan::PRIMES[i]} == 0) return true;
  }
  return false;
}

// The next prime from `start` on that is start modulo 2^low_bits; start is odd.
inline BigInt NextPrime(BigInt start, std::size_t low_bits, Botan::RandomNumberGenerator& rng) {
  while (HasSmallFactor(start) || !Botan::is_prime(start, rng, 64)) {
    start += BigInt(1) << low_bits;
  }
  return start;
}

// What the kernels' answers are held against.
inline bool PassesFermatBase2(const BigInt& n) { return Botan::power_mod(2, n - 1, n) == 1; }

// FIPS 186-5 B.3.1, with the exception of kernel.h for n = 1 mod 2^kMostTwos.
inline bool PassesMillerRabin(const BigInt& n, const BigInt& base) {
  std::size_t twos = 1;
  while (!n.get_bit(twos)) ++twos;
  if (twos >= kMostTwos) return false;
  BigInt x = Botan::power_mod(base, (n - 1) >> twos, n);
  if (x == 1 || x == n - 1) return true;
  for (std::size_t j = 1; j < twos; ++j) {
    x = Botan::power_mod(x, 2, n);  // x * x % n would double its memory each time
    if (x == n - 1) return true;
  }
  return false;
}

// A fixture for tests of one kernel. Skipped where the processor lacks what the kernel needs;
// failed where it has it and the kernel is not offered.
class OneKernelTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string name = GetParam();
    bool expected = name == "portable";
#if defined(__x86_64__)
    expected = expected || (name == "avx2" && CpuHas("avx2") && CpuHas("fma")) ||
               (name == "ifma" && CpuHas("avx512f") && CpuHas("avx512ifma"));
#endif
    kernel_ = FindKernel(name);
    if (kernel_ != nullptr) return;
    if (expected) FAIL() << "kernel " << name << " fails its known answers";
    GTEST_SKIP() << "this processor cannot run kernel " << name;
  }
  const Kernel* kernel_ = nullptr;
};

}  // namespace fleetmint::prime
