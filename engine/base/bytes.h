// Bytes: the byte containers that every folder shares, and which of them holds secrets.
//
// `SecretBytes` and `SecretLimbs` are wiped when they are destroyed or reallocated; private keys,
// passwords, passphrases and seeds travel in them alone. `Bytes` is for what may be seen:
// certificates, hashes, encrypted bundles.
#pragma once

#include <botan/secmem.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/wipe.h"

namespace fleetmint {

using Bytes = std::vector<std::uint8_t>;
using SecretBytes = Botan::secure_vector<std::uint8_t>;
using SecretLimbs = Botan::secure_vector<std::uint64_t>;  // a number, 64 bits a limb, lowest first
using ByteView = std::span<const std::uint8_t>;

// AsBytes views a string's characters as bytes; it must not outlive the string.
inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// AsText views bytes as characters; it must not outlive the bytes.
inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// ToHex gives lower-case hexadecimal without separators.
std::string ToHex(ByteView bytes);

// FromHex is the inverse of ToHex; either case. Throws Error(kInput) on anything else.
Bytes FromHex(std::string_view hex);

using Sha1Digest = std::array<std::uint8_t, 20>;
using Sha256Digest = std::array<std::uint8_t, 32>;

// Sha1 and Sha256 of the whole input. SHA-1 serves thumbprints and key identifiers (RFC 5280
// 4.2.1.2 method 1) only.
Sha1Digest Sha1(ByteView bytes);
Sha256Digest Sha256(ByteView bytes);

}  // namespace fleetmint
