// Kernel: the contract of the modular arithmetic that carries the work, and the choice among those
// built.
//
// A kernel raises several numbers at a time, each in a lane of its own with its own modulus: the
// batch Montgomery power. `portable` (64-bit limbs, one lane after another) is the reference:
// always built, always tested. `ifma` (8 lanes, AVX-512 IFMA, 52-bit digits) is offered where CPUID
// and XGETBV say that processor and system support it, and only after it has reproduced what
// `portable` computes.
//
// Every kernel is stateless: any thread may call it. It wipes its tables, its numbers and the
// vector registers before it returns; digits that the compiler spilled to the stack of `ifma` are
// not wiped yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fleetmint::prime {

// Limbs are 64 bits, little-endian. These are the sizes that every kernel knows: 1024, 1536, 2048
// bits.
inline constexpr std::size_t kMostLimbs = 32;
constexpr bool IsKernelSize(std::size_t limbs) { return limbs == 16 || limbs == 24 || limbs == 32; }

// Power is one lane's task: out = base^exponent mod modulus. All point to `limbs` limbs.
// Preconditions: the modulus is odd and its top bit is set; base < modulus. `out` may be `base`.
struct Power {
  const std::uint64_t* modulus;
  const std::uint64_t* base;
  const std::uint64_t* exponent;
  std::uint64_t* out;
};

struct Kernel {
  const char* name;
  std::size_t lanes;  // tasks that cost no more than one
  // Runs the tasks, any number of them, at one size (IsKernelSize). Time and memory access depend
  // on the size and the number of tasks alone, never on the numbers.
  void (*power)(std::span<const Power> tasks, std::size_t limbs);
};

// PortableKernel is the reference.
const Kernel& PortableKernel();
// IfmaKernel is null where the processor lacks AVX-512 IFMA or the kernel fails its known answers.
const Kernel* IfmaKernel();
// BestKernel is the fastest one of this machine; chosen once.
const Kernel& BestKernel();

}  // namespace fleetmint::prime
