// The algorithms of every kernel, written once over its arithmetic: powers by fixed windows,
// Fermat's test with base 2, Miller-Rabin rounds. Internal to prime/.
//
// A kernel includes this header inside its target region, after every standard header, and gives an
// arithmetic A of kLanes numbers of 64 * kLimbs bits in Montgomery form (x R mod n):
//   A::Number                  kLanes numbers; copyable
//   A::Modulus                 what is precomputed of kLanes moduli
//   SetModulus(m, candidates)  reads kLanes pointers to kLimbs limbs
//   SetOne(x, m)               x = R mod n, below n
//   Double(x, m)               x = 2x mod n, below n for x below n
//   Multiply(out, a, b, m), Square(out, a, m)    a b / R mod n; take and give loose numbers
//   SquareShift(out, a, m, i)  (a^2 / R) 2^b with b = bit i of the modulus; takes and gives loose
//   Reduce(x, m)               brings what Multiply and Square give below n
//   SetMinusOne(x, one, m)     x = n - one
//   SetLane, GetLane           one lane from and to limbs
//   Select(out, table, index)  lane i = table[index[i]] of lane i, every entry being read
//   Equal(a, b)                a bit a lane: equal, digit by digit
//   kMontgomeryBits            R = 2^kMontgomeryBits
//   kStack                     bytes of stack that suffice for each of these functions
//   kSquaringsToR2             R^2 is R 2^(kMontgomeryBits / 2^k) squared k times; this is k
// "Loose" is what the arithmetic says it is: congruent, not necessarily below n. Loose numbers go
// into Multiply, Square and SquareShift alone.
#pragma once

#include <cstring>

#include "engine/prime/kernel.h"
#include "engine/prime/limbs.h"
#include "engine/prime/run_wiped.h"

namespace fleetmint::prime {

template <class A>
struct LaneAlgorithms {
  using u64 = std::uint64_t;
  using Number = typename A::Number;
  static constexpr unsigned kWindow = 4;
  static constexpr std::size_t kStack = A::kStack;
  static constexpr std::size_t kBits = 64 * A::kLimbs;

  // Everything that one batch works on.
  struct Workspace {
    typename A::Modulus modulus;
    Number x, entry, one, minus_one;
    u64 odd[A::kLanes][A::kLimbs];  // candidate - 1 without its factors of 2
    u64 twos[A::kLanes];
  };
  struct Table {
    Number at[1U << kWindow];
    alignas(64) u64 index[kMostLanes];
  };

  // w.entry = R^2 mod n.
  static void SetSquareOfR(Workspace& w) {
    A::SetOne(w.entry, w.modulus);
    for (std::size_t i = 0; i < A::kMontgomeryBits >> A::kSquaringsToR2; ++i) {
      A::Double(w.entry, w.modulus);
    }
    for (unsigned i = A::kSquaringsToR2; i-- > 0;) {
      A::Square(w.entry, w.entry, w.modulus);
      if ((A::kMontgomeryBits >> i & 1U) != 0) {
        A::Reduce(w.entry, w.modulus);
        A::Double(w.entry, w.modulus);
      }
    }
  }

  // w.x = base^exponent R, loose, by fixed windows from the top: 64 kLimbs / kWindow table look-ups
  // whatever the exponents. bases and exponents: kLanes pointers.
  static void Exponentiate(Workspace& w, Table& table, const u64* const* bases,
                           const u64* const* exponents) {
    SetSquareOfR(w);
    for (std::size_t lane = 0; lane < A::kLanes; ++lane) A::SetLane(w.x, lane, bases[lane]);
    A::SetOne(table.at[0], w.modulus);
    A::Multiply(table.at[1], w.x, w.entry, w.modulus);
    for (unsigned i = 2; i < (1U << kWindow); ++i) {
      A::Multiply(table.at[i], table.at[i - 1], table.at[1], w.modulus);
    }
    w.x = table.at[0];
    for (std::size_t position = kBits; position > 0;) {
      position -= kWindow;
      if (position + kWindow != kBits) {  // 1 squared is 1
        for (unsigned i = 0; i < kWindow; ++i) A::Square(w.x, w.x, w.modulus);
      }
      for (std::size_t lane = 0; lane < A::kLanes; ++lane) {
        table.index[lane] = WindowOf(exponents[lane], A::kLimbs, position, kWindow);
      }
      A::Select(w.entry, table.at, table.index);
      A::Multiply(w.x, w.x, w.entry, w.modulus);
    }
  }

  static void PowerBatch(Workspace& w, Table& table, const Power* const* tasks) {
    const u64 *moduli[A::kLanes], *bases[A::kLanes], *exponents[A::kLanes];
    for (std::size_t lane = 0; lane < A::kLanes; ++lane) {
      moduli[lane] = tasks[lane]->modulus;
      bases[lane] = tasks[lane]->base;
      exponents[lane] = tasks[lane]->exponent;
    }
    A::SetModulus(w.modulus, moduli);
    Exponentiate(w, table, bases, exponents);
    std::memset(&w.entry, 0, sizeof w.entry);
    u64 one[A::kLimbs] = {1};
    for (std::size_t lane = 0; lane < A::kLanes; ++lane) A::SetLane(w.entry, lane, one);
    A::Multiply(w.x, w.x, w.entry, w.modulus);  // out of Montgomery form
    A::Reduce(w.x, w.modulus);
  }

  // 2^(n - 1) from the top: n - 1 begins with the bits 11, so with 2^3, and ends with a 0, a plain
  // squaring; in between its bits are those of n. Returns a bit a lane.
  static unsigned ScreenBatch(Workspace& w, const u64* const* candidates) {
    A::SetModulus(w.modulus, candidates);
    A::SetOne(w.one, w.modulus);
    w.x = w.one;
    for (int i = 0; i < 3; ++i) A::Double(w.x, w.modulus);
    for (std::size_t i = kBits - 3; i >= 1; --i) A::SquareShift(w.x, w.x, w.modulus, i);
    A::Square(w.x, w.x, w.modulus);
    A::Reduce(w.x, w.modulus);
    return A::Equal(w.x, w.one);
  }

  // candidate - 1 = odd 2^twos, for twos below kMostTwos; otherwise odd is not odd.
  static void SplitLane(Workspace& w, std::size_t lane, const u64* candidate) {
    const u64 low = candidate[0] - 1;
    const auto twos = static_cast<unsigned>(__builtin_ctzll(low | (u64{1} << (kMostTwos - 1))));
    u64 limb = low;
    for (std::size_t j = 0; j < A::kLimbs; ++j) {
      const u64 next = j + 1 < A::kLimbs ? candidate[j + 1] : 0;
      // Opaque keeps this out of clang's vectors, whose shifts by a secret memcheck takes for
      // branches.
      w.odd[lane][j] = Opaque(limb) >> twos | next << 1U << (63 - twos);
      limb = next;
    }
    w.twos[lane] = twos;
  }

  // FIPS 186-5 B.3.1: base^odd is 1, or one of its squares base^(odd 2^j), j < twos, is -1.
  static unsigned MillerRabinBatch(Workspace& w, Table& table, const Witness* const* tasks) {
    const u64 *candidates[A::kLanes], *bases[A::kLanes], *exponents[A::kLanes];
    unsigned odd = 0;
    for (std::size_t lane = 0; lane < A::kLanes; ++lane) {
      candidates[lane] = tasks[lane]->candidate;
      bases[lane] = tasks[lane]->base;
      SplitLane(w, lane, candidates[lane]);
      exponents[lane] = w.odd[lane];
      odd |= static_cast<unsigned>(w.odd[lane][0] & 1U) << lane;
    }
    A::SetModulus(w.modulus, candidates);
    Exponentiate(w, table, bases, exponents);
    A::Reduce(w.x, w.modulus);
    A::SetOne(w.one, w.modulus);
    A::SetMinusOne(w.minus_one, w.one, w.modulus);
    unsigned passes = A::Equal(w.x, w.one);
    for (unsigned j = 0; j + 1 < kMostTwos; ++j) {
      unsigned early = 0;  // j < twos, a bit a lane
      for (std::size_t lane = 0; lane < A::kLanes; ++lane) {
        early |= static_cast<unsigned>((u64{j} - w.twos[lane]) >> 63U) << lane;
      }
      passes |= A::Equal(w.x, w.minus_one) & early;
      A::Square(w.x, w.x, w.modulus);
      A::Reduce(w.x, w.modulus);
    }
    return passes & odd;
  }

  // ForBatches calls run(pointers to kLanes tasks, number of the first, count) for each kLanes
  // tasks; lanes without a task repeat the first one of their batch.
  template <class Task, class Run>
  static void ForBatches(std::span<const Task> tasks, Run run) {
    for (std::size_t first = 0; first < tasks.size(); first += A::kLanes) {
      const Task* lanes[A::kLanes];
      const std::size_t count = tasks.size() - first < A::kLanes ? tasks.size() - first : A::kLanes;
      for (std::size_t i = 0; i < A::kLanes; ++i) lanes[i] = &tasks[first + (i < count ? i : 0)];
      run(lanes, first, count);
    }
  }

  static void PowerAll(std::span<const Power> tasks) {
    Workspace w;
    Table table;
    ForBatches(tasks, [&](const Power* const* lanes, std::size_t, std::size_t count) {
      PowerBatch(w, table, lanes);
      for (std::size_t i = 0; i < count; ++i) A::GetLane(w.x, i, lanes[i]->out);
    });
  }

  static void ScreenAll(std::span<const u64* const> candidates, std::uint8_t* passes) {
    Workspace w;
    ForBatches(candidates,
               [&](const u64* const* const* lanes, std::size_t first, std::size_t count) {
                 const u64* batch[A::kLanes];
                 for (std::size_t i = 0; i < A::kLanes; ++i) batch[i] = *lanes[i];
                 const unsigned bits = ScreenBatch(w, batch);
                 for (std::size_t i = 0; i < count; ++i) passes[first + i] = bits >> i & 1U;
               });
  }

  static void MillerRabinAll(std::span<const Witness> tasks, std::uint8_t* passes) {
    Workspace w;
    Table table;
    ForBatches(tasks, [&](const Witness* const* lanes, std::size_t first, std::size_t count) {
      const unsigned bits = MillerRabinBatch(w, table, lanes);
      for (std::size_t i = 0; i < count; ++i) passes[first + i] = bits >> i & 1U;
    });
  }
};

// KernelFunctions gives a kernel its functions for all sizes. Arithmetic<limbs> is its arithmetic.
template <template <std::size_t> class Arithmetic>
struct KernelFunctions {
  static void Power(std::span<const prime::Power> tasks, std::size_t limbs) {
    ForSize(limbs, [&](auto algorithms) {
      using Algorithms = decltype(algorithms);
      RunWiped(kPowerStack<Algorithms>, [=] { Algorithms::PowerAll(tasks); });
    });
  }
  static void Screen(std::span<const std::uint64_t* const> candidates, std::size_t limbs,
                     std::uint8_t* passes) {
    ForSize(limbs, [&](auto algorithms) {
      using Algorithms = decltype(algorithms);
      RunWiped(kScreenStack<Algorithms>, [=] { Algorithms::ScreenAll(candidates, passes); });
    });
  }
  static void MillerRabin(std::span<const Witness> tasks, std::size_t limbs, std::uint8_t* passes) {
    ForSize(limbs, [&](auto algorithms) {
      using Algorithms = decltype(algorithms);
      RunWiped(kPowerStack<Algorithms>, [=] { Algorithms::MillerRabinAll(tasks, passes); });
    });
  }

 private:
  template <class Algorithms>
  static constexpr std::size_t kScreenStack =
      sizeof(typename Algorithms::Workspace) + Algorithms::kStack;
  template <class Algorithms>
  static constexpr std::size_t kPowerStack = kScreenStack<Algorithms> +
                                             sizeof(typename Algorithms::Table);

  template <class Run>
  static void ForSize(std::size_t limbs, Run run) {
    if (limbs == 16) run(LaneAlgorithms<Arithmetic<16>>());
    if (limbs == 24) run(LaneAlgorithms<Arithmetic<24>>());
    if (limbs == 32) run(LaneAlgorithms<Arithmetic<32>>());
  }
};

}  // namespace fleetmint::prime
