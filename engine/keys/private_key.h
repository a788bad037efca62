// PrivateKey: one generated key as the rest of the program needs it: PKCS#8 and SPKI, both DER.
//
// The PKCS#8 is wiped with the object. Move-only, so that a key exists once; const access from
// several threads is safe.
#pragma once

#include "engine/base/bytes.h"
#include "engine/keys/key_spec.h"

namespace fleetmint {

class PrivateKey {
 public:
  // `pkcs8` is an unencrypted PrivateKeyInfo (RFC 5208), `spki` its SubjectPublicKeyInfo (RFC 5280
  // 4.1.2.7). The generator has checked that the two belong together.
  PrivateKey(KeySpec spec, SecretBytes pkcs8, Bytes spki)
      : spec_(spec), pkcs8_(std::move(pkcs8)), spki_(std::move(spki)) {}
  PrivateKey(PrivateKey&&) noexcept = default;
  PrivateKey& operator=(PrivateKey&&) noexcept = default;
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;

  const KeySpec& spec() const { return spec_; }
  const SecretBytes& pkcs8() const { return pkcs8_; }
  const Bytes& spki() const { return spki_; }

 private:
  KeySpec spec_;
  SecretBytes pkcs8_;
  Bytes spki_;
};

}  // namespace fleetmint
