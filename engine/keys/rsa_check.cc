#include "engine/keys/rsa_check.h"

#include <botan/bigint.h>
#include <botan/numthry.h>

#include <array>

#include "engine/base/botan_compat.h"
#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/keys/faulty_key.h"
#include "engine/keys/rsa_fields.h"
#include "engine/keys/rsa_integers.h"
#include "engine/keys/weak_modulus.h"
#include "engine/prime/public_exponent.h"

namespace fleetmint {
namespace {

using Botan::BigInt;

RsaIntegers ReadNumbers(const PrivateKey& key) {
  try {
    return ReadRsaIntegers(key.pkcs8());
  } catch (const Error& error) {
    ThrowFaultyKey("cannot be read", error);
  }
}

bool HasTheseNumbers(const Bytes& spki, const RsaIntegers& k) {
  try {
    const auto fields = ReadRsaSpki(spki);
    return fields && BigInt(fields->n.data(), fields->n.size()) == k.n &&
           BigInt(fields->e.data(), fields->e.size()) == k.e;
  } catch (const Error&) {
    return false;
  }
}

// What we keep beyond RFC 8017: the criteria of FIPS 186-5 A.1.1 for e, p and q, and d, and the
// weaknesses of weak_modulus.h.
struct Relation {
  const char* name;
  bool (*holds)(const RsaIntegers& k, std::size_t half);
};

constexpr std::array<Relation, 5> kRelations{{
    {"n has its length",
     [](const RsaIntegers& k, std::size_t half) { return k.n.bits() == 2 * half; }},
    {"e is 65537", [](const RsaIntegers& k, std::size_t) { return k.e == kRsaPublicExponent; }},
    {"p and q are at least sqrt(2) 2^(k-1)",
     [](const RsaIntegers& k, std::size_t half) {
       return k.p.bits() == half && k.q.bits() == half &&
              k.p * k.p >= BigInt::power_of_2(2 * half - 1) &&
              k.q * k.q >= BigInt::power_of_2(2 * half - 1);
     }},
    {"p is greater than q, and not close to it",
     [](const RsaIntegers& k, std::size_t half) {
       return k.p > k.q && k.p - k.q > BigInt::power_of_2(half - 100);
     }},
    {"d is above 2^k and below (p - 1)(q - 1) / 2",
     [](const RsaIntegers& k, std::size_t half) {
       return k.d.bits() > half && k.d * 2 < (k.p - 1) * (k.q - 1);
     }},
}};

constexpr std::array<Relation, 3> kWeaknesses{{
    {"n has no factor up to 751",
     [](const RsaIntegers& k, std::size_t) { return !HasSmallFactor(botan_compat::BytesOf(k.n)); }},
    {"n has not the ROCA fingerprint",
     [](const RsaIntegers& k, std::size_t) {
       return !HasRocaFingerprint(botan_compat::BytesOf(k.n));
     }},
    // It ends when a is (p + q) / 2.
    {"Fermat's method takes more than 110 steps",
     [](const RsaIntegers& k, std::size_t) {
       const BigInt first = ((k.p + k.q) >> 1U) - kFermatRounds;
       return first * first > k.n;
     }},
}};

[[noreturn]] void Fail(const std::string& what) { ThrowFaultyKey("fails its check: " + what); }

}  // namespace

void CheckRsaKey(const PrivateKey& key) {
  const RsaIntegers numbers = ReadNumbers(key);
  const auto check = [&](const auto& relations) {
    for (const Relation& relation : relations) {
      if (!relation.holds(numbers, key.spec().bits / 2)) {
        Fail("not true that " + std::string(relation.name));
      }
    }
  };
  check(kRelations);
  if (const char* const broken = BrokenRelation(numbers)) {
    Fail("not true that " + std::string(broken));
  }
  check(kWeaknesses);
  if (!HasTheseNumbers(key.spki(), numbers)) Fail("its public key is another one");
}

void IndependentCheck::Check(const PrivateKey& key) {
  if (seen_++ % interval_ != 0) return;
  const RsaIntegers numbers = ReadNumbers(key);
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
