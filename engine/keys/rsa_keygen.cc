#include "engine/keys/rsa_keygen.h"

#include <botan/numthry.h>
#include <botan/rsa.h>

#include "engine/base/error.h"
#include "engine/keys/consistency.h"

namespace fleetmint {
namespace {

// FIPS 186-5 A.1.1 allows any odd e in (2^16, 2^256); everybody uses F4.
constexpr std::uint64_t kPublicExponent = 65537;

// A prime of `bits` whose two top bits are set, so in [sqrt(2)*2^(bits-1), 2^bits) (A.1.3
// step 4.4), with gcd(p - 1, e) = 1; Miller-Rabin error under 2^-128.
Botan::BigInt DrawPrime(RandomStream& stream, std::uint32_t bits) {
  BotanRng rng(stream);
  return Botan::generate_rsa_prime(rng, rng, bits, kPublicExponent, /*prob=*/128);
}

void PollStop(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "key generation was interrupted");
}

}  // namespace

PrivateKey GenerateRsaKey(std::uint32_t bits, KeyStreams& streams, const std::stop_token& stop) {
  const std::uint32_t half = bits / 2;
  PollStop(stop);
  Botan::BigInt p = DrawPrime(streams.p, half);
  PollStop(stop);
  Botan::BigInt q = DrawPrime(streams.q, half);
  // A.1.3 step 5.4: |p - q| > 2^(nlen/2 - 100). Fails with probability 2^-98: a broken generator
  // more likely than chance, and then the loop must end.
  if ((p - q).abs().bits() <= half - 100) {
    throw Error(ErrorKind::kIntegrity, "two primes of one key are closer than chance allows");
  }
  if (p < q) p.swap(q);  // OpenSSL's and CNG's order

  const Botan::RSA_PrivateKey key(p, q, kPublicExponent);
  PrivateKey result({KeyAlgorithm::kRsa, bits}, key.private_key_info(), key.subject_public_key());
  CheckPairwiseConsistency(result, streams.q);
  return result;
}

}  // namespace fleetmint
