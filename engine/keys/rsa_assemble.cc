#include "engine/keys/rsa_assemble.h"

#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/keys/faulty_key.h"
#include "engine/keys/oids.h"
#include "engine/keys/rsa_fields.h"
#include "engine/keys/weak_modulus.h"
#include "engine/prime/public_exponent.h"

namespace fleetmint {
namespace {

using u64 = std::uint64_t;

constexpr u64 kE = kRsaPublicExponent;

SecretLimbs MinusOne(const SecretLimbs& odd) {
  SecretLimbs even = odd;
  even[0] -= 1;
  return even;
}

// (1 + m k) / e with k = -m^-1 mod e: e^-1 mod m, of m.size() limbs.
SecretLimbs InverseOfE(LimbView m) {
  const std::uint32_t k = kRsaPublicExponent - InverseModE(ModPublicExponent(m.data(), m.size()));
  SecretLimbs inverse = DivideExactly(MultiplyAddWord(m, k, 1), kE);
  inverse.resize(m.size());  // below m
  return inverse;
}

// FIPS 186-5 A.1.3 step 5.4: |p - q| > 2^(nlen/2 - 100), for p > q.
bool AreApart(const SecretLimbs& p, const SecretLimbs& q) {
  SecretLimbs bound(p.size());
  const std::size_t bit = 64 * p.size() - 100;
  bound[bit / 64] = u64{1} << (bit % 64);
  u64 bound_is_less = 0;
  Subtract(bound, Subtract(p, q), &bound_is_less);
  return bound_is_less != 0;
}

std::optional<RsaNumbers> AssembleOne(const RsaPrimes& primes) {
  RsaNumbers key;
  key.p = primes.p;
  key.q = primes.q;
  u64 p_is_less = 0;
  Subtract(key.p, key.q, &p_is_less);
  SwapIf(p_is_less, key.p, key.q);
  if (!AreApart(key.p, key.q)) return std::nullopt;
  const SecretLimbs p1 = MinusOne(key.p), q1 = MinusOne(key.q);
  const u64 g = Gcd(p1, q1);
  if (g == 0) return std::nullopt;
  key.n = Multiply(key.p, key.q);
  // Once in 2^27.8 keys by chance: sound, but others would refuse it.
  if (HasRocaFingerprint(FromLimbs(key.n))) return std::nullopt;
  key.d = InverseOfE(DivideExactly(Multiply(p1, q1), g));
  if (!IsLongExponent(key.d)) return std::nullopt;
  key.d_p = InverseOfE(p1);
  key.d_q = InverseOfE(q1);
  return key;
}

}  // namespace

// Some bit above the lower half is set, and d, being odd, is not 2^(nlen/2).
bool IsLongExponent(LimbView d) {
  u64 above = 0;
  for (const u64 limb : d.subspan(d.size() / 2)) above |= limb;
  return above != 0;
}

std::vector<std::optional<RsaNumbers>> AssembleRsaKeys(std::span<const RsaPrimes> primes,
                                                       const prime::Kernel& kernel,
                                                       prime::Canaries& canaries) {
  std::vector<std::optional<RsaNumbers>> keys;
  std::vector<prime::Power> powers;
  std::vector<SecretLimbs> exponents;
  exponents.reserve(primes.size());
  keys.reserve(primes.size());
  for (const RsaPrimes& pair : primes) {
    std::optional<RsaNumbers>& key = keys.emplace_back(AssembleOne(pair));
    if (!key) continue;
    SecretLimbs& exponent = exponents.emplace_back(key->p);
    exponent[0] -= 2;  // p is odd and not 1
    key->q_inverse.resize(key->p.size());
    powers.push_back({key->p.data(), key->q.data(), exponent.data(), key->q_inverse.data()});
  }
  if (!powers.empty()) canaries.Power(kernel, powers, primes.front().p.size());
  return keys;
}

PrivateKey EncodeRsaKey(const RsaNumbers& numbers, std::uint64_t exponent) {
  const SecretBytes n = FromLimbs(numbers.n);
  const auto algorithm = [](auto& identifier) { identifier.Oid(oid::kRsaEncryption).Null(); };
  SecretDerWriter pkcs8;
  pkcs8.Sequence([&](SecretDerWriter& info) {
    info.Integer(0).Sequence(algorithm).OctetStringOf([&](SecretDerWriter& key) {
      key.Sequence([&](SecretDerWriter& fields) {
        fields.Integer(0).UnsignedInteger(n).Integer(exponent);
        for (const SecretLimbs* field :
             {&numbers.d, &numbers.p, &numbers.q, &numbers.d_p, &numbers.d_q, &numbers.q_inverse}) {
          fields.UnsignedInteger(FromLimbs(*field));
        }
      });
    });
  });
  DerWriter key;
  key.Sequence([&](DerWriter& fields) { fields.UnsignedInteger(n).Integer(exponent); });
  DerWriter spki;
  spki.Sequence([&](DerWriter& info) { info.Sequence(algorithm).BitString(key.bytes()); });
  return {{KeyAlgorithm::kRsa, static_cast<std::uint32_t>(64 * numbers.n.size())},
          pkcs8.Take(),
          spki.Take()};
}

namespace {

// A key as its files say it is.
struct ReadKey {
  SecretLimbs p, q, d_p, d_q, q_inverse, public_n;
};

ReadKey ReadAgain(const PrivateKey& key) {
  const std::size_t limbs = key.spec().bits / 64, half = limbs / 2;
  try {
    const RsaPrivateFields fields = ReadRsaPkcs8(key.pkcs8());
    if (const auto spki = ReadRsaSpki(key.spki())) {
      return {ToLimbs(fields.p, half),   ToLimbs(fields.q, half),         ToLimbs(fields.d_p, half),
              ToLimbs(fields.d_q, half), ToLimbs(fields.q_inverse, half), ToLimbs(spki->n, limbs)};
    }
  } catch (const Error&) {  // an RSA key is what it must be
  }
  ThrowFaultyKey(kFailsConsistency);
}

// s = s_q + q ((s_p - s_q) qInv mod p) (RFC 8017 5.1.2), for s_p < p and s_q < q < p.
SecretLimbs Recombine(const ReadKey& key, const SecretLimbs& s_p, const SecretLimbs& s_q) {
  const Montgomery mod_p(key.p);
  u64 borrow = 0;
  SecretLimbs difference = Subtract(s_p, s_q, &borrow);
  // Below zero: p is added.
  u64 carry = 0;
  for (std::size_t i = 0; i < difference.size(); ++i) {
    const unsigned __int128 sum =
        static_cast<unsigned __int128>(difference[i]) + (key.p[i] & (u64{0} - borrow)) + carry;
    difference[i] = static_cast<u64>(sum);
    carry = static_cast<u64>(sum >> 64U);
  }
  const SecretLimbs h = mod_p.Multiply(mod_p.ToForm(difference), key.q_inverse);
  SecretLimbs s = Multiply(h, key.q);
  carry = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const unsigned __int128 sum =
        static_cast<unsigned __int128>(s[i]) + (i < s_q.size() ? s_q[i] : 0) + carry;
    s[i] = static_cast<u64>(sum);
    carry = static_cast<u64>(sum >> 64U);
  }
  return s;
}

// s^65537 mod n by 16 squarings and a multiplication.
SecretLimbs PublicPower(const SecretLimbs& s, const SecretLimbs& n) {
  const Montgomery mod_n(n);
  const SecretLimbs base = mod_n.ToForm(s);
  SecretLimbs power = base;
  for (int i = 0; i < 16; ++i) power = mod_n.Multiply(power, power);
  return mod_n.FromForm(mod_n.Multiply(power, base));
}

}  // namespace

void CheckRsaConsistency(std::span<const PrivateKey> keys, const prime::Kernel& kernel,
                         prime::Canaries& canaries, RandomSource& random) {
  if (keys.empty()) return;
  const std::size_t half = keys.front().spec().bits / 128;
  std::vector<ReadKey> read;
  std::vector<SecretLimbs> messages, signatures;  // of each key: modulo p, modulo q
  for (const PrivateKey& key : keys) {
    read.push_back(ReadAgain(key));
    SecretLimbs& message = messages.emplace_back(half);
    random.Fill({reinterpret_cast<std::uint8_t*>(message.data()), 8 * half});
    message[half - 1] >>= 1U;  // below p and q, whose top bits are set
    signatures.emplace_back(half);
    signatures.emplace_back(half);
  }
  std::vector<prime::Power> powers;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    powers.push_back(
        {read[i].p.data(), messages[i].data(), read[i].d_p.data(), signatures[2 * i].data()});
    powers.push_back(
        {read[i].q.data(), messages[i].data(), read[i].d_q.data(), signatures[2 * i + 1].data()});
  }
  canaries.Power(kernel, powers, half);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const SecretLimbs s = Recombine(read[i], signatures[2 * i], signatures[2 * i + 1]);
    SecretLimbs expected = messages[i];
    expected.resize(2 * half);
    u64 not_less = 0;
    Subtract(s, read[i].public_n, &not_less);
    if (not_less == 1 && PublicPower(s, read[i].public_n) == expected) continue;
    ThrowFaultyKey(kFailsConsistency);
  }
}

}  // namespace fleetmint
