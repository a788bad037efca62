// ArithmeticProbe: the arithmetic inside a kernel (lane_algorithms.h), one operation at a time, on
// operands that a kernel's functions would meet once in 2^30 calls: loose ones, at their bounds.
//
// An arithmetic is internal to its kernel's file, and compiled for instruction sets of its own: so
// probe_NAME.cc includes kernel_NAME.cc whole. A program that links it has its kernel from there.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fleetmint::prime {

enum class Operation : std::uint8_t { kMultiply, kSquare, kSquareShift, kReduce, kDouble };

// One lane's operands: the modulus of `limbs` limbs, the others of limbs + 1, as is `out`.
struct ProbeLane {
  const std::uint64_t* modulus;
  const std::uint64_t* a;
  const std::uint64_t* b;  // of kMultiply
  std::uint64_t* out;
};

struct ArithmeticProbe {
  const char* kernel;
  std::size_t lanes;
  // R = 2^montgomery_bits(limbs).
  std::size_t (*montgomery_bits)(std::size_t limbs);
  // run gives each of `lanes` lanes its result; `bit` is that of the modulus for kSquareShift. The
  // processor must have what the kernel needs.
  void (*run)(std::size_t limbs, Operation operation, std::size_t bit, const ProbeLane* lanes);
};

extern const ArithmeticProbe kPortableProbe;
#if defined(__x86_64__)
extern const ArithmeticProbe kAvx2Probe;
extern const ArithmeticProbe kIfmaProbe;
#endif

}  // namespace fleetmint::prime
