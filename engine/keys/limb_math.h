// Limb math: the few operations on secret numbers that the assembly of an RSA key needs.
//
// Numbers are little-endian arrays of 64-bit limbs; lengths are public. Constant time: no branch
// and no address depends on a value, and no division instruction sees one. Pure functions; any
// thread. Callers keep secrets in SecretLimbs, which is wiped; what these functions keep on the
// stack they wipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/bytes.h"

namespace fleetmint {

using LimbView = std::span<const std::uint64_t>;

// Multiply gives a * b, of a.size() + b.size() limbs.
SecretLimbs Multiply(LimbView a, LimbView b);
// MultiplyAddWord gives a * word + add, of a.size() + 1 limbs.
SecretLimbs MultiplyAddWord(LimbView a, std::uint64_t word, std::uint64_t add);
// Subtract gives a - b modulo 2^(64 size), and whether a < b in `borrow` (1 or 0), where it is not
// null.
SecretLimbs Subtract(LimbView a, LimbView b, std::uint64_t* borrow = nullptr);
// SwapIf exchanges a and b if `condition` is 1; it is 1 or 0.
void SwapIf(std::uint64_t condition, SecretLimbs& a, SecretLimbs& b);
// DivideExactly gives a / divisor, of a.size() limbs. Preconditions: it divides; divisor > 0.
SecretLimbs DivideExactly(LimbView a, std::uint64_t divisor);
// InverseModE gives x^-1 modulo kRsaPublicExponent, 0 of 0.
std::uint32_t InverseModE(std::uint32_t x);

// Gcd gives the greatest common divisor of two even numbers a, b > 0 of equal size if it is below
// 2^32, else 0; also 0 if a is divisible by 2^33, as no p - 1 of an accepted prime is
// (prime/kernel.h).
std::uint64_t Gcd(LimbView a, LimbView b);

// FromLimbs gives a number's bytes, big endian, 8 a limb; ToLimbs is its inverse for `limbs` limbs,
// which `bytes` must fit into.
SecretBytes FromLimbs(LimbView limbs);
SecretLimbs ToLimbs(ByteView bytes, std::size_t limbs);

// Montgomery is arithmetic modulo an odd number of any length whose top bit is set, R = 2^(64
// limbs).
class Montgomery {
 public:
  explicit Montgomery(LimbView modulus);
  // Multiply gives a b / R mod n, for a, b < n.
  SecretLimbs Multiply(LimbView a, LimbView b) const;
  SecretLimbs ToForm(LimbView a) const { return Multiply(a, square_of_r_); }
  SecretLimbs FromForm(LimbView a) const;

 private:
  SecretLimbs n_, square_of_r_;
  std::uint64_t k0_;
};

}  // namespace fleetmint
