// ProbeOf makes an ArithmeticProbe of a kernel's arithmetic. A probe_NAME.cc includes this inside
// its kernel's target region.
#pragma once

#include "engine/prime/limbs.h"
#include "tests/prime/arithmetic_probe.h"

namespace fleetmint::prime {

template <template <std::size_t> class Arithmetic>
struct ProbeFunctions {
  using u64 = std::uint64_t;

  static std::size_t MontgomeryBits(std::size_t limbs) {
    if (limbs == 16) return Arithmetic<16>::kMontgomeryBits;
    return limbs == 24 ? Arithmetic<24>::kMontgomeryBits : Arithmetic<32>::kMontgomeryBits;
  }
  static void Run(std::size_t limbs, Operation operation, std::size_t bit, const ProbeLane* lanes) {
    if (limbs == 16) RunSize<16>(operation, bit, lanes);
    if (limbs == 24) RunSize<24>(operation, bit, lanes);
    if (limbs == 32) RunSize<32>(operation, bit, lanes);
  }

 private:
  // A Number is an array of digits, each of kLanes words.
  typedef u64 Word __attribute__((may_alias));  // of a vector; see ifma_vector.h
  template <class A>
  static Word& Digit(typename A::Number& number, std::size_t j, std::size_t lane) {
    static_assert(sizeof number == sizeof(Word) * A::kDigits * A::kLanes);
    return reinterpret_cast<Word*>(&number)[j * A::kLanes + lane];
  }

  template <std::size_t L>
  static void RunSize(Operation operation, std::size_t bit, const ProbeLane* lanes) {
    using A = Arithmetic<L>;
    constexpr unsigned kBits = A::kMontgomeryBits / A::kDigits;
    typename A::Modulus m{};
    typename A::Number a{}, b{}, out{};
    const u64* moduli[A::kLanes];
    for (std::size_t lane = 0; lane < A::kLanes; ++lane) {
      moduli[lane] = lanes[lane].modulus;
      for (std::size_t j = 0; j < A::kDigits; ++j) {
        const std::size_t position = j * kBits;
        const bool inside = position < 64 * (L + 1);
        Digit<A>(a, j, lane) = inside ? WindowOf(lanes[lane].a, L + 1, position, kBits) : 0;
        Digit<A>(b, j, lane) = inside ? WindowOf(lanes[lane].b, L + 1, position, kBits) : 0;
      }
    }
    A::SetModulus(m, moduli);
    out = a;
    if (operation == Operation::kMultiply) A::Multiply(out, a, b, m);
    if (operation == Operation::kSquare) A::Square(out, a, m);
    if (operation == Operation::kSquareShift) A::SquareShift(out, a, m, bit);
    if (operation == Operation::kReduce) A::Reduce(out, m);
    if (operation == Operation::kDouble) A::Double(out, m);
    for (std::size_t lane = 0; lane < A::kLanes; ++lane) {
      u64* const to = lanes[lane].out;
      for (std::size_t k = 0; k <= L; ++k) to[k] = 0;
      for (std::size_t j = 0; j < A::kDigits; ++j) {
        const u64 digit = Digit<A>(out, j, lane);
        const std::size_t limb = j * kBits / 64, shift = j * kBits % 64;
        if (limb <= L) to[limb] |= digit << shift;
        if (shift + kBits > 64 && limb + 1 <= L) to[limb + 1] |= digit >> (64 - shift);
      }
    }
  }
};

template <template <std::size_t> class Arithmetic>
constexpr ArithmeticProbe ProbeOf(const char* kernel) {
  using Functions = ProbeFunctions<Arithmetic>;
  return {kernel, Arithmetic<16>::kLanes, Functions::MontgomeryBits, Functions::Run};
}

}  // namespace fleetmint::prime
