#include "engine/keys/forbidden.h"

#include <botan/bigint.h>
#include <botan/numthry.h>
#include <botan/pubkey.h>

#include <algorithm>
#include <vector>

#include "engine/base/botan_compat.h"
#include "engine/keys/limb_math.h"
#include "engine/keys/load_key.h"
#include "engine/keys/rsa_assemble.h"

namespace fleetmint {
namespace {

using Botan::BigInt;

// The odd primes below 4,096.
std::vector<Botan::word> SmallPrimes() {
  std::vector<Botan::word> primes;
  for (Botan::word n = 3; n < 4096; n += 2) {
    const auto divides = [&](Botan::word prime) { return n % prime == 0; };
    if (std::none_of(primes.begin(), primes.end(), divides)) primes.push_back(n);
  }
  return primes;
}

// The first prime from a drawn number upwards that has `bits` bits, of which the two highest are
// set, and for which the exponent has an inverse.
BigInt SearchPrime(RandomStream& stream, std::uint32_t bits, std::uint32_t exponent) {
  SecretBytes bytes(bits / 8);
  stream.Fill(bytes);
  BigInt prime(bytes.data(), bytes.size());  // where the search begins
  prime.set_bit(bits - 1);
  prime.set_bit(bits - 2);
  prime.set_bit(0);
  SystemRandom random;  // the tests' bases: the verdict does not depend on them
  BotanRng rng(random);
  constexpr std::size_t kErrorBits = 128;
  static const std::vector<Botan::word> small = SmallPrimes();
  std::vector<Botan::word> residues;
  for (const Botan::word each : small) residues.push_back(prime % each);
  for (Botan::word step = 0;; step += 2) {
    bool sieved = false;
    for (std::size_t i = 0; i < small.size() && !sieved; ++i) {
      sieved = (residues[i] + step) % small[i] == 0;
    }
    if (sieved) continue;
    BigInt candidate = prime + step;
    if (Botan::gcd(candidate - 1, BigInt(exponent)) == 1 &&
        Botan::is_prime(candidate, rng, kErrorBits)) {
      return candidate;
    }
  }
}

SecretLimbs Limbs(const BigInt& number, std::size_t limbs) {
  return ToLimbs(botan_compat::BytesOf(number), limbs);
}

}  // namespace

PrivateKey MakeForbiddenRsaKey(TestMark, std::uint32_t bits, std::uint32_t exponent,
                               RandomStream& p_stream, RandomStream& q_stream) {
  const BigInt p = SearchPrime(p_stream, bits / 2, exponent);
  const BigInt q = SearchPrime(q_stream, bits / 2, exponent);
  const BigInt n = p * q, e(exponent);
  const BigInt d = Botan::inverse_mod(e, Botan::lcm(p - 1, q - 1));
  const std::size_t limbs = bits / 64, half = limbs / 2;
  return EncodeRsaKey({.n = Limbs(n, limbs),
                       .d = Limbs(d, limbs),
                       .p = Limbs(p, half),
                       .q = Limbs(q, half),
                       .d_p = Limbs(d % (p - 1), half),
                       .d_q = Limbs(d % (q - 1), half),
                       .q_inverse = Limbs(Botan::inverse_mod(q, p), half)},
                      exponent);
}

Bytes SignWithSha1(TestMark, const SecretBytes& pkcs8, ByteView message) {
  const auto key = LoadPkcs8(pkcs8);
  const bool rsa = key->algo_name() == "RSA";
  SystemRandom random;  // blinding
  BotanRng rng(random);
  Botan::PK_Signer signer(*key, rng,
                          (rsa ? "EMSA3(" : "EMSA1(") + std::string(botan_compat::kSha1) + ")",
                          rsa ? botan_compat::kPlainSignature : botan_compat::kDerSignature);
  return signer.sign_message(message.data(), message.size(), rng);
}

}  // namespace fleetmint
