#include "engine/keys/foreign_key.h"

#include <botan/numthry.h>

#include <array>

#include "engine/base/ber.h"
#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/keys/consistency.h"
#include "engine/keys/load_key.h"
#include "engine/keys/oids.h"
#include "engine/keys/rsa_integers.h"

namespace fleetmint {
namespace {

using Botan::BigInt;

constexpr std::size_t kErrorBits = 128;  // of a primality test: 2^-128, whoever chose the number

[[noreturn]] void Refuse(const std::string& what) {
  throw Error::OfCause(ErrorKind::kAuthority, ErrorCause::kDamaged, "the CA key " + what,
                       "the file is damaged, or a faulty program made the key: take a copy of it "
                       "from where it came from");
}

bool IsRsa(ByteView pkcs8) {
  BerReader info = BerReader(pkcs8).Enter(ber::kSequence, "a PrivateKeyInfo");
  info.Expect(ber::kInteger, "a version");
  return info.Enter(ber::kSequence, "an algorithm identifier").Oid() == oid::kRsaEncryption;
}

struct Oddity {
  bool (*is_one)(const RsaIntegers& k);
  std::string (*text)(const RsaIntegers& k);
};

constexpr std::array<Oddity, 4> kOddities{{
    {[](const RsaIntegers& k) { return k.e < 65537; },
     [](const RsaIntegers& k) {
       return "its public exponent is " + std::to_string(k.e.to_u32bit()) +
              ": RFC 8017 allows it, FIPS 186-5 wants more than 65536";
     }},
    {[](const RsaIntegers& k) { return k.n.bits() % 8 != 0; },
     [](const RsaIntegers& k) {
       return "its modulus has " + std::to_string(k.n.bits()) +
              " bits: a verifier that asks for 2048 may refuse what it signs";
     }},
    {[](const RsaIntegers& k) { return k.p < k.q; },
     [](const RsaIntegers&) {
       return std::string(
           "its prime p is the smaller one, as certtool and keytool write it: this "
           "does no harm");
     }},
    {[](const RsaIntegers& k) { return k.d >= Botan::lcm(k.p - 1, k.q - 1); },
     [](const RsaIntegers&) {
       return std::string(
           "its private exponent is one modulo phi(n), not lambda(n): this does no "
           "harm");
     }},
}};

}  // namespace

void CheckKeyIsWhole(const SecretBytes& pkcs8) {
  const char* broken = nullptr;
  try {
    if (!IsRsa(pkcs8)) return;
    broken = BrokenRelation(ReadRsaIntegers(pkcs8));
  } catch (const Error& error) {
    throw Error::About(ErrorKind::kAuthority, "the CA key cannot be read", error);
  }
  if (broken != nullptr) Refuse(std::string("is not whole: not true that ") + broken);
}

void CheckForeignKey(const SecretBytes& pkcs8, ByteView spki) {
  CheckKeyIsWhole(pkcs8);
  SystemRandom random;
  if (IsRsa(pkcs8)) {
    const RsaIntegers numbers = ReadRsaIntegers(pkcs8);
    BotanRng rng(random);
    for (const BigInt* prime : {&numbers.p, &numbers.q}) {
      if (!Botan::is_prime(*prime, rng, kErrorBits, /*is_random=*/false)) {
        Refuse("is not whole: p or q is not prime");
      }
    }
  }
  const auto spec = SpecOf(*LoadPkcs8(pkcs8));
  try {
    if (spec)
      CheckPairwiseConsistency(PrivateKey(*spec, pkcs8, {spki.begin(), spki.end()}), random);
  } catch (const Error&) {
    Refuse("signs what its own public key does not verify");
  }
}

std::vector<std::string> KeyOddities(const SecretBytes& pkcs8) {
  std::vector<std::string> texts;
  if (!IsRsa(pkcs8)) return texts;
  const RsaIntegers numbers = ReadRsaIntegers(pkcs8);
  for (const Oddity& oddity : kOddities) {
    if (oddity.is_one(numbers)) texts.push_back(oddity.text(numbers));
  }
  return texts;
}

}  // namespace fleetmint
