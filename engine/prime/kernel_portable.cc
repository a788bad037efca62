// The reference kernel: Montgomery multiplication by operand scanning (CIOS: Koc, Acar, Kaliski,
// "Analyzing and comparing Montgomery multiplication algorithms", 1996) on 64-bit limbs, R = 2^(64
// L).
#include "engine/base/bytes.h"
#include "engine/prime/kernel.h"
#include "engine/prime/limbs.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;
using u128 = unsigned __int128;

constexpr unsigned kWindow = 4;

template <std::size_t L>
struct Number {
  u64 limb[L];
};

template <std::size_t L>
class Field {
 public:
  explicit Field(const u64* modulus) : n_(modulus), k0_(NegatedInverse(modulus[0])) {
    // 2^(64 L) - n < n because the top bit of n is set: that is R mod n.
    u64 carry = 1;
    for (std::size_t j = 0; j < L; ++j) {
      const u128 sum = u128{~n_[j]} + carry;
      one_.limb[j] = static_cast<u64>(sum);
      carry = static_cast<u64>(sum >> 64U);
    }
    // R * 2^(8 L) by doubling, squared three times in Montgomery form: R * 2^(64 L) = R^2.
    r2_ = one_;
    for (std::size_t i = 0; i < 8 * L; ++i) Double(r2_);
    for (int i = 0; i < 3; ++i) Multiply(r2_, r2_, r2_);
  }
  ~Field() { Wipe(this, sizeof *this); }

  const Number<L>& one() const { return one_; }
  const Number<L>& r2() const { return r2_; }

  // out = a b / R mod n, for a, b < n. The sum before the last subtraction is under 2n: t < n + n
  // b/R.
  void Multiply(Number<L>& out, const Number<L>& a, const Number<L>& b) const {
    u64 t[L + 2] = {};
    for (std::size_t i = 0; i < L; ++i) {
      AddRow(t, a, b.limb[i]);
      ReduceRow(t);
    }
    SubtractIfNotLess(out, t, t[L]);
    Wipe(t, sizeof t);
  }

 private:
  // t += a * x
  static void AddRow(u64* t, const Number<L>& a, u64 x) {
    u64 carry = 0;
    for (std::size_t j = 0; j < L; ++j) {
      const u128 sum = u128{a.limb[j]} * x + t[j] + carry;
      t[j] = static_cast<u64>(sum);
      carry = static_cast<u64>(sum >> 64U);
    }
    const u128 sum = u128{t[L]} + carry;
    t[L] = static_cast<u64>(sum);
    t[L + 1] = static_cast<u64>(sum >> 64U);
  }

  // t = (t + m n) / 2^64 with the m that makes the lowest limb vanish.
  void ReduceRow(u64* t) const {
    const u64 m = t[0] * k0_;
    u64 carry = static_cast<u64>((u128{m} * n_[0] + t[0]) >> 64U);
    for (std::size_t j = 1; j < L; ++j) {
      const u128 sum = u128{m} * n_[j] + t[j] + carry;
      t[j - 1] = static_cast<u64>(sum);
      carry = static_cast<u64>(sum >> 64U);
    }
    const u128 sum = u128{t[L]} + carry;
    t[L - 1] = static_cast<u64>(sum);
    t[L] = t[L + 1] + static_cast<u64>(sum >> 64U);
  }

  // out = t - n if t >= n, else t; t has one more bit, `high`. Both are computed, a mask chooses.
  void SubtractIfNotLess(Number<L>& out, const u64* t, u64 high) const {
    u64 difference[L], borrow = 0;
    for (std::size_t j = 0; j < L; ++j) {
      const u128 d = u128{t[j]} - n_[j] - borrow;
      difference[j] = static_cast<u64>(d);
      borrow = static_cast<u64>(d >> 64U) & 1U;
    }
    const u64 keep = u64{0} - (borrow & ~high & 1U);
    for (std::size_t j = 0; j < L; ++j) out.limb[j] = (t[j] & keep) | (difference[j] & ~keep);
    Wipe(difference, sizeof difference);
  }

  void Double(Number<L>& x) const {
    u64 t[L], high = 0;
    for (std::size_t j = 0; j < L; ++j) {
      t[j] = x.limb[j] << 1U | high;
      high = x.limb[j] >> 63U;
    }
    SubtractIfNotLess(x, t, high);
  }

  const u64* n_;
  u64 k0_;
  Number<L> one_, r2_;
};

// entry = table[index], every entry being read.
template <std::size_t L>
void Select(Number<L>& entry, const Number<L>* table, u64 index) {
  entry = {};
  for (u64 i = 0; i < (1U << kWindow); ++i) {
    const u64 difference = i ^ index;
    const u64 mask = ((difference | (u64{0} - difference)) >> 63U) - 1;  // all ones if i == index
    for (std::size_t j = 0; j < L; ++j) entry.limb[j] |= table[i].limb[j] & mask;
  }
}

template <std::size_t L>
void PowerOf(const Power& task) {
  const Field<L> field(task.modulus);
  Number<L> table[1U << kWindow], x, entry;
  for (std::size_t j = 0; j < L; ++j) x.limb[j] = task.base[j];
  table[0] = field.one();
  field.Multiply(table[1], x, field.r2());
  for (unsigned i = 2; i < (1U << kWindow); ++i) field.Multiply(table[i], table[i - 1], table[1]);
  x = field.one();
  for (std::size_t position = 64 * L; position > 0;) {
    position -= kWindow;
    for (unsigned i = 0; i < kWindow; ++i) field.Multiply(x, x, x);
    Select(entry, table, WindowOf(task.exponent, L, position, kWindow));
    field.Multiply(x, x, entry);
  }
  entry = {};
  entry.limb[0] = 1;
  field.Multiply(x, x, entry);
  for (std::size_t j = 0; j < L; ++j) task.out[j] = x.limb[j];
  Wipe(table, sizeof table);
  Wipe(&x, sizeof x);
}

void PowerPortable(std::span<const Power> tasks, std::size_t limbs) {
  for (const Power& task : tasks) {
    if (limbs == 16) PowerOf<16>(task);
    if (limbs == 24) PowerOf<24>(task);
    if (limbs == 32) PowerOf<32>(task);
  }
}

}  // namespace

const Kernel& PortableKernel() {
  static constexpr Kernel kernel{"portable", 1, PowerPortable};
  return kernel;
}

}  // namespace fleetmint::prime
