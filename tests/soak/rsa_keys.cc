// rsa_keys: many RSA keys, and what other code says of each.
//
//   rsa_keys COUNT BITS KERNEL CANDIDATES DIR
//
// Makes COUNT keys as `issue` does (chunks of 64, all processors), has Botan test the relations and
// the primes of each, looks for weak moduli, writes each as DIR/NNNNNN.pem (PKCS#8, not encrypted:
// for the test alone), and searches for a factor that two moduli share by a batch GCD (Bernstein
// 2004, "How to find smooth parts of integers"; Heninger and others 2012) with GMP. Prints one line
// of JSON; exit code 1 with findings. tests/soak_keys calls it and asks OpenSSL, too.
#include <botan/numthry.h>
#include <botan/rsa.h>
#include <gmp.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/base/botan_compat.h"
#include "engine/base/pem.h"
#include "engine/keys/generate.h"
#include "engine/keys/load_key.h"
#include "engine/keys/weak_modulus.h"

namespace fleetmint {
namespace {

class Integer {
 public:
  Integer() { mpz_init(value_); }
  Integer(const Integer& other) { mpz_init_set(value_, other.value_); }
  Integer& operator=(const Integer&) = delete;
  ~Integer() { mpz_clear(value_); }
  mpz_ptr get() { return value_; }
  mpz_srcptr get() const { return value_; }

 private:
  mpz_t value_;
};

// How many of the moduli share a factor with another one. With P the product of all, gcd(n, (P mod
// n^2) / n) is 1 unless n does; P mod n^2 by a tree of products, and one of remainders downwards.
std::size_t SharedFactors(const std::vector<Integer>& moduli) {
  std::vector<std::vector<Integer>> products{moduli};
  while (products.back().size() > 1) {
    const std::vector<Integer>& below = products.back();
    std::vector<Integer> level((below.size() + 1) / 2);
    for (std::size_t i = 0; i < level.size(); ++i) {
      mpz_set(level[i].get(), below[2 * i].get());
      if (2 * i + 1 < below.size()) {
        mpz_mul(level[i].get(), level[i].get(), below[2 * i + 1].get());
      }
    }
    products.push_back(std::move(level));
  }
  std::vector<Integer> remainders = products.back();
  for (std::size_t depth = products.size() - 1; depth-- > 0;) {
    std::vector<Integer> level(products[depth].size());
    for (std::size_t i = 0; i < level.size(); ++i) {
      Integer square;
      mpz_mul(square.get(), products[depth][i].get(), products[depth][i].get());
      mpz_mod(level[i].get(), remainders[i / 2].get(), square.get());
    }
    remainders = std::move(level);
  }
  std::size_t shared = 0;
  for (std::size_t i = 0; i < moduli.size(); ++i) {
    Integer g;
    mpz_divexact(g.get(), remainders[i].get(), moduli[i].get());
    mpz_gcd(g.get(), g.get(), moduli[i].get());
    if (mpz_cmp_ui(g.get(), 1) != 0) ++shared;
  }
  return shared;
}

// Keys [first, first + size) are made and checked together.
class Soak {
 public:
  Soak(std::size_t count, std::uint32_t bits, const KeyOptions& options, std::string directory)
      : bits_(bits), options_(options), directory_(std::move(directory)), moduli_(count) {}

  void Run() {
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
      workers.emplace_back([this] { Work(); });
    }
    for (std::thread& worker : workers) worker.join();
  }

  int Report() const {
    const std::size_t shared = SharedFactors(moduli_);
    std::printf(
        "{\"keys\":%zu,\"bits\":%u,\"kernel\":\"%s\",\"refused_by_botan\":%zu,\"weak\":%zu,"
        "\"shared_factors\":%zu}\n",
        moduli_.size(), bits_, options_.Kernel().name, refused_.load(), weak_.load(), shared);
    return refused_ + weak_ + shared == 0 ? 0 : 1;
  }

 private:
  void Work() {
    constexpr std::size_t kChunk = 64;
    SystemRandom random;
    SystemStreams factory(random);
    BotanRng rng(random);
    for (;;) {
      const std::size_t first = next_.fetch_add(kChunk);
      if (first >= moduli_.size()) return;
      std::vector<std::string> hosts;
      for (std::size_t i = first; i < std::min(first + kChunk, moduli_.size()); ++i) {
        hosts.push_back(std::to_string(i));
      }
      const auto keys = GenerateKeys({KeyAlgorithm::kRsa, bits_}, factory, hosts, {}, options_);
      for (std::size_t i = 0; i < keys.size(); ++i) Check(first + i, keys[i], rng);
    }
  }

  void Check(std::size_t index, const PrivateKey& key, BotanRng& rng) {
    const auto loaded = LoadPkcs8(key.pkcs8());
    const auto& rsa = dynamic_cast<const Botan::RSA_PrivateKey&>(*loaded);
    // Its strong check would make 65 rounds a prime, for numbers that an opponent chose.
    const bool prime = Botan::is_prime(rsa.get_p(), rng, 128, /*is_random=*/true) &&
                       Botan::is_prime(rsa.get_q(), rng, 128, /*is_random=*/true);
    if (!prime || !rsa.check_key(rng, /*strong=*/false) || rsa.get_n().bits() != bits_) ++refused_;
    if (WeakKeyReason(key.spki())) ++weak_;
    const Bytes n = botan_compat::BytesOf(rsa.get_n());
    mpz_import(moduli_[index].get(), n.size(), 1, 1, 1, 0, n.data());
    char name[32];
    std::snprintf(name, sizeof name, "/%06zu.pem", index);
    std::ofstream(directory_ + name) << PemEncode("PRIVATE KEY", key.pkcs8());
  }

  const std::uint32_t bits_;
  const KeyOptions& options_;
  const std::string directory_;
  std::vector<Integer> moduli_;
  std::atomic<std::size_t> next_{0}, refused_{0}, weak_{0};
};

// If the search for shared factors finds nothing here, it never does.
bool FindsPlanted() {
  std::vector<Integer> moduli(5);
  const unsigned long factors[5][2] = {
      {10007, 10009}, {10037, 10039}, {10061, 10007}, {10067, 10069}, {10079, 10091}};
  for (int i = 0; i < 5; ++i) {
    mpz_set_ui(moduli[i].get(), factors[i][0]);
    mpz_mul_ui(moduli[i].get(), moduli[i].get(), factors[i][1]);
  }
  return SharedFactors(moduli) == 2;
}

}  // namespace
}  // namespace fleetmint

int main(int argc, char** argv) {
  using namespace fleetmint;
  if (argc != 6 || !FindsPlanted()) {
    std::fprintf(stderr, "rsa_keys COUNT BITS KERNEL CANDIDATES DIR\n");
    return 2;
  }
  KeyOptions options;
  options.kernel = prime::FindKernel(argv[3]);
  if (std::string(argv[4]) == "fresh") options.candidates = prime::CandidateKind::kFresh;
  if (options.kernel == nullptr) {
    std::fprintf(stderr, "kernel %s cannot run here\n", argv[3]);
    return 2;
  }
  Soak soak(static_cast<std::size_t>(std::atol(argv[1])),
            static_cast<std::uint32_t>(std::atol(argv[2])), options, argv[5]);
  soak.Run();
  return soak.Report();
}
