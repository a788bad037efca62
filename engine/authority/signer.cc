#include "engine/authority/signer.h"

#include <botan/pubkey.h>

#include <mutex>

#include "engine/base/botan_compat.h"
#include "engine/base/botan_error.h"
#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/keys/foreign_key.h"
#include "engine/keys/load_key.h"
#include "engine/keys/rsa_batch.h"

namespace fleetmint {
namespace {

struct Scheme {
  SignatureAlgorithm algorithm;
  const char* padding;
  Botan::Signature_Format format;  // X.509 wants an ECDSA signature as a DER sequence, RSA as it is
};

Scheme SchemeOf(const Botan::Private_Key& key) {
  const auto spec = SpecOf(key);
  if (spec && spec->algorithm == KeyAlgorithm::kRsa) {
    // A product of two 1024-bit primes may have one bit less than both together.
    if (spec->bits < 2047) {
      throw Error(ErrorKind::kAuthority, "the CA's RSA key is shorter than 2048 bits");
    }
    return {SignatureAlgorithm::kRsaSha256, "EMSA3(SHA-256)", botan_compat::kPlainSignature};
  }
  if (spec && spec->bits == 256) {
    return {SignatureAlgorithm::kEcdsaSha256, "EMSA1(SHA-256)", botan_compat::kDerSignature};
  }
  if (spec && spec->bits == 384) {
    return {SignatureAlgorithm::kEcdsaSha384, "EMSA1(SHA-384)", botan_compat::kDerSignature};
  }
  throw Error::WithHint(ErrorKind::kAuthority, "the CA key is of a kind that is not supported",
                        "use RSA of 2048 bits or more, or ECDSA on P-256 or P-384");
}

// Botan's signers are for one thread each: those who sign at the same time take one from a free
// list.
class SoftwareSigner final : public Signer {
 public:
  SoftwareSigner(const SecretBytes& pkcs8, const prime::Kernel* kernel)
      : pkcs8_(pkcs8), kernel_(kernel) {
    CheckKeyIsWhole(pkcs8_);
    const auto key = Load();
    scheme_ = SchemeOf(*key);
    spki_ = key->subject_public_key();
  }

  SignatureAlgorithm algorithm() const override { return scheme_.algorithm; }
  const Bytes& spki() const override { return spki_; }

  std::vector<Bytes> Sign(std::span<const ByteView> messages) override {
    std::unique_ptr<Worker> worker = Take();
    std::vector<Bytes> signatures = worker->Sign(messages);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(worker));
    return signatures;
  }

 private:
  struct Worker {
    Worker(const SecretBytes& pkcs8, std::unique_ptr<Botan::Private_Key> private_key,
           const Bytes& spki, const Scheme& scheme, const prime::Kernel* kernel)
        : rng(random),
          key(std::move(private_key)),
          public_key(LoadSpki(spki)),
          lanes(RsaBatchSigner::Make(pkcs8, kernel, random)),
          signer(*key, rng, scheme.padding, scheme.format),
          verifier(*public_key, scheme.padding, scheme.format) {}

    // No signature leaves before it has been verified against its message.
    std::vector<Bytes> Sign(std::span<const ByteView> messages) {
      std::vector<Bytes> signatures;
      if (lanes != nullptr && messages.size() >= RsaBatchSigner::kLeast) {
        signatures = lanes->Sign(messages);
      } else {
        for (const ByteView message : messages) {
          signatures.push_back(signer.sign_message(message.data(), message.size(), rng));
        }
      }
      for (std::size_t i = 0; i < messages.size(); ++i) {
        if (verifier.verify_message(messages[i].data(), messages[i].size(), signatures[i].data(),
                                    signatures[i].size())) {
          continue;
        }
        throw Error::WithHint(ErrorKind::kIntegrity, "a signature of the CA does not verify",
                              "do not resume on this machine: its processor or memory is faulty");
      }
      return signatures;
    }

    SystemRandom random;
    BotanRng rng;
    std::unique_ptr<Botan::Private_Key> key;
    std::unique_ptr<Botan::Public_Key> public_key;
    std::unique_ptr<RsaBatchSigner> lanes;  // null: Botan signs
    Botan::PK_Signer signer;
    Botan::PK_Verifier verifier;
  };

  std::unique_ptr<Botan::Private_Key> Load() const {
    try {
      return LoadPkcs8(pkcs8_);
    } catch (const Botan::Exception& error) {
      ThrowIfOutOfMemory(error);
      throw Error(ErrorKind::kAuthority, std::string("cannot read the CA key: ") + error.what());
    }
  }

  std::unique_ptr<Worker> Take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Worker> worker = std::move(idle_.back());
        idle_.pop_back();
        return worker;
      }
    }
    return std::make_unique<Worker>(pkcs8_, Load(), spki_, scheme_, kernel_);
  }

  SecretBytes pkcs8_;
  const prime::Kernel* kernel_;
  Scheme scheme_{};
  Bytes spki_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> idle_;
};

}  // namespace

std::unique_ptr<Signer> MakeSoftwareSigner(const SecretBytes& pkcs8, const prime::Kernel* kernel) {
  return std::make_unique<SoftwareSigner>(pkcs8, kernel);
}

}  // namespace fleetmint
