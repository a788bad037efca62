// Operations of the kernels, the makers of candidates, and whole primes.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numbers>

#include "benchmarks/peers.h"
#include "benchmarks/register.h"
#include "benchmarks/vector_unit.h"
#include "engine/base/random.h"
#include "engine/prime/search.h"
#include "engine/prime/sieve.h"

namespace fleetmint::bench {
namespace {

using benchmark::State;
using prime::CandidateKind;
using prime::Kernel;

constexpr double kOperationSeconds = 0.04;  // of one repetition

std::string NameOf(CandidateKind kind) {
  return kind == CandidateKind::kFresh ? "fresh" : "windowed";
}

std::string BitsOf(std::size_t limbs) { return std::to_string(64 * limbs); }

// Random streams of their own for a while, with pointers to them.
class Streams {
 public:
  explicit Streams(std::size_t count) {
    SystemRandom random;
    SystemStreams factory(random);
    for (std::size_t i = 0; i < count; ++i) streams_.push_back(factory.Open({}));
    for (RandomStream& stream : streams_) pointers_.push_back(&stream);
  }
  std::span<RandomStream* const> pointers() const { return pointers_; }

 private:
  std::vector<RandomStream> streams_;
  std::vector<RandomStream*> pointers_;
};

// A kernel's lanes full of numbers: `odd` with their two top bits set, `any` below them.
struct Operands {
  Operands(const Kernel& kernel, std::size_t limbs) {
    const Streams streams(1);
    for (std::size_t i = 0; i < kernel.lanes; ++i) {
      for (SecretLimbs* number : {&odd[i], &any[i], &out[i]}) {
        number->resize(limbs);
        streams.pointers()[0]->Fill(
            {reinterpret_cast<std::uint8_t*>(number->data()), limbs * sizeof(std::uint64_t)});
      }
      odd[i].front() |= 1U;
      odd[i].back() |= std::uint64_t{3} << 62U;
      any[i].back() &= ~(std::uint64_t{1} << 63U);
      candidates.push_back(odd[i].data());
      witnesses.push_back({odd[i].data(), any[i].data()});
      powers.push_back({odd[i].data(), any[i].data(), out[i].data(), out[i].data()});
    }
  }
  std::array<SecretLimbs, prime::kMostLanes> odd, any, out;
  std::vector<const std::uint64_t*> candidates;
  std::vector<prime::Witness> witnesses;
  std::vector<prime::Power> powers;
};

// An iteration makes so many tasks.
void CountTasks(State& state, std::size_t tasks) {
  state.counters["tasks"] = static_cast<double>(tasks);
}

void RegisterKernel(const Kernel& kernel, std::size_t limbs, int rounds) {
  const std::string who = std::string(kernel.name) + "/" + BitsOf(limbs);
  const auto add = [&](const char* what, auto run) {
    Register(std::string(what) + "/" + who, rounds, [&kernel, limbs, run](State& state) {
      Operands operands(kernel, limbs);
      for ([[maybe_unused]] const auto _ : state) run(kernel, limbs, operands);
      CountTasks(state, kernel.lanes);
    })->MinTime(kOperationSeconds);
  };
  add("screen", [](const Kernel& k, std::size_t size, Operands& o) {
    std::uint8_t passes[prime::kMostLanes];
    k.screen(o.candidates, size, passes);
  });
  add("round", [](const Kernel& k, std::size_t size, Operands& o) {
    std::uint8_t passes[prime::kMostLanes];
    k.miller_rabin(o.witnesses, size, passes);
  });
  add("power", [](const Kernel& k, std::size_t size, Operands& o) { k.power(o.powers, size); });
  add("sieve", [](const Kernel& k, std::size_t size, Operands& o) {
    alignas(4096) static std::uint8_t maps[prime::kMostLanes][prime::kWindowPositions];
    std::uint8_t* pointers[prime::kMostLanes];
    for (std::size_t i = 0; i < k.lanes; ++i) pointers[i] = maps[i];
    k.first_hits(size, o.candidates, pointers);
  });
}

void RegisterGmp(std::size_t limbs, int rounds) {
  Register("screen/gmp/" + BitsOf(limbs), rounds, [limbs](State& state) {
    GmpPower power(64 * limbs);
    for ([[maybe_unused]] const auto _ : state) power.Run();
    CountTasks(state, 1);
  })->MinTime(kOperationSeconds);
}

#if defined(__x86_64__)
double SecondsOf(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Clock, peak and squarings are measured within half a millisecond of each other, many times: what
// disturbs the machine disturbs all three. The medians of a repetition are its counters.
void RegisterSquare(const VectorUnit& unit, std::size_t limbs, int rounds) {
  const auto run = [&unit, limbs](State& state) {
    constexpr std::size_t kCycles = 1U << 18U, kLoops = 1U << 12U;
    const std::size_t squarings = std::size_t{1024} * 256 / (limbs * limbs);
    const auto operations = static_cast<double>(unit.operations(limbs));
    std::vector<double> cycles, peaks, shares;
    for ([[maybe_unused]] const auto _ : state) {
      const double cycle = SecondsOf([] { SpendCycles(kCycles); }) / kCycles;
      const double start = SecondsOf([&] { unit.saturate(kLoops); }) / (kLoops * kPerLoop);
      const double square =
          SecondsOf([&] { unit.square(limbs, squarings); }) / static_cast<double>(squarings);
      cycles.push_back(square / cycle);
      peaks.push_back(cycle / start);
      shares.push_back(operations * start / square);
    }
    state.counters["cycles"] = Median(cycles);
    state.counters["operations"] = operations;
    state.counters["peak_per_cycle"] = Median(peaks);
    state.counters["share_of_peak"] = Median(shares);
    state.SetLabel(unit.instruction);
  };
  Register("square/" + std::string(unit.kernel) + "/" + BitsOf(limbs), rounds, run)
      ->Iterations(100);
}
#endif

// By Mertens' theorem a candidate without divisors below `bound` is prime with probability
// e^gamma ln(bound) / ln(candidate).
double TestsPerPrime(std::size_t limbs, std::uint32_t bound) {
  return std::exp(-std::numbers::egamma) * 64.0 * static_cast<double>(limbs) * std::numbers::ln2 /
         std::log(bound);
}

// What the candidates of one prime cost: a window, or as many fresh ones as it takes on average.
void RegisterCandidates(const Kernel& kernel, CandidateKind kind, std::size_t limbs, int rounds) {
  const auto run = [&kernel, kind, limbs](State& state) {
    const Streams streams(kernel.lanes);
    prime::CandidateMaker maker(kind, kernel, limbs);
    std::array<prime::CandidateList, prime::kMostLanes> lists;
    std::vector<prime::CandidateList*> pointers;
    for (std::size_t i = 0; i < kernel.lanes; ++i) pointers.push_back(&lists[i]);
    std::size_t made = 0;
    for ([[maybe_unused]] const auto _ : state) {
      maker.Refill(streams.pointers(), pointers);
      for (const auto* list : pointers) made += list->size();
    }
    const double lists_made =
        static_cast<double>(state.iterations()) * static_cast<double>(kernel.lanes);
    const double a_list = static_cast<double>(made) / lists_made;
    const bool fresh = kind == CandidateKind::kFresh;
    const double tests =
        TestsPerPrime(limbs, fresh ? prime::kTrialBounds.back() : prime::kSieveBound);
    state.counters["candidates_a_list"] = a_list;
    state.counters["tests_a_prime"] = tests;
    state.counters["lists_a_prime"] = fresh ? tests / a_list : 1;
    CountTasks(state, kernel.lanes);
  };
  Register("candidates/" + std::string(kernel.name) + "-" + NameOf(kind) + "/" + BitsOf(limbs),
           rounds, run)
      ->MinTime(kOperationSeconds);
}

// As many primes as the keys of a full chunk have, for 8 lanes (64 endpoints), and fewer lanes
// alike.
void RegisterPrimes(const Kernel& kernel, CandidateKind kind, std::size_t limbs, int rounds) {
  const auto run = [&kernel, kind, limbs](State& state) {
    const std::size_t primes = 16 * kernel.lanes;
    prime::SearchCounters counters;
    for ([[maybe_unused]] const auto _ : state) {
      const Streams streams(primes);
      prime::FindPrimes(limbs, streams.pointers(), {kernel, kind}, {}, &counters);
    }
    const auto lanes = static_cast<double>(counters.screen_lanes + counters.confirm_lanes);
    const auto found = static_cast<double>(state.iterations()) * static_cast<double>(primes);
    state.counters["idle"] =
        static_cast<double>(counters.screen_idle + counters.confirm_idle) / lanes;
    state.counters["wasted"] = static_cast<double>(counters.screen_wasted) / lanes;
    state.counters["tests_a_prime"] =
        static_cast<double>(counters.screen_lanes - counters.screen_idle) / found;
    CountTasks(state, primes);
  };
  Register("primes/" + std::string(kernel.name) + "-" + NameOf(kind) + "/" + BitsOf(limbs), rounds,
           run)
      ->Iterations(1);
}

}  // namespace

std::vector<const Kernel*> OfferedKernels() {
  std::vector<const Kernel*> kernels;
  for (const std::string_view name : prime::kKernelNames) {
    if (const Kernel* const kernel = prime::FindKernel(name)) kernels.push_back(kernel);
  }
  return kernels;
}

void RegisterOperations(const BenchPlan& plan) {
  for (const std::size_t limbs : plan.limbs) {
    for (const auto digits : {prime::SieveDigits::k52, prime::SieveDigits::k64}) {
      prime::SieveTableFor(limbs, digits);  // made here, not in a measurement
    }
    RegisterGmp(limbs, plan.rounds);
    for (const Kernel* const kernel : OfferedKernels()) {
      RegisterKernel(*kernel, limbs, plan.rounds);
      for (const CandidateKind kind : {CandidateKind::kWindowed, CandidateKind::kFresh}) {
        RegisterCandidates(*kernel, kind, limbs, plan.rounds);
        if (limbs == 16) RegisterPrimes(*kernel, kind, limbs, plan.rounds);  // others: see keys
      }
    }
#if defined(__x86_64__)
    for (const VectorUnit* const unit : {&kIfmaUnit, &kAvx2Unit}) {
      if (prime::FindKernel(unit->kernel) != nullptr) RegisterSquare(*unit, limbs, plan.rounds);
    }
#endif
  }
}

}  // namespace fleetmint::bench
