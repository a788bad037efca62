#include "engine/keys/rsa_batch.h"

#include <botan/bigint.h>
#include <botan/numthry.h>
#include <botan/reducer.h>
#include <botan/rsa.h>
#include <botan/secmem.h>

#include <algorithm>
#include <array>

#include "engine/base/botan_compat.h"
#include "engine/keys/load_key.h"
#include "engine/prime/kernel.h"

namespace fleetmint {
namespace {

using Botan::BigInt;

constexpr int kUsesOfBlinding = 32;

using Limbs = SecretLimbs;  // a half-size number as the kernels take it

Limbs ToLimbs(const BigInt& value, std::size_t limbs) {
  static_assert(sizeof(Botan::word) == sizeof(std::uint64_t));
  Limbs out(limbs);
  for (std::size_t i = 0; i < limbs; ++i) out[i] = value.word_at(i);
  return out;
}

BigInt FromLimbs(const Limbs& limbs) {
  SecretBytes bytes;
  bytes.reserve(limbs.size() * 8);
  for (std::size_t i = limbs.size(); i-- > 0;) {
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::uint8_t>(limbs[i] >> shift));
  }
  return BigInt(bytes.data(), bytes.size());
}

// EMSA-PKCS1-v1_5 (RFC 8017 9.2): 00 01 FF ... FF 00 DigestInfo, `size` bytes.
Bytes EncodeMessage(ByteView message, std::size_t size) {
  // DigestInfo of SHA-256 up to its OCTET STRING, RFC 8017 9.2 note 1.
  static constexpr std::array<std::uint8_t, 19> kDigestInfo{
      0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
  const Sha256Digest digest = Sha256(message);
  Bytes encoded(size, 0xff);
  encoded[0] = 0x00;
  encoded[1] = 0x01;
  const std::size_t at = size - kDigestInfo.size() - digest.size();
  encoded[at - 1] = 0x00;
  std::copy(kDigestInfo.begin(), kDigestInfo.end(),
            encoded.begin() + static_cast<std::ptrdiff_t>(at));
  std::copy(digest.begin(), digest.end(),
            encoded.end() - static_cast<std::ptrdiff_t>(digest.size()));
  return encoded;
}

// A pair (r^e, r^-1) mod n; each use after the first squares both (r^2 blinds as r does).
class Blinding {
 public:
  Blinding(const BigInt& n, const BigInt& e, const Botan::Modular_Reducer& mod_n,
           RandomSource& random)
      : n_(n), e_(e), mod_n_(mod_n), random_(random) {}

  // Next gives a pair that was never given before.
  std::pair<BigInt, BigInt> Next() {
    if (uses_++ % kUsesOfBlinding == 0) {
      BotanRng rng(random_);
      const BigInt r = BigInt::random_integer(rng, 2, n_);
      hide_ = Botan::power_mod(r, e_, n_);
      reveal_ = Botan::inverse_mod(r, n_);
    } else {
      hide_ = mod_n_.square(hide_);
      reveal_ = mod_n_.square(reveal_);
    }
    return {hide_, reveal_};
  }

 private:
  const BigInt& n_;
  const BigInt& e_;
  const Botan::Modular_Reducer& mod_n_;
  RandomSource& random_;
  BigInt hide_, reveal_;
  int uses_ = 0;
};

class LaneSigner final : public RsaBatchSigner {
 public:
  LaneSigner(const Botan::RSA_PrivateKey& key, const prime::Kernel& kernel, RandomSource& random)
      : kernel_(kernel),
        limbs_(key.get_p().bits() / 64),
        n_(key.get_n()),
        e_(key.get_e()),
        q_(key.get_q()),
        c_(key.get_c()),
        mod_n_(n_),
        mod_p_(key.get_p()),
        mod_q_(q_),
        p_(ToLimbs(key.get_p(), limbs_)),
        q_limbs_(ToLimbs(q_, limbs_)),
        dp_(ToLimbs(key.get_d1(), limbs_)),
        dq_(ToLimbs(key.get_d2(), limbs_)),
        blinding_(n_, e_, mod_n_, random) {}

  std::vector<Bytes> Sign(std::span<const ByteView> messages) override {
    std::vector<Limbs> halves;  // two a message: modulo p, modulo q
    std::vector<BigInt> reveal;
    halves.reserve(messages.size() * 2);
    for (const ByteView message : messages) {
      const Bytes encoded = EncodeMessage(message, n_.bytes());
      auto [hide, unhide] = blinding_.Next();
      const BigInt hidden = mod_n_.multiply(BigInt(encoded.data(), encoded.size()), hide);
      halves.push_back(ToLimbs(mod_p_.reduce(hidden), limbs_));
      halves.push_back(ToLimbs(mod_q_.reduce(hidden), limbs_));
      reveal.push_back(std::move(unhide));
    }
    std::vector<prime::Power> tasks;
    for (std::size_t i = 0; i < halves.size(); ++i) {
      const bool first = i % 2 == 0;
      tasks.push_back({first ? p_.data() : q_limbs_.data(), halves[i].data(),
                       first ? dp_.data() : dq_.data(), halves[i].data()});
    }
    kernel_.power(tasks, limbs_);
    std::vector<Bytes> signatures;
    signatures.reserve(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
      signatures.push_back(
          Combine(FromLimbs(halves[2 * i]), FromLimbs(halves[2 * i + 1]), reveal[i]));
    }
    return signatures;
  }

 private:
  // Garner: s = s2 + q ((s1 - s2) qInv mod p), then without the blinding; as long as n. s2 is
  // reduced modulo p first and p added, so that nothing negative needs reducing. The sum is reduced
  // before it is multiplied: a product above p^2 would be divided, and not by the reducer.
  Bytes Combine(const BigInt& s1, const BigInt& s2, const BigInt& reveal) const {
    const BigInt difference = mod_p_.reduce(s1 + mod_p_.get_modulus() - mod_p_.reduce(s2));
    const BigInt h = mod_p_.multiply(difference, c_);
    const BigInt s = mod_n_.multiply(s2 + h * q_, reveal);
    Bytes out(n_.bytes());
    for (std::size_t i = 0; i < out.size(); ++i) out[out.size() - 1 - i] = s.byte_at(i);
    return out;
  }

  const prime::Kernel& kernel_;
  std::size_t limbs_;
  BigInt n_, e_, q_, c_;
  Botan::Modular_Reducer mod_n_, mod_p_, mod_q_;
  Limbs p_, q_limbs_, dp_, dq_;
  Blinding blinding_;
};

}  // namespace

std::unique_ptr<RsaBatchSigner> RsaBatchSigner::Make(const SecretBytes& pkcs8,
                                                     const prime::Kernel* given,
                                                     RandomSource& random) {
  const auto key = LoadPkcs8(pkcs8);
  const auto* rsa = dynamic_cast<const Botan::RSA_PrivateKey*>(key.get());
  if (rsa == nullptr) return nullptr;
  // Only now: the best kernel has to prove itself first.
  const prime::Kernel& kernel = given == nullptr ? prime::BestKernel() : *given;
  if (kernel.lanes < 2) return nullptr;  // Botan's own code beats the portable kernel
  const std::size_t bits = rsa->get_p().bits();
  if (bits % 64 != 0 || !prime::IsKernelSize(bits / 64) || rsa->get_q().bits() != bits)
    return nullptr;
  return std::make_unique<LaneSigner>(*rsa, kernel, random);
}

}  // namespace fleetmint
