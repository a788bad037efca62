// PBES2: password-based encryption (RFC 8018 6.2) of CA keys, PEM keys and PFX safes:
// PBKDF2-HMAC-SHA-256 with a salt of 16 bytes (SP 800-132 5.1), AES-256-CBC.
//
// Nothing here authenticates: a changed ciphertext may decrypt to other bytes without an error (a
// PFX has its MAC for that, output/pfx.h). All errors are Error(kInput), and whoever acts on one
// asks for its cause:
//   kWrongPassword  the password does not open it, or the ciphertext was changed
//   kUnsupported    another algorithm, or more than kMostIterations
//   kDamaged        not the structure or the lengths that it must have
// Pure functions but for what they draw from `random`; any thread.
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
// receives their number. What comes out had a right padding, which one wrong password in 256 gives
// too: the caller looks at its structure.
SecretBytes Pbes2Decrypt(ByteView parameters, ByteView ciphertext, ByteView password,
                         std::uint32_t* iterations = nullptr);

// CheckIterations refuses 0 iterations (kDamaged) and more than kMostIterations (kUnsupported),
// which would take minutes.
inline constexpr std::uint32_t kMostIterations = 10'000'000;
void CheckIterations(std::uint64_t count);

inline constexpr std::size_t kMostPasswordBytes = 4096;  // longer ones are of cause kWrongPassword

// kConvertKeyHint is what makes a key readable that is encrypted in another way.
inline constexpr const char* kConvertKeyHint =
    "convert it: openssl pkcs8 -topk8 -v2 aes256 -provider legacy -provider default -in KEY -out "
    "NEW_KEY";

// EncryptPkcs8 gives an EncryptedPrivateKeyInfo (RFC 5958 3); DecryptPkcs8 is its inverse.
// What DecryptPkcs8 gives is one SEQUENCE whose elements are whole: no more is said of it. (The
// fleet key travels so too.)
Bytes EncryptPkcs8(ByteView pkcs8, ByteView password, std::uint32_t iterations,
                   RandomSource& random);
SecretBytes DecryptPkcs8(ByteView der, ByteView password);

// CbcDecrypt and CbcEncrypt run "AES-256/CBC/PKCS7" and the like. Bad padding is kWrongPassword, an
// IV or a ciphertext of a wrong length kDamaged.
SecretBytes CbcDecrypt(const std::string& cipher, ByteView key, ByteView iv, ByteView ciphertext);
Bytes CbcEncrypt(const std::string& cipher, ByteView key, ByteView iv, ByteView plaintext);

}  // namespace fleetmint
