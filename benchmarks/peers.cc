#include "benchmarks/peers.h"

#include <botan/rsa.h>
#include <botan/version.h>
#include <gmp.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <nettle/rsa.h>
#include <nettle/version.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "engine/base/random.h"

namespace fleetmint::bench {
namespace {

constexpr unsigned kExponent = 65537;

void Require(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "prime_bench: %s made no key\n", what);
  std::exit(1);
}

void OpenSslKey(unsigned bits) {
  EVP_PKEY* const key = EVP_RSA_gen(bits);
  Require(key != nullptr, "OpenSSL");
  EVP_PKEY_free(key);
}

void GnuTlsKey(unsigned bits) {
  gnutls_privkey_t key;
  Require(gnutls_privkey_init(&key) == 0 &&
              gnutls_privkey_generate2(key, GNUTLS_PK_RSA, bits, 0, nullptr, 0) == 0,
          "GnuTLS");
  gnutls_privkey_deinit(key);
}

RandomStream FreshStream() {
  std::uint8_t seed[kSeedBytes];
  SystemRandom().Fill(seed);
  return RandomStream(seed);
}

// nettle and Botan take our generator, which costs less than theirs.
void NettleKey(unsigned bits) {
  const auto fill = [](void* stream, std::size_t length, std::uint8_t* out) {
    static_cast<RandomStream*>(stream)->Fill({out, length});
  };
  RandomStream stream = FreshStream();
  rsa_public_key public_key;
  rsa_private_key key;
  rsa_public_key_init(&public_key);
  rsa_private_key_init(&key);
  mpz_set_ui(public_key.e, kExponent);
  Require(rsa_generate_keypair(&public_key, &key, &stream, fill, nullptr, nullptr, bits, 0) == 1,
          "nettle");
  rsa_public_key_clear(&public_key);
  rsa_private_key_clear(&key);
}

void BotanKey(unsigned bits) {
  RandomStream stream = FreshStream();
  BotanRng rng(stream);
  const Botan::RSA_PrivateKey key(rng, bits, kExponent);
  Require(key.get_n().bits() == bits, "Botan");
}

}  // namespace

std::span<const Peer> Peers() {
  static const std::vector<Peer> peers = [] {
    OPENSSL_init_crypto(OPENSSL_INIT_ADD_ALL_CIPHERS, nullptr);
    gnutls_global_init();
    return std::vector<Peer>{
        {"gnutls", gnutls_check_version(nullptr), 3, GnuTlsKey},
        {"nettle",
         std::to_string(nettle_version_major()) + "." + std::to_string(nettle_version_minor()), 3,
         NettleKey},
        {"botan", Botan::short_version_string(), 2, BotanKey},
        {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING), 1, OpenSslKey},
    };
  }();
  return peers;
}

struct GmpPower::Numbers {
  mpz_t two, exponent, modulus, out;
};

GmpPower::GmpPower(std::size_t bits) : numbers_(std::make_unique<Numbers>()) {
  RandomStream stream = FreshStream();
  std::vector<std::uint8_t> bytes(bits / 8);
  stream.Fill(bytes);
  bytes.front() |= 0xC0U;
  bytes.back() |= 1U;
  mpz_init_set_ui(numbers_->two, 2);
  mpz_inits(numbers_->exponent, numbers_->modulus, numbers_->out, nullptr);
  mpz_import(numbers_->modulus, bytes.size(), 1, 1, 1, 0, bytes.data());
  mpz_sub_ui(numbers_->exponent, numbers_->modulus, 1);
}

GmpPower::~GmpPower() {
  mpz_clears(numbers_->two, numbers_->exponent, numbers_->modulus, numbers_->out, nullptr);
}

void GmpPower::Run() {
  mpz_powm(numbers_->out, numbers_->two, numbers_->exponent, numbers_->modulus);
}

std::string GmpPower::Version() { return gmp_version; }

}  // namespace fleetmint::bench
