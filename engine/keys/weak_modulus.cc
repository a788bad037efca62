#include "engine/keys/weak_modulus.h"

#include <botan/bigint.h>
#include <botan/numthry.h>

#include <algorithm>
#include <array>
#include <vector>

#include "engine/keys/rsa_fields.h"

namespace fleetmint {
namespace {

using Botan::BigInt;

constexpr std::uint32_t kRocaGenerator = 65537;  // of the faulty library, whatever the key's e
constexpr std::uint32_t kRocaBound = 167;

// n mod m, four bytes at a time.
std::uint32_t Modulo(ByteView n, std::uint32_t m) {
  std::uint64_t rest = 0;
  for (; n.size() % 4 != 0; n = n.subspan(1)) rest = (rest << 8U | n[0]) % m;
  for (; !n.empty(); n = n.subspan(4)) {
    const std::uint32_t word = std::uint32_t{n[0]} << 24U | std::uint32_t{n[1]} << 16U |
                               std::uint32_t{n[2]} << 8U | std::uint32_t{n[3]};
    rest = (rest << 32U | word) % m;
  }
  return static_cast<std::uint32_t>(rest);
}

std::vector<std::uint32_t> PrimesUpTo(std::uint32_t bound) {
  std::vector<std::uint32_t> primes;
  for (std::uint32_t candidate = 2; candidate <= bound; ++candidate) {
    bool prime = true;
    for (const std::uint32_t p : primes) prime = prime && candidate % p != 0;
    if (prime) primes.push_back(candidate);
  }
  return primes;
}

// Primes whose product fits in 32 bits: one long division serves them all.
struct PrimeGroup {
  std::uint32_t product = 1;
  std::vector<std::uint32_t> primes;
};

std::vector<PrimeGroup> SmallPrimes() {
  std::vector<PrimeGroup> groups(1);
  for (const std::uint32_t prime : PrimesUpTo(kLargestSmallFactor)) {
    if (groups.back().product > ~std::uint32_t{0} / prime) groups.emplace_back();
    groups.back().product *= prime;
    groups.back().primes.push_back(prime);
  }
  return groups;
}

// The powers of 65537 modulo a prime, where they are not everything.
struct Subgroup {
  std::uint32_t prime;
  std::vector<bool> holds;
};

std::vector<Subgroup> ProperSubgroups() {
  std::vector<Subgroup> groups;
  for (const std::uint32_t prime : PrimesUpTo(kRocaBound)) {
    if (prime == 2) continue;
    Subgroup group{prime, std::vector<bool>(prime)};
    std::uint32_t size = 0;
    for (std::uint32_t power = 1; !group.holds[power];
         power = power * (kRocaGenerator % prime) % prime) {
      group.holds[power] = true;
      ++size;
    }
    if (size < prime - 1) groups.push_back(std::move(group));
  }
  return groups;
}

// The largest integer not above sqrt(n), by Newton's method from above.
BigInt SquareRoot(const BigInt& n) {
  if (n.is_zero()) return n;
  BigInt root = BigInt::power_of_2((n.bits() + 1) / 2);
  for (;;) {
    BigInt next = (root + n / root) >> 1U;
    if (next >= root) return root;
    root = std::move(next);
  }
}

}  // namespace

bool HasSmallFactor(ByteView modulus) {
  static const std::vector<PrimeGroup> groups = SmallPrimes();
  for (const PrimeGroup& group : groups) {
    const std::uint32_t rest = Modulo(modulus, group.product);
    for (const std::uint32_t prime : group.primes) {
      if (rest % prime == 0) return true;
    }
  }
  return false;
}

bool HasRocaFingerprint(ByteView modulus) {
  static const std::vector<Subgroup> groups = ProperSubgroups();
  return std::all_of(groups.begin(), groups.end(), [&](const Subgroup& group) {
    return group.holds[Modulo(modulus, group.prime)];
  });
}

bool FermatFactors(ByteView modulus) {
  const BigInt n(modulus.data(), modulus.size());
  BigInt a = SquareRoot(n);
  if (a * a < n) a += 1;
  BigInt b_squared = a * a - n;
  for (int round = 0; round < kFermatRounds; ++round) {
    const BigInt b = SquareRoot(b_squared);
    if (b * b == b_squared) return true;
    b_squared += a * 2 + 1;  // (a + 1)^2 - n
    a += 1;
  }
  return false;
}

std::optional<std::string> WeakKeyReason(ByteView spki) {
  const auto fields = ReadRsaSpki(spki);
  if (!fields) return std::nullopt;
  const ByteView modulus = fields->n;
  if (HasSmallFactor(modulus)) return "its modulus has a small factor: anybody can factor it";
  if (HasRocaFingerprint(modulus)) {
    return "its modulus has the ROCA fingerprint (CVE-2017-15361): it can be factored";
  }
  if (FermatFactors(modulus)) {
    return "the primes of its modulus are close to each other (CVE-2022-26320): anybody can factor "
           "it";
  }
  return std::nullopt;
}

}  // namespace fleetmint
