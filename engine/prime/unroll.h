// Loops that are unrolled for sure. Internal to prime/; a kernel includes this header inside its
// target region, because what is inlined must be compiled for the same instructions.
#pragma once

#include <cstddef>
#include <utility>

#define FLEETMINT_INLINE inline __attribute__((always_inline))
#define FLEETMINT_UNROLLED __attribute__((always_inline))

namespace fleetmint::prime {

// Unroll calls body(constant i) for i in [0, N); the compiler sees N copies, no loop. The lambdas
// given to it are marked FLEETMINT_UNROLLED: at -O2 neither compiler would inline them all.
template <std::size_t... I, class Body>
FLEETMINT_INLINE void UnrollOver(std::index_sequence<I...>, Body&& body) {
  (body(std::integral_constant<std::size_t, I>{}), ...);
}
template <std::size_t N, class Body>
FLEETMINT_INLINE void Unroll(Body&& body) {
  UnrollOver(std::make_index_sequence<N>{}, body);
}

}  // namespace fleetmint::prime
