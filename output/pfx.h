// PFX: PKCS#12 files as Windows exports them, and a reader for those of others (RFC 7292).
//
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/random.h"
#include "profiles/bundle_spec.h"

namespace fleetmint {

// PfxContents is what goes into one PFX. Views must outlive the call.
struct PfxContents {
  ByteView pkcs8;                  // unencrypted PrivateKeyInfo
  ByteView certificate;            // DER
  std::span<const Bytes> chain;    // DER, issuing CA first
  std::string friendly_name;       // certificate bag (display name), UTF-8; "": left out
  std::string description;         // certificate bag, extended property 13; "": left out
  std::string key_container_name;  // key bag's friendlyName; "": left out
  std::string csp;                 // key bag, 1.3.6.1.4.1.311.17.1; "": left out
  WindowsKeySpec key_spec = WindowsKeySpec::kNone;
  bool machine_keys = false;
  PfxEncryption encryption = PfxEncryption::kModern;
  std::uint32_t iterations = 2048;  // of every KDF and of the MAC
};

inline constexpr std::uint32_t kDerivedPasswordIterations = 2048;
inline constexpr std::uint32_t kUserPasswordIterations = 100'000;

// CheckPassword throws Error(kInput) unless the password is 1..128 characters of ASCII 0x20-0x7E:
// what every importer reads alike.
void CheckPassword(ByteView password);

// EncodePfx gives a PFX in DER with definite lengths. Salts and IVs come from `random`.
Bytes EncodePfx(const PfxContents& contents, ByteView password, RandomSource& random);

// DecodedPfx is what a reader found.
struct DecodedPfx {
  SecretBytes pkcs8;
  std::vector<Bytes> certificates;             // DER, in the order of the file
  std::optional<std::size_t> key_certificate;  // index of the one with the key's localKeyID
  std::string friendly_name;
  std::string description;
  std::string key_container_name;
  std::string csp;
  WindowsKeySpec key_spec = WindowsKeySpec::kNone;
  bool machine_keys = false;
  PfxEncryption encryption = PfxEncryption::kModern;
  std::uint32_t iterations = 0;  // the largest of the file
};

// DecodePfx checks the MAC and opens the file. Accepts BER indefinite lengths, several safes, plain
// safes, 3DES and AES. `password` nullopt is the null password, empty is "".
// The MAC holds for the contents alone: the outer structure, and which certificates there are, are
// whatever the maker of the file wrote, and nothing is said of their validity. Errors: kInput, of
// cause
//   kWrongPassword  the MAC does not match: a wrong password, or contents that were changed
//   kUnsupported    no MAC, another version or algorithm, more than kMostIterations, two keys
//   kDamaged        no PFX, or one that is cut off or malformed
//   kAbsent         it holds no private key
DecodedPfx DecodePfx(ByteView file, std::optional<ByteView> password);

}  // namespace fleetmint
