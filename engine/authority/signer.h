// Signer: who signs, a batch at a time.
//
// A batch from day one, because a signer may be an HSM with a round trip a call or a kernel with
// eight lanes. Implementations are safe to call from several threads at once.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/x509/tbs_certificate.h"

namespace fleetmint {

namespace prime {
struct Kernel;
}

class Signer {
 public:
  virtual ~Signer() = default;
  virtual SignatureAlgorithm algorithm() const = 0;
  // The signer's own SubjectPublicKeyInfo, DER.
  virtual const Bytes& spki() const = 0;
  // Sign gives one signature for each element of `messages`, in that order: PKCS#1 v1.5 for RSA, a
  // DER SEQUENCE { r, s } for ECDSA. Each one has been verified against spki() before it is
  // returned. Errors: kIntegrity if a signature does not verify.
  virtual std::vector<Bytes> Sign(std::span<const ByteView> messages) = 0;
};

// MakeSoftwareSigner signs with a key in memory; `pkcs8` is an unencrypted PrivateKeyInfo, and
// `kernel` (not owned; null: the best) carries RSA signatures. Errors: kAuthority if the key is of
// no supported kind, or not whole (keys/foreign_key.h).
std::unique_ptr<Signer> MakeSoftwareSigner(const SecretBytes& pkcs8,
                                           const prime::Kernel* kernel = nullptr);

}  // namespace fleetmint
