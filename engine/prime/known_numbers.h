// Known numbers that keep watch over the kernels: a prime and a composite of each size. Internal to
// prime/.
//
// The primes are the moduli of RFC 2409 6.2 (1024 bits), RFC 3526 2 (1536) and 3 (2048), of the
// form 2^k - 2^(k - 64) - 1 + 2^64 (floor(2^(k - 130) pi) + c); the composites are 2^32 less, and
// fail Fermat's test with base 2 (tests/prime).
#pragma once

#include <cstddef>
#include <cstdint>

namespace fleetmint::prime {

// `limbs` as in IsKernelSize.
const std::uint64_t* KnownPrime(std::size_t limbs);
const std::uint64_t* KnownComposite(std::size_t limbs);

}  // namespace fleetmint::prime
