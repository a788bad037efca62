// The PKCS#12 key derivation function (RFC 7292 appendix B.2). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/bytes.h"

namespace fleetmint {

// Pkcs12Purpose is the diversifier ID of appendix B.3.
enum class Pkcs12Purpose : std::uint8_t { kKey = 1, kIv = 2, kMac = 3 };

// Pkcs12Password gives the password as appendix B.1 wants it: UTF-16BE with a final 0000.
// Throws Error(kInput) if it is not UTF-8.
SecretBytes Pkcs12Password(ByteView utf8);

// Pkcs12Kdf derives `length` bytes. `hash` is Botan's name of SHA-1 or SHA-256; `password` comes
// from Pkcs12Password (empty for the null password).
SecretBytes Pkcs12Kdf(const std::string& hash, Pkcs12Purpose purpose, const SecretBytes& password,
                      ByteView salt, std::uint32_t iterations, std::size_t length);

}  // namespace fleetmint
