#include "engine/prime/canaries.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/prime/known_numbers.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;
using Number = std::array<u64, kMostLimbs>;

[[noreturn]] void Fail(const Kernel& kernel, const std::string& what) {
  throw Error::WithHint(ErrorKind::kIntegrity, "kernel '" + std::string(kernel.name) + "' " + what,
                        "do not resume on this machine: its processor or memory is faulty");
}

void CheckVerdicts(const Kernel& kernel, bool prime_passes, bool composite_passes) {
  if (!prime_passes) Fail(kernel, "calls a known prime composite");
  if (composite_passes) Fail(kernel, "calls a known composite number prime");
}

// The tasks with the two at their places.
template <class Task, class Places>
std::vector<Task> With(std::span<const Task> tasks, const Places& at, const Task& sound,
                       const Task& other) {
  std::vector<Task> all;
  all.reserve(tasks.size() + 2);
  auto next = tasks.begin();
  for (std::size_t i = 0; i < tasks.size() + 2; ++i) {
    all.push_back(i == at.sound ? sound : i == at.other ? other : *next++);
  }
  return all;
}

// The verdicts of the others, in their order.
template <class Places>
void CopyOthers(std::span<const std::uint8_t> all, const Places& at, std::uint8_t* passes) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i != at.sound && i != at.other) *passes++ = all[i];
  }
}

}  // namespace

bool Canaries::IsTurn(Count& batches, const Kernel& kernel, std::size_t tasks,
                      std::size_t limbs) const {
  if (tasks == 0 || !IsKernelSize(limbs)) return false;
  const u64 of_call = (tasks + kernel.lanes - 1) / kernel.lanes;
  const u64 before = batches.fetch_add(of_call, std::memory_order_relaxed);
  const u64 turn = (before + interval_ - 1) / interval_ * interval_;  // the next one
  return turn < before + of_call;
}

// Uniform to within 2^-50: bounds are a few hundred.
std::size_t Canaries::Below(std::size_t bound) {
  u64 word = 0;
  random_.Fill({reinterpret_cast<std::uint8_t*>(&word), sizeof word});
  return static_cast<std::size_t>(word % bound);
}

// In whole batches, so that each lane is as likely as the others.
Canaries::Places Canaries::DrawPlaces(std::size_t tasks, std::size_t lanes) {
  const std::size_t all = tasks + 2, whole = all < lanes ? all : all / lanes * lanes;
  const std::size_t sound = Below(whole), other = Below(whole - 1);
  return {sound, other < sound ? other : other + 1};
}

// The known primes begin with 64 ones.
void Canaries::DrawBelowKnownPrime(std::span<u64> out) {
  random_.Fill({reinterpret_cast<std::uint8_t*>(out.data()), 8 * out.size()});
  out.back() >>= 1U;
  out.front() |= 2U;  // nor 0 or 1
}

void Canaries::Screen(const Kernel& kernel, std::span<const u64* const> candidates,
                      std::size_t limbs, std::uint8_t* passes) {
  if (!IsTurn(screened_, kernel, candidates.size(), limbs)) {
    kernel.screen(candidates, limbs, passes);
    return;
  }
  const Places at = DrawPlaces(candidates.size(), kernel.lanes);
  const auto all = With(candidates, at, KnownPrime(limbs), KnownComposite(limbs));
  std::vector<std::uint8_t> verdicts(all.size());
  kernel.screen(all, limbs, verdicts.data());
  CheckVerdicts(kernel, verdicts[at.sound] != 0, verdicts[at.other] != 0);
  CopyOthers(verdicts, at, passes);
}

void Canaries::MillerRabin(const Kernel& kernel, std::span<const Witness> tasks, std::size_t limbs,
                           std::uint8_t* passes) {
  if (!IsTurn(confirmed_, kernel, tasks.size(), limbs)) {
    kernel.miller_rabin(tasks, limbs, passes);
    return;
  }
  Number random_base{}, two{2};
  DrawBelowKnownPrime(std::span(random_base).first(limbs));
  const Places at = DrawPlaces(tasks.size(), kernel.lanes);
  const auto all =
      With(tasks, at, {KnownPrime(limbs), random_base.data()}, {KnownComposite(limbs), two.data()});
  std::vector<std::uint8_t> verdicts(all.size());
  kernel.miller_rabin(all, limbs, verdicts.data());
  CheckVerdicts(kernel, verdicts[at.sound] != 0, verdicts[at.other] != 0);
  CopyOthers(verdicts, at, passes);
}

void Canaries::Power(const Kernel& kernel, std::span<const prime::Power> tasks, std::size_t limbs) {
  if (!IsTurn(powers_, kernel, tasks.size(), limbs)) {
    kernel.power(tasks, limbs);
    return;
  }
  const u64* const p = KnownPrime(limbs);
  Number x{}, y{}, p_less_one{}, x_again{}, one{}, expected_one{1};
  DrawBelowKnownPrime(std::span(x).first(limbs));
  DrawBelowKnownPrime(std::span(y).first(limbs));
  std::copy_n(p, limbs, p_less_one.begin());
  p_less_one[0] -= 1;
  const auto all =
      With(tasks, DrawPlaces(tasks.size(), kernel.lanes), {p, x.data(), p, x_again.data()},
           {p, y.data(), p_less_one.data(), one.data()});
  kernel.power(all, limbs);
  if (x_again != x || one != expected_one) Fail(kernel, "computes a known power wrongly");
}

}  // namespace fleetmint::prime
