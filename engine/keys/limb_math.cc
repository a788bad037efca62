#include "engine/keys/limb_math.h"

#include <algorithm>
#include <array>

#include "engine/prime/limbs.h"
#include "engine/prime/public_exponent.h"

namespace fleetmint {
namespace {

using u64 = std::uint64_t;
using i64 = std::int64_t;
using u128 = unsigned __int128;
using i128 = __int128;

constexpr u64 kE = kRsaPublicExponent;

}  // namespace

SecretLimbs Multiply(LimbView a, LimbView b) {
  SecretLimbs out(a.size() + b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    u64 carry = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const u128 sum = u128{a[i]} * b[j] + out[i + j] + carry;
      out[i + j] = static_cast<u64>(sum);
      carry = static_cast<u64>(sum >> 64U);
    }
    out[i + b.size()] = carry;
  }
  return out;
}

SecretLimbs MultiplyAddWord(LimbView a, u64 word, u64 add) {
  SecretLimbs out(a.size() + 1);
  u64 carry = add;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const u128 sum = u128{a[i]} * word + carry;
    out[i] = static_cast<u64>(sum);
    carry = static_cast<u64>(sum >> 64U);
  }
  out[a.size()] = carry;
  return out;
}

SecretLimbs Subtract(LimbView a, LimbView b, u64* borrow) {
  SecretLimbs out(a.size());
  u64 less = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const u128 difference = u128{a[i]} - b[i] - less;
    out[i] = static_cast<u64>(difference);
    less = static_cast<u64>(difference >> 64U) & 1U;
  }
  if (borrow != nullptr) *borrow = less;
  return out;
}

void SwapIf(u64 condition, SecretLimbs& a, SecretLimbs& b) {
  const u64 mask = prime::Opaque(u64{0} - condition);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const u64 difference = (a[i] ^ b[i]) & mask;
    a[i] ^= difference;
    b[i] ^= difference;
  }
}

// The factors of two are shifted out; what is left is divided from below (Jebelean 1993): the
// lowest limb of a is that of quotient * odd, so the quotient's is that times odd^-1 mod 2^64.
SecretLimbs DivideExactly(LimbView a, u64 divisor) {
  const auto twos = static_cast<unsigned>(__builtin_ctzll(divisor));
  const u64 odd = divisor >> twos, inverse = ~prime::NegatedInverse(odd) + 1;
  SecretLimbs out(a.size());
  u64 borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const u64 above = i + 1 < a.size() ? a[i + 1] : 0;
    const u64 limb = a[i] >> twos | above << 1U << (63 - twos);
    const u128 rest = u128{limb} - borrow;
    out[i] = static_cast<u64>(rest) * inverse;
    borrow = static_cast<u64>((u128{out[i]} * odd) >> 64U) + (static_cast<u64>(rest >> 64U) & 1U);
  }
  return out;
}

// x^(65537 - 2) = x^(2^16 - 1): sixteen bits, all ones.
std::uint32_t InverseModE(std::uint32_t x) {
  u64 power = 1;
  for (int i = 0; i < 16; ++i) power = power * power % kE * x % kE;
  return static_cast<std::uint32_t>(power);
}

namespace {

// Bernstein and Yang, "Fast constant-time gcd computation and modular inversion" (2019), in the
// variant with delta beginning at 1/2: divsteps on (f, g) with f odd, 62 at a time on the low bits
// alone, whose matrix is then applied to the whole numbers. After enough steps g is 0 and f is +-
// the gcd.
constexpr unsigned kBatch = 62;
constexpr u64 kLimbMask = (u64{1} << kBatch) - 1;
constexpr std::size_t kMostSigned = (64 * 32 + 2 + kBatch - 1) / kBatch;  // 2050 bits

// Signed numbers: limbs of 62 bits, the top one signed.
struct Signed {
  std::array<i64, kMostSigned> limb{};
};

// 2^62 times the transition matrix of a batch: entries are below 2^62 in magnitude.
struct Transition {
  i64 u, v, q, r;
};

// `theta` is delta - 1/2. Each step: if delta > 0 and g is odd, (delta, f, g) = (1 - delta, g,
// (g - f) / 2), else (1 + delta, f, (g + (g mod 2) f) / 2).
Transition DivSteps(i64& theta, u64 f, u64 g) {
  u64 u = 1, v = 0, q = 0, r = 1;
  for (unsigned i = 0; i < kBatch; ++i) {
    const u64 odd = u64{0} - (g & 1U);
    // All ones where delta = theta + 1/2 > 0 and g is odd.
    const u64 swap = ~static_cast<u64>(theta >> 63U) & odd;
    // (g + f) or (g - f), if g is odd.
    const u64 x = (f ^ swap) - swap, y = (u ^ swap) - swap, z = (v ^ swap) - swap;
    g += x & odd;
    q += y & odd;
    r += z & odd;
    // The new f is the old g: what g is now, plus f again.
    f += g & swap;
    u += q & swap;
    v += r & swap;
    g >>= 1U;
    u <<= 1U;
    v <<= 1U;
    // theta' = theta + 1, or -theta - 1 (1 - delta = 1/2 - theta = (-theta) + 1/2, so theta' =
    // -theta)
    theta = static_cast<i64>((static_cast<u64>(theta) ^ swap) - swap) + static_cast<i64>(1 + swap);
  }
  return {static_cast<i64>(u), static_cast<i64>(v), static_cast<i64>(q), static_cast<i64>(r)};
}

// (f, g) = (u f + v g, q f + r g) / 2^62, exact.
void Apply(const Transition& t, Signed& f, Signed& g, std::size_t size) {
  i128 carry_f = 0, carry_g = 0;
  for (std::size_t i = 0; i < size; ++i) {
    carry_f += i128{t.u} * f.limb[i] + i128{t.v} * g.limb[i];
    carry_g += i128{t.q} * f.limb[i] + i128{t.r} * g.limb[i];
    if (i > 0) {
      f.limb[i - 1] = static_cast<i64>(static_cast<u64>(carry_f) & kLimbMask);
      g.limb[i - 1] = static_cast<i64>(static_cast<u64>(carry_g) & kLimbMask);
    }
    carry_f >>= kBatch;
    carry_g >>= kBatch;
  }
  f.limb[size - 1] = static_cast<i64>(carry_f);
  g.limb[size - 1] = static_cast<i64>(carry_g);
}

Signed ShiftedDown(LimbView a, unsigned twos, std::size_t size) {
  SecretLimbs shifted(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const u64 above = i + 1 < a.size() ? a[i + 1] : 0;
    shifted[i] = a[i] >> twos | above << 1U << (63 - twos);
  }
  Signed out;
  for (std::size_t j = 0; j < size; ++j) {
    const std::size_t position = j * kBatch;
    if (position >= 64 * a.size()) break;
    out.limb[j] = static_cast<i64>(prime::WindowOf(shifted.data(), a.size(), position, kBatch));
  }
  return out;
}

}  // namespace

std::uint64_t Gcd(LimbView a, LimbView b) {
  const std::size_t bits = 64 * a.size(), size = (bits + 2 + kBatch - 1) / kBatch;
  // 32 and more twos count as 32: then the divisor is not below 2^32, if both numbers have them.
  const auto twos_a = static_cast<unsigned>(__builtin_ctzll(a[0] | u64{1} << 32U));
  const auto twos_b = static_cast<unsigned>(__builtin_ctzll(b[0] | u64{1} << 32U));
  Signed f = ShiftedDown(a, twos_a, size), g = ShiftedDown(b, twos_b, size);
  const u64 f_is_odd = static_cast<u64>(f.limb[0]) & 1U;
  i64 theta = 0;
  // The paper's bound for this variant: (45907 bits + 26313) / 19929 steps suffice.
  const std::size_t batches = ((45907 * bits + 26313) / 19929 + kBatch) / kBatch;
  for (std::size_t i = 0; i < batches; ++i) {
    // Limbs are of 62 bits; the steps look at the low 62 bits of f and g alone.
    const Transition t = DivSteps(theta, static_cast<u64>(f.limb[0]), static_cast<u64>(g.limb[0]));
    Apply(t, f, g, size);
  }
  // f is d or -d, d the odd part of the divisor; -d has limbs 2^62 - d, 2^62 - 1, ..., -1.
  const u64 negative = static_cast<u64>(f.limb[size - 1] >> 63U);  // all ones or 0
  const u64 low = ((static_cast<u64>(f.limb[0]) ^ negative) & kLimbMask) + (negative & 1U);
  u64 high = static_cast<u64>(f.limb[size - 1]) ^ negative;
  for (std::size_t i = 1; i + 1 < size; ++i) {
    high |= (static_cast<u64>(f.limb[i]) ^ negative) & kLimbMask;
  }
  Wipe(&f, sizeof f);
  Wipe(&g, sizeof g);
  const unsigned twos = std::min(twos_a, twos_b);
  const u64 whole = low << twos;
  // 0 if it fits; then all ones. No comparison: a compiler makes a branch of it.
  const u64 excess = (f_is_odd ^ 1U) | high | low >> 32U | whole >> 32U;
  const u64 fits = ((excess | (u64{0} - excess)) >> 63U) - 1;
  return whole & fits;
}

SecretBytes FromLimbs(LimbView limbs) {
  SecretBytes bytes(8 * limbs.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[bytes.size() - 1 - i] = static_cast<std::uint8_t>(limbs[i / 8] >> (8 * (i % 8)));
  }
  return bytes;
}

SecretLimbs ToLimbs(ByteView bytes, std::size_t limbs) {
  SecretLimbs out(limbs);
  for (std::size_t i = 0; i < bytes.size() && i < 8 * limbs; ++i) {
    out[i / 8] |= u64{bytes[bytes.size() - 1 - i]} << (8 * (i % 8));
  }
  return out;
}

namespace {

// t - n if t >= n, else t, where t has one more bit, `high`.
void SubtractIfNotLess(SecretLimbs& t, u64 high, LimbView n) {
  u64 borrow = 0;
  const SecretLimbs difference = Subtract(t, n, &borrow);
  const u64 keep = prime::Opaque(u64{0} - (borrow & ~high & 1U));
  for (std::size_t i = 0; i < t.size(); ++i) t[i] = (t[i] & keep) | (difference[i] & ~keep);
}

}  // namespace

// R mod n = 2^(64 L) - n, the top bit of n being set. R 2^(4 L), squared four times in Montgomery
// form, is R 2^(64 L) = R^2.
Montgomery::Montgomery(LimbView modulus)
    : n_(modulus.begin(), modulus.end()), k0_(prime::NegatedInverse(modulus[0])) {
  square_of_r_ = Subtract(SecretLimbs(n_.size()), n_);
  for (std::size_t i = 0; i < 4 * n_.size(); ++i) {
    u64 high = 0;
    for (u64& limb : square_of_r_) {
      const u64 top = limb >> 63U;
      limb = limb << 1U | high;
      high = top;
    }
    SubtractIfNotLess(square_of_r_, high, n_);
  }
  for (int i = 0; i < 4; ++i) square_of_r_ = Multiply(square_of_r_, square_of_r_);
}

// Row by row (CIOS: Koc, Acar, Kaliski 1996); the sum stays below 2 n R before the last
// subtraction.
SecretLimbs Montgomery::Multiply(LimbView a, LimbView b) const {
  const std::size_t size = n_.size();
  SecretLimbs t(size);
  u64 high = 0;
  for (std::size_t i = 0; i < size; ++i) {
    u128 low = u128{a[0]} * b[i] + t[0];
    const u64 m = static_cast<u64>(low) * k0_;
    u128 carry_product = low >> 64U;
    u128 carry_reduce = (u128{m} * n_[0] + static_cast<u64>(low)) >> 64U;
    for (std::size_t j = 1; j < size; ++j) {
      carry_product += u128{a[j]} * b[i] + t[j];
      carry_reduce += u128{m} * n_[j] + static_cast<u64>(carry_product);
      t[j - 1] = static_cast<u64>(carry_reduce);
      carry_product >>= 64U;
      carry_reduce >>= 64U;
    }
    const u128 top = carry_product + carry_reduce + high;
    t[size - 1] = static_cast<u64>(top);
    high = static_cast<u64>(top >> 64U);
  }
  SubtractIfNotLess(t, high, n_);
  return t;
}

SecretLimbs Montgomery::FromForm(LimbView a) const {
  SecretLimbs one(n_.size());
  one[0] = 1;
  return Multiply(a, one);
}

}  // namespace fleetmint
