#include "engine/prime/kernel.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "engine/base/bytes.h"
#include "engine/prime/known_numbers.h"

namespace fleetmint::prime {

#if defined(__x86_64__)
extern const Kernel kAvx2Code;  // kernel_avx2.cc
extern const Kernel kIfmaCode;  // kernel_ifma.cc
#endif

namespace {

// Known answers: SHA-256 over what a kernel must compute from numbers that fill all digits and
// lanes: x -> x * 6364136223846793005 + 1442695040888963407 (Knuth's MMIX), from 1, lowest limb
// first. Found with the portable kernel, which tests/prime holds against Botan.
constexpr std::array<std::pair<std::size_t, std::string_view>, 3> kKnownAnswers{{
    {16, "9d0777ab3bc6a9159f3ef309750e034a766777f05374be9ee598bea63c8107e6"},
    {24, "9c2b9125567cbb76b7a66ee5ad42f2684d897b48c9b937dd0083224dc94e4ab6"},
    {32, "3c1ace0f4b750fda26a5ffeaf5588d60f794f3ff2d993ff5c048949b7f50da18"},
}};

}  // namespace

std::string KnownAnswer(const Kernel& kernel, std::size_t limbs) {
  std::uint64_t state = 1;
  const auto next = [&state] {
    return state = state * 6364136223846793005U + 1442695040888963407U;
  };
  constexpr std::size_t kTasks = kMostLanes;
  using Number = std::array<std::uint64_t, kMostLimbs>;
  std::array<Number, kTasks> modulus{}, base{}, exponent{}, out{};
  std::array<Power, kTasks> powers{};
  std::array<Witness, kTasks> witnesses{};
  std::array<const std::uint64_t*, kTasks> candidates{};
  for (std::size_t i = 0; i < kTasks; ++i) {
    for (Number* number : {&modulus[i], &base[i], &exponent[i]})
      std::generate_n(number->begin(), limbs, next);
    modulus[i][0] |= 1U;
    modulus[i][limbs - 1] |= std::uint64_t{3} << 62U;
    base[i][limbs - 1] &= ~(std::uint64_t{1} << 63U);
    powers[i] = {modulus[i].data(), base[i].data(), exponent[i].data(), out[i].data()};
  }
  std::fill_n(modulus[0].begin(), limbs, ~std::uint64_t{0});
  std::copy_n(KnownPrime(limbs), limbs, modulus[1].begin());
  for (std::size_t i = 0; i < kTasks; ++i) {
    witnesses[i] = {modulus[i].data(), base[i].data()};
    candidates[i] = modulus[i].data();
  }
  std::array<std::uint8_t, 2 * kTasks> passes{};
  kernel.screen(candidates, limbs, passes.data());
  kernel.miller_rabin(witnesses, limbs, passes.data() + kTasks);
  kernel.power(powers, limbs);
  Bytes answer(passes.begin(), passes.end());
  for (const Number& number : out) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(number.data());
    answer.insert(answer.end(), bytes, bytes + limbs * 8);
  }
  return ToHex(Sha256(answer));
}

namespace {

bool GivesKnownAnswers(const Kernel& kernel) {
  return std::all_of(kKnownAnswers.begin(), kKnownAnswers.end(), [&](const auto& known) {
    return KnownAnswer(kernel, known.first) == known.second;
  });
}

// Asked once for each kernel, and only where it can run; never of the reference.
bool Works(const Kernel& kernel) {
  if (&kernel == &PortableKernel()) return true;
  static std::mutex mutex;
  static std::map<const Kernel*, bool> answers;
  const std::lock_guard lock(mutex);
  const auto [answer, first_time] = answers.try_emplace(&kernel, false);
  if (first_time) answer->second = GivesKnownAnswers(kernel);
  return answer->second;
}

bool CanRun(const Kernel& kernel, std::string_view withheld) {
  for (std::string_view rest = kernel.instruction_sets; !rest.empty();) {
    const std::string_view set = rest.substr(0, rest.find(','));
    if (set == withheld || !CpuHas(set)) return false;
    rest.remove_prefix(std::min(set.size() + 1, rest.size()));
  }
  return true;
}

}  // namespace

std::span<const Kernel* const> BuiltKernels() {
#if defined(__x86_64__)
  static const std::array<const Kernel*, 3> kernels{&kIfmaCode, &kAvx2Code, &PortableKernel()};
#else
  static const std::array<const Kernel*, 1> kernels{&PortableKernel()};
#endif
  return kernels;
}

// The compiler's run-time library asks CPUID, and XGETBV for the state that the system saves; its
// names must be literals.
bool CpuHas(std::string_view instruction_set) {
#if defined(__x86_64__)
  if (instruction_set == "avx2") return __builtin_cpu_supports("avx2") != 0;
  if (instruction_set == "fma") return __builtin_cpu_supports("fma") != 0;
  if (instruction_set == "avx512f") return __builtin_cpu_supports("avx512f") != 0;
  if (instruction_set == "avx512ifma") return __builtin_cpu_supports("avx512ifma") != 0;
#endif
  return false;
}

const Kernel* FindKernelAmong(std::span<const Kernel* const> kernels, std::string_view name,
                              std::string_view withheld) {
  for (const Kernel* const kernel : kernels) {
    if (kernel->name == name) return CanRun(*kernel, withheld) && Works(*kernel) ? kernel : nullptr;
  }
  return nullptr;
}

const Kernel* FindKernel(std::string_view name, std::string_view withheld) {
  return FindKernelAmong(BuiltKernels(), name, withheld);
}

const Kernel& BestKernel() {
  for (const std::string_view name : kKernelNames) {
    if (const Kernel* const kernel = FindKernel(name)) return *kernel;
  }
  return PortableKernel();
}

}  // namespace fleetmint::prime
