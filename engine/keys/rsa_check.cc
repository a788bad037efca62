#include "engine/keys/rsa_check.h"

#include <botan/bigint.h>
#include <botan/numthry.h>

#include <array>

#include "engine/base/botan_compat.h"
#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/keys/faulty_key.h"
#include "engine/keys/rsa_fields.h"
#include "engine/keys/weak_modulus.h"
#include "engine/prime/public_exponent.h"

namespace fleetmint {
namespace {

using Botan::BigInt;

struct Numbers {
  BigInt n, e, d, p, q, d_p, d_q, q_inverse;
};

BigInt ToBigInt(ByteView number) { return {number.data(), number.size()}; }

Numbers ReadNumbers(const PrivateKey& key) {
  try {
    const RsaPrivateFields f = ReadRsaPkcs8(key.pkcs8());
    return {ToBigInt(f.n), ToBigInt(f.e),   ToBigInt(f.d),   ToBigInt(f.p),
            ToBigInt(f.q), ToBigInt(f.d_p), ToBigInt(f.d_q), ToBigInt(f.q_inverse)};
  } catch (const Error& error) {
    ThrowFaultyKey("cannot be read", error);
  }
}

bool HasTheseNumbers(const Bytes& spki, const Numbers& k) {
  try {
    const auto fields = ReadRsaSpki(spki);
    return fields && ToBigInt(fields->n) == k.n && ToBigInt(fields->e) == k.e;
  } catch (const Error&) {
    return false;
  }
}

struct Relation {
  const char* name;
  bool (*holds)(const Numbers& k, std::size_t half);
};

constexpr std::array<Relation, 15> kRelations{{
    {"n is p q", [](const Numbers& k, std::size_t) { return k.p * k.q == k.n; }},
    {"n has its length", [](const Numbers& k, std::size_t half) { return k.n.bits() == 2 * half; }},
    {"e is 65537", [](const Numbers& k, std::size_t) { return k.e == kRsaPublicExponent; }},
    {"p and q are at least sqrt(2) 2^(k-1)",
     [](const Numbers& k, std::size_t half) {
       return k.p.bits() == half && k.q.bits() == half &&
              k.p * k.p >= BigInt::power_of_2(2 * half - 1) &&
              k.q * k.q >= BigInt::power_of_2(2 * half - 1);
     }},
    {"p is greater than q, and not close to it",
     [](const Numbers& k, std::size_t half) {
       return k.p > k.q && (k.p - k.q).bits() > half - 100;
     }},
    {"d is above 2^k and below (p - 1)(q - 1) / 2",
     [](const Numbers& k, std::size_t half) {
       return k.d.bits() > half && k.d * 2 < (k.p - 1) * (k.q - 1);
     }},
    {"d e is 1 modulo p - 1",
     [](const Numbers& k, std::size_t) { return (k.d_p * k.e) % (k.p - 1) == 1; }},
    {"d e is 1 modulo q - 1",
     [](const Numbers& k, std::size_t) { return (k.d_q * k.e) % (k.q - 1) == 1; }},
    {"dP is d modulo p - 1",
     [](const Numbers& k, std::size_t) { return k.d % (k.p - 1) == k.d_p; }},
    {"dQ is d modulo q - 1",
     [](const Numbers& k, std::size_t) { return k.d % (k.q - 1) == k.d_q; }},
    {"qInv is below p", [](const Numbers& k, std::size_t) { return k.q_inverse < k.p; }},
    {"q qInv is 1 modulo p",
     [](const Numbers& k, std::size_t) { return (k.q * k.q_inverse) % k.p == 1; }},
    {"n has no factor up to 751",
     [](const Numbers& k, std::size_t) { return !HasSmallFactor(botan_compat::BytesOf(k.n)); }},
    {"n has not the ROCA fingerprint",
     [](const Numbers& k, std::size_t) { return !HasRocaFingerprint(botan_compat::BytesOf(k.n)); }},
    // It ends when a is (p + q) / 2.
    {"Fermat's method takes more than 110 steps",
     [](const Numbers& k, std::size_t) {
       const BigInt first = ((k.p + k.q) >> 1U) - kFermatRounds;
       return first * first > k.n;
     }},
}};

[[noreturn]] void Fail(const std::string& what) { ThrowFaultyKey("fails its check: " + what); }

}  // namespace

void CheckRsaKey(const PrivateKey& key) {
  const Numbers numbers = ReadNumbers(key);
  for (const Relation& relation : kRelations) {
    if (!relation.holds(numbers, key.spec().bits / 2))
      Fail("not true that " + std::string(relation.name));
  }
  if (!HasTheseNumbers(key.spki(), numbers)) Fail("its public key is another one");
}

void IndependentCheck::Check(const PrivateKey& key) {
  if (seen_++ % interval_ != 0) return;
  const Numbers numbers = ReadNumbers(key);
  SystemRandom random;
  BotanRng rng(random);
  for (const BigInt* prime : {&numbers.p, &numbers.q}) {
    // Rounds for numbers drawn at random, which these are whatever a kernel did wrong: 6 at 1024
    // bits, and a Lucas test. For numbers that an opponent chose it would be 65, as dear as fifty
    // keys.
    constexpr bool kDrawnAtRandom = true;
    if (!Botan::is_prime(*prime, rng, 128, kDrawnAtRandom))
      Fail("Botan finds a factor that is not prime");
  }
}

}  // namespace fleetmint
