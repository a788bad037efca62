// PBES2: password-based encryption (RFC 8018 6.2) of CA keys, PEM keys and PFX safes:
// PBKDF2-HMAC-SHA-256 with an 8-byte salt, AES-256-CBC. Pure functions; any thread.
#pragma once

#include <string>

#include "engine/base/bytes.h"
#include "engine/base/random.h"

namespace fleetmint {

// Sealed is a ciphertext with the AlgorithmIdentifier (DER) that says how to open it.
struct Sealed {
  Bytes algorithm;
  Bytes ciphertext;
};

// Pbes2Encrypt encrypts under a password taken as its bytes (UTF-8). Salt and IV come from
// `random`.
Sealed Pbes2Encrypt(ByteView plaintext, ByteView password, std::uint32_t iterations,
                    RandomSource& random);

// Pbes2Decrypt opens what PBES2 with AES-CBC or 3DES-CBC and any HMAC-SHA PRF encrypted.
// `parameters` are the AlgorithmIdentifier's parameters (DER or BER). `iterations`, if given,
// receives their number. Errors: kInput: an algorithm that is not supported, more than
// kMostIterations, a wrong password or damage (bad padding).
SecretBytes Pbes2Decrypt(ByteView parameters, ByteView ciphertext, ByteView password,
                         std::uint32_t* iterations = nullptr);

inline constexpr std::uint32_t kMostIterations = 10'000'000;
inline constexpr const char* kPbes2Oid = "1.2.840.113549.1.5.13";

// EncryptPkcs8 gives an EncryptedPrivateKeyInfo (RFC 5958 3); DecryptPkcs8 is its inverse.
// Errors of DecryptPkcs8: kInput "wrong password or damaged", or as Pbes2Decrypt.
Bytes EncryptPkcs8(const SecretBytes& pkcs8, ByteView password, std::uint32_t iterations,
                   RandomSource& random);
SecretBytes DecryptPkcs8(ByteView der, ByteView password);

// CbcDecrypt and CbcEncrypt run "AES-256/CBC/PKCS7" and the like. CbcDecrypt throws
// Error(kInput, "wrong password or damaged") on bad padding.
SecretBytes CbcDecrypt(const std::string& cipher, ByteView key, ByteView iv, ByteView ciphertext);
Bytes CbcEncrypt(const std::string& cipher, ByteView key, ByteView iv, ByteView plaintext);

}  // namespace fleetmint
