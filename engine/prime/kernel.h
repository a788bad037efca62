// Kernel: the contract of the modular arithmetic that carries the work, and the choice among those
// built.
//
// A kernel works on several numbers at a time, each in a lane of its own with its own modulus.
// `portable` (64-bit limbs, one lane) is the reference: always built, always tested. `ifma` (8
// lanes, AVX-512 IFMA, 52-bit digits) and `avx2` (4 lanes, AVX2 and FMA, 51-bit digits) are offered
// where CPUID and XGETBV say that processor and system support each of their instruction sets, and
// only after they have reproduced known answers.
//
// Every kernel is stateless: any thread may call it. What it says alone only rejects: who accepts a
// prime asks for Miller-Rabin rounds with random bases. On leaving, a kernel has wiped the stack it
// used, with its numbers and its tables on it, and the registers (run_wiped.h). Time and memory
// access depend on the size and the number of tasks alone, never on the numbers, but for
// `first_hits` (see there).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fleetmint::prime {

// Limbs are 64 bits, little-endian. These are the sizes that every kernel knows: 1024, 1536, 2048
// bits.
inline constexpr std::size_t kMostLimbs = 32;
constexpr bool IsKernelSize(std::size_t limbs) { return limbs == 16 || limbs == 24 || limbs == 32; }
inline constexpr std::size_t kMostLanes = 8;

// Power is one lane's task: out = base^exponent mod modulus. All point to `limbs` limbs.
// Preconditions: the modulus is odd and its top bit is set; base < modulus. `out` may be `base`.
struct Power {
  const std::uint64_t* modulus;
  const std::uint64_t* base;
  const std::uint64_t* exponent;
  std::uint64_t* out;
};

// Witness is one lane's task of a Miller-Rabin round: is `candidate` a strong probable prime to
// `base`? Preconditions: the candidate is odd and its two top bits are set; 1 < base < candidate -
// 1.
struct Witness {
  const std::uint64_t* candidate;
  const std::uint64_t* base;
};

// A candidate with candidate - 1 divisible by 2^kMostTwos fails every Miller-Rabin round: the
// number of squarings at a round's end must not depend on the candidate. It costs 2^-31 of all
// primes.
inline constexpr unsigned kMostTwos = 32;

struct Kernel {
  const char* name;
  // What the kernel is compiled for and the processor must have, as target.h takes it: "avx2,fma";
  // "" for what every processor has.
  std::string_view instruction_sets;
  std::size_t lanes;  // tasks that cost no more than one; at most kMostLanes
  // Each of these takes any number of tasks of one size (IsKernelSize).
  void (*power)(std::span<const Power> tasks, std::size_t limbs);
  // screen tells of each candidate whether 2^(candidate - 1) = 1 modulo it (Fermat's test with base
  // 2): passes[i] is 1 or 0. Precondition: odd, the two top bits set.
  void (*screen)(std::span<const std::uint64_t* const> candidates, std::size_t limbs,
                 std::uint8_t* passes);
  // miller_rabin makes one round for each task (FIPS 186-5 B.3.1): passes[i] is 1 or 0.
  void (*miller_rabin)(std::span<const Witness> tasks, std::size_t limbs, std::uint8_t* passes);
  // first_hits marks composites in the windows of at most `lanes` odd starts: maps[i][k] becomes
  // nonzero where starts[i] + 2k has an odd prime divisor below kSieveBound (sieve.h). Not constant
  // time: which byte of the map is written depends on the start.
  void (*first_hits)(std::size_t limbs, std::span<const std::uint64_t* const> starts,
                     std::uint8_t* const* maps);
  // has_divisor tells of at most `lanes` odd numbers which have a prime divisor of a stage of trial
  // division (kTrialBounds): a bit each.
  unsigned (*has_divisor)(std::size_t limbs, std::size_t stage,
                          std::span<const std::uint64_t* const> numbers);
};

// kKernelNames are the kernels that may be asked for, the fastest first.
inline constexpr std::array<std::string_view, 3> kKernelNames{"ifma", "avx2", "portable"};

// PortableKernel is the reference.
const Kernel& PortableKernel();
// BuiltKernels are those of this program, the fastest first, whether they can run here or not: for
// reading what they need, not for calling.
std::span<const Kernel* const> BuiltKernels();
// CpuHas tells whether processor and system support an instruction set that a kernel names. False
// for names it does not know. Any thread.
bool CpuHas(std::string_view instruction_set);
// FindKernel gives a kernel by name: null where it is unknown, where the processor or the system
// lacks one of its instruction sets, or where it fails its known answers. `withheld`, for tests, is
// a set that the processor shall not have.
const Kernel* FindKernel(std::string_view name, std::string_view withheld = {});
// FindKernelAmong does the same among other kernels, which outlive the program; also for tests.
const Kernel* FindKernelAmong(std::span<const Kernel* const> kernels, std::string_view name,
                              std::string_view withheld = {});
// BestKernel is the fastest one of this machine.
const Kernel& BestKernel();

// KnownAnswer is the SHA-256, in hexadecimal, of what `kernel` computes from fixed numbers of one
// size; the same for every kernel.
std::string KnownAnswer(const Kernel& kernel, std::size_t limbs);

}  // namespace fleetmint::prime
