// montgomery: the Montgomery arithmetic inside a kernel against GMP's.
//
//   montgomery COUNT KERNEL SEED
//
// COUNT operations, a third of each size (1024, 1536, 2048 bits): products, squares, squares with
// the doubling folded in, reductions and doublings, of operands at the bounds that the kernel's
// comments prove (loose numbers below 4.01 n; multiples of n and their neighbours; long runs of
// ones and zeros; moduli that are 1, -1 and others modulo a digit). Each result must be the right
// one modulo n, and within its bound. The same seed gives the same operands. Prints one line of
// JSON; exit code 1 with the operands of the first result that is wrong. tests/soak_montgomery
// calls it for every kernel.
#include <gmp.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/prime/kernel.h"
#include "tests/prime/arithmetic_probe.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;
constexpr std::size_t kMostWords = kMostLimbs + 1;

class Integer {
 public:
  Integer() { mpz_init(value_); }
  Integer(const Integer&) = delete;
  Integer& operator=(const Integer&) = delete;
  ~Integer() { mpz_clear(value_); }
  operator mpz_ptr() { return value_; }

 private:
  mpz_t value_;
};

void Import(mpz_ptr to, const u64* limbs, std::size_t count) {
  mpz_import(to, count, -1, sizeof(u64), 0, 0, limbs);
}
void Export(u64* to, std::size_t count, mpz_srcptr from) {
  std::fill_n(to, count, u64{0});
  mpz_export(to, nullptr, -1, sizeof(u64), 0, 0, from);
}

// Numbers from a stream, bytes at a time.
class Draw {
 public:
  explicit Draw(const std::string& seed) : stream_(Sha256(AsBytes(seed))) {}
  u64 Word() {
    if (used_ == words_.size()) {
      stream_.Fill({reinterpret_cast<std::uint8_t*>(words_.data()), sizeof words_});
      used_ = 0;
    }
    return words_[used_++];
  }
  u64 Below(u64 bound) { return Word() % bound; }
  // Random limbs, or long runs of ones and of zeros.
  void Limbs(u64* out, std::size_t count) {
    const bool runs = Below(2) == 0;
    u64 bit = 0, left = 0;
    for (std::size_t i = 0; i < 64 * count; ++i) {
      if (i % 64 == 0) out[i / 64] = runs ? 0 : Word();
      if (!runs) continue;
      if (left-- == 0) {
        bit = Word() & 1U;
        left = Below(200);
      }
      out[i / 64] |= bit << (i % 64);
    }
  }

 private:
  RandomStream stream_;
  std::array<u64, 512> words_{};
  std::size_t used_ = 512;
};

struct Lane {
  u64 modulus[kMostLimbs], a[kMostWords], b[kMostWords], out[kMostWords];
};

class Fuzzer {
 public:
  Fuzzer(const ArithmeticProbe& probe, const std::string& seed)
      : probe_(probe), draw_(seed), lanes_(probe.lanes) {
    for (Lane& lane : lanes_) pointers_.push_back({lane.modulus, lane.a, lane.b, lane.out});
  }

  // One call: an operation in every lane. False with a report if a result is wrong.
  bool Step(std::size_t limbs) {
    limbs_ = limbs;
    operation_ = static_cast<Operation>(draw_.Below(5));
    bit_ = 1 + draw_.Below(64 * limbs - 3);
    for (Lane& lane : lanes_) {
      DrawModulus(lane);
      DrawOperand(lane.a);
      DrawOperand(lane.b);
    }
    probe_.run(limbs, operation_, bit_, pointers_.data());
    for (Lane& lane : lanes_) {
      if (!IsRight(lane)) return Report(lane);
    }
    return true;
  }

 private:
  void DrawModulus(Lane& lane) {
    u64* const n = lane.modulus;
    draw_.Limbs(n, limbs_);
    const u64 kind = draw_.Below(6);
    if (kind == 0) n[0] = 1;              // -n^-1 is as large as it can be
    if (kind == 1) n[0] = ~u64{0};        // as small
    if (kind == 2) n[0] = u64{1} << 52U;  // and near a digit's end
    if (kind == 3) std::fill_n(n + 1, limbs_ - 1, ~u64{0});
    n[0] |= 1U;
    n[limbs_ - 1] |= u64{1} << 63U;
    Import(n_, n, limbs_);
  }

  // Below the bound of what the operation takes: 4.01 n, 3 n (Reduce), n (Double).
  void DrawOperand(u64* out) {
    const unsigned hundredths = operation_ == Operation::kReduce   ? 300
                                : operation_ == Operation::kDouble ? 100
                                                                   : 401;
    mpz_mul_ui(bound_, n_, hundredths);
    mpz_fdiv_q_ui(bound_, bound_, 100);
    switch (draw_.Below(4)) {
      case 0:  // the largest
        mpz_sub_ui(x_, bound_, 1 + draw_.Below(3));
        break;
      case 1: {  // around a multiple of n
        mpz_mul_ui(x_, n_, draw_.Below(5));
        mpz_add_ui(x_, x_, draw_.Below(3));
        mpz_sub_ui(x_, x_, draw_.Below(3));
        break;
      }
      default:
        draw_.Limbs(out, limbs_ + 1);
        Import(x_, out, limbs_ + 1);
    }
    mpz_mod(x_, x_, bound_);
    Export(out, limbs_ + 1, x_);
  }

  bool IsRight(const Lane& lane) {
    Import(n_, lane.modulus, limbs_);
    Import(x_, lane.a, limbs_ + 1);
    Import(y_, lane.b, limbs_ + 1);
    Import(out_, lane.out, limbs_ + 1);
    const bool reduced = operation_ == Operation::kReduce || operation_ == Operation::kDouble;
    const bool shifts = operation_ == Operation::kSquareShift && mpz_tstbit(n_, bit_) != 0;
    if (operation_ == Operation::kMultiply) mpz_mul(x_, x_, y_);
    if (operation_ == Operation::kSquare || operation_ == Operation::kSquareShift)
      mpz_mul(x_, x_, x_);
    if (operation_ == Operation::kDouble || shifts) mpz_mul_2exp(x_, x_, 1);
    // out R = x (mod n), or out = x (mod n) for what is not a product.
    mpz_set(y_, out_);
    if (!reduced) mpz_mul_2exp(y_, y_, probe_.montgomery_bits(limbs_));
    if (mpz_congruent_p(y_, x_, n_) == 0) return false;
    mpz_mul_ui(bound_, n_, reduced ? 100 : operation_ == Operation::kSquareShift ? 402 : 201);
    mpz_fdiv_q_ui(bound_, bound_, 100);
    return mpz_cmp(out_, bound_) < 0;
  }

  bool Report(const Lane& lane) {
    static constexpr const char* kNames[] = {"multiply", "square", "square and shift", "reduce",
                                             "double"};
    std::fprintf(stderr, "kernel %s, %zu bits, %s, bit %zu:\n", probe_.kernel, 64 * limbs_,
                 kNames[static_cast<std::size_t>(operation_)], bit_);
    const auto print = [&](const char* name, const u64* limbs, std::size_t count) {
      Import(x_, limbs, count);
      gmp_fprintf(stderr, "%s = %Zx\n", name, static_cast<mpz_ptr>(x_));
    };
    print("n", lane.modulus, limbs_);
    print("a", lane.a, limbs_ + 1);
    print("b", lane.b, limbs_ + 1);
    print("result", lane.out, limbs_ + 1);
    return false;
  }

  const ArithmeticProbe& probe_;
  Draw draw_;
  std::vector<Lane> lanes_;
  std::vector<ProbeLane> pointers_;
  std::size_t limbs_ = 16, bit_ = 0;
  Operation operation_ = Operation::kMultiply;
  Integer n_, x_, y_, out_, bound_;
};

// The probe of a kernel that this processor can run, or null.
const ArithmeticProbe* ProbeNamed(const std::string& name) {
  if (name == "portable") return &kPortableProbe;
#if defined(__x86_64__)
  if (FindKernel(name) == nullptr) return nullptr;
  if (name == "avx2") return &kAvx2Probe;
  if (name == "ifma") return &kIfmaProbe;
#endif
  return nullptr;
}

}  // namespace
}  // namespace fleetmint::prime

int main(int argc, char** argv) {
  using namespace fleetmint::prime;
  if (argc != 4) {
    std::fprintf(stderr, "montgomery COUNT KERNEL SEED\n");
    return 2;
  }
  const ArithmeticProbe* const probe = ProbeNamed(argv[2]);
  if (probe == nullptr) {
    std::fprintf(stderr, "kernel %s cannot run here\n", argv[2]);
    return 77;
  }
  const long long count = std::atoll(argv[1]);
  Fuzzer fuzzer(*probe, argv[3]);
  constexpr std::size_t kSizes[] = {16, 24, 32};
  long long done = 0;
  for (std::size_t i = 0; done < count; ++i, done += static_cast<long long>(probe->lanes)) {
    if (!fuzzer.Step(kSizes[i % 3])) return 1;
  }
  std::printf("{\"kernel\":\"%s\",\"operations\":%lld,\"seed\":\"%s\",\"wrong\":0}\n",
              probe->kernel, done, argv[3]);
  return 0;
}
