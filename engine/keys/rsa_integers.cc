#include "engine/keys/rsa_integers.h"

#include <array>

#include "engine/base/error.h"
#include "engine/keys/rsa_fields.h"

namespace fleetmint {
namespace {

using Botan::BigInt;

BigInt ToBigInt(ByteView number) {
  if (!number.empty() && number.front() >= 0x80) {
    throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged, "a number of it is negative");
  }
  return {number.data(), number.size()};
}

struct Relation {
  const char* name;
  bool (*holds)(const RsaIntegers& k);
};

// Each stands on those above it: nothing divides by zero.
constexpr std::array<Relation, 10> kRelations{{
    {"p and q are odd and above 2",
     [](const RsaIntegers& k) { return k.p > 2 && k.q > 2 && k.p.is_odd() && k.q.is_odd(); }},
    {"n is p q", [](const RsaIntegers& k) { return k.p * k.q == k.n && k.p != k.q; }},
    {"e is odd, and from 3 to n - 1",
     [](const RsaIntegers& k) { return k.e.is_odd() && k.e >= 3 && k.e < k.n; }},
    {"d is below n", [](const RsaIntegers& k) { return k.d < k.n; }},
    {"d e is 1 modulo p - 1", [](const RsaIntegers& k) { return (k.d_p * k.e) % (k.p - 1) == 1; }},
    {"d e is 1 modulo q - 1", [](const RsaIntegers& k) { return (k.d_q * k.e) % (k.q - 1) == 1; }},
    {"dP is d modulo p - 1", [](const RsaIntegers& k) { return k.d % (k.p - 1) == k.d_p; }},
    {"dQ is d modulo q - 1", [](const RsaIntegers& k) { return k.d % (k.q - 1) == k.d_q; }},
    {"qInv is below p", [](const RsaIntegers& k) { return k.q_inverse < k.p; }},
    {"q qInv is 1 modulo p", [](const RsaIntegers& k) { return (k.q * k.q_inverse) % k.p == 1; }},
}};

}  // namespace

RsaIntegers ReadRsaIntegers(ByteView pkcs8) {
  const RsaPrivateFields f = ReadRsaPkcs8(pkcs8);
  return {ToBigInt(f.n), ToBigInt(f.e),   ToBigInt(f.d),   ToBigInt(f.p),
          ToBigInt(f.q), ToBigInt(f.d_p), ToBigInt(f.d_q), ToBigInt(f.q_inverse)};
}

const char* BrokenRelation(const RsaIntegers& numbers) {
  for (const Relation& relation : kRelations) {
    if (!relation.holds(numbers)) return relation.name;
  }
  return nullptr;
}

}  // namespace fleetmint
