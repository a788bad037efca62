// The differences between Botan 2.19 (Debian 12) and Botan 3 (Debian 13), in one place.
//
// Nothing else in the tree asks for Botan's version. Add a difference here when it is met, under a
// name that says what is meant.
#pragma once

#include <botan/bigint.h>
#include <botan/cipher_mode.h>
#include <botan/ec_group.h>
#include <botan/pubkey.h>
#include <botan/rng.h>
#include <botan/version.h>
#include <botan/x509cert.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/bytes.h"

#if BOTAN_VERSION_MAJOR >= 3
#define FLEETMINT_BOTAN3 1
#else
#define FLEETMINT_BOTAN3 0
#endif

namespace fleetmint::botan_compat {

#if FLEETMINT_BOTAN3
inline constexpr const char* kSha1 = "SHA-1";
inline constexpr auto kEncrypt = Botan::Cipher_Dir::Encryption;
inline constexpr auto kDecrypt = Botan::Cipher_Dir::Decryption;
inline constexpr auto kPlainSignature = Botan::Signature_Format::Standard;
inline constexpr auto kDerSignature = Botan::Signature_Format::DerSequence;
#else
inline constexpr const char* kSha1 = "SHA-160";
inline constexpr auto kEncrypt = Botan::ENCRYPTION;
inline constexpr auto kDecrypt = Botan::DECRYPTION;
inline constexpr auto kPlainSignature = Botan::IEEE_1363;
inline constexpr auto kDerSignature = Botan::DER_SEQUENCE;
#endif

// NamedCurve gives a curve by its SEC 2 name, e.g. "secp256r1".
inline Botan::EC_Group NamedCurve(const std::string& name) {
#if FLEETMINT_BOTAN3
  return Botan::EC_Group::from_name(name);
#else
  return Botan::EC_Group(name);
#endif
}

// SubjectPublicKey gives a certificate's key.
inline std::unique_ptr<Botan::Public_Key> SubjectPublicKey(
    const Botan::X509_Certificate& certificate) {
#if FLEETMINT_BOTAN3
  return certificate.subject_public_key();
#else
  return certificate.load_subject_public_key();
#endif
}

// BytesOf gives a number big endian, as short as it can be.
inline Bytes BytesOf(const Botan::BigInt& value) {
  Bytes bytes(value.bytes());
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[bytes.size() - 1 - i] = value.byte_at(i);
  return bytes;
}

}  // namespace fleetmint::botan_compat
