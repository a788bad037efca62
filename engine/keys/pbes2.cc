#include "engine/keys/pbes2.h"

#include <botan/cipher_mode.h>
#include <botan/exceptn.h>
#include <botan/pwdhash.h>

#include <array>

#include "engine/base/ber.h"
#include "engine/base/botan_compat.h"
#include "engine/base/botan_error.h"
#include "engine/base/counted.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/keys/oids.h"

namespace fleetmint {
namespace {

constexpr const char* kAes256Cbc = "AES-256/CBC/PKCS7";

struct CipherInfo {
  const char* oid;
  const char* name;
  std::size_t key_bytes;
};

constexpr std::array<CipherInfo, 4> kCiphers{{
    {oid::kAes128Cbc, "AES-128/CBC/PKCS7", 16},
    {oid::kAes192Cbc, "AES-192/CBC/PKCS7", 24},
    {oid::kAes256Cbc, kAes256Cbc, 32},
    {oid::k3DesCbc, "TripleDES/CBC/PKCS7", 24},
}};

struct PrfInfo {
  const char* oid;
  const char* hash;
};

constexpr std::array<PrfInfo, 5> kPrfs{{
    {oid::kHmacSha1, botan_compat::kSha1},
    {oid::kHmacSha224, "SHA-224"},
    {oid::kHmacSha256, "SHA-256"},
    {oid::kHmacSha384, "SHA-384"},
    {oid::kHmacSha512, "SHA-512"},
}};

[[noreturn]] void Unsupported(const std::string& what) {
  throw Error::OfCause(ErrorKind::kInput, ErrorCause::kUnsupported, "unsupported " + what,
                       kConvertKeyHint);
}

[[noreturn]] void Damaged(const std::string& reason) {
  throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged, "damaged: " + reason);
}

// What a wrong password gives cannot be told from a ciphertext that was changed.
[[noreturn]] void WrongPassword() {
  throw Error::OfCause(ErrorKind::kInput, ErrorCause::kWrongPassword, "wrong password or damaged");
}

template <typename Table>
const auto& Lookup(const Table& table, const std::string& oid, const char* what) {
  for (const auto& entry : table) {
    if (oid == entry.oid) return entry;
  }
  Unsupported(std::string(what) + " " + oid);
}

SecretBytes Pbkdf2(const std::string& hash, ByteView password, ByteView salt,
                   std::uint32_t iterations, std::size_t length) {
  const auto family = Botan::PasswordHashFamily::create_or_throw("PBKDF2(" + hash + ")");
  SecretBytes key(length);
  const std::string_view text = AsText(password);
  if (text.size() > kMostPasswordBytes) {
    throw Error::OfCause(
        ErrorKind::kInput, ErrorCause::kWrongPassword,
        "the password is longer than " + std::to_string(kMostPasswordBytes) + " bytes");
  }
  family->from_params(iterations)
      ->derive_key(key.data(), key.size(), text.data(), text.size(), salt.data(), salt.size());
  return key;
}

// RFC 8018 appendix A.2 and A.4, as Windows writes it: no keyLength, hmacWithSHA256 with NULL.
Bytes EncodeAlgorithm(ByteView salt, std::uint32_t iterations, ByteView iv) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& identifier) {
    identifier.Oid(oid::kPbes2).Sequence([&](DerWriter& parameters) {
      parameters.Sequence([&](DerWriter& kdf) {
        kdf.Oid(oid::kPbkdf2).Sequence([&](DerWriter& values) {
          values.OctetString(salt).Integer(iterations);
          values.Sequence([](DerWriter& prf) { prf.Oid(oid::kHmacSha256).Null(); });
        });
      });
      parameters.Sequence([&](DerWriter& scheme) { scheme.Oid(oid::kAes256Cbc).OctetString(iv); });
    });
  });
  return writer.Take();
}

// Padding alone lets one wrong password in 256 through; this, about one in 2^32: one SEQUENCE of
// whole elements, to its end, the first an INTEGER (a PrivateKeyInfo's version) or an OCTET STRING
// (a fleet key).
bool HasOutlineOfAKey(ByteView plain) {
  try {
    BerReader file(plain);
    BerReader elements = file.Enter(ber::kSequence, "a key");
    file.ExpectEnd("the key");
    const std::uint8_t first = elements.PeekTag();
    while (!elements.AtEnd()) elements.Next();
    return first == ber::kInteger || first == ber::kOctetString;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

void CheckIterations(std::uint64_t count) {
  if (count > 0 && count <= kMostIterations) return;
  throw Error::OfCause(ErrorKind::kInput,
                       count == 0 ? ErrorCause::kDamaged : ErrorCause::kUnsupported,
                       Counted(count, "iteration is", "iterations are") + " out of range");
}

Bytes CbcEncrypt(const std::string& cipher, ByteView key, ByteView iv, ByteView plaintext) {
  const auto mode = Botan::Cipher_Mode::create_or_throw(cipher, botan_compat::kEncrypt);
  mode->set_key(key.data(), key.size());
  mode->start(iv.data(), iv.size());
  SecretBytes buffer(plaintext.begin(), plaintext.end());
  mode->finish(buffer);
  return {buffer.begin(), buffer.end()};
}

SecretBytes CbcDecrypt(const std::string& cipher, ByteView key, ByteView iv, ByteView ciphertext) {
  const auto mode = Botan::Cipher_Mode::create_or_throw(cipher, botan_compat::kDecrypt);
  const std::size_t block = mode->default_nonce_length();  // of CBC: the cipher's block
  if (iv.size() != block) Damaged("an IV of " + Counted(iv.size(), "byte"));
  if (ciphertext.empty() || ciphertext.size() % block != 0) {
    Damaged("the ciphertext is not in whole blocks");
  }
  SecretBytes buffer(ciphertext.begin(), ciphertext.end());
  try {
    mode->set_key(key.data(), key.size());
    mode->start(iv.data(), iv.size());
    mode->finish(buffer);
  } catch (const Botan::Exception& error) {
    ThrowIfOutOfMemory(error);
    WrongPassword();
  }
  return buffer;
}

Sealed Pbes2Encrypt(ByteView plaintext, ByteView password, std::uint32_t iterations,
                    RandomSource& random) {
  std::array<std::uint8_t, 16> salt;
  std::array<std::uint8_t, 16> iv;
  random.Fill(salt);
  random.Fill(iv);
  const SecretBytes key = Pbkdf2("SHA-256", password, salt, iterations, 32);
  return {EncodeAlgorithm(salt, iterations, iv), CbcEncrypt(kAes256Cbc, key, iv, plaintext)};
}

SecretBytes Pbes2Decrypt(ByteView parameters, ByteView ciphertext, ByteView password,
                         std::uint32_t* iterations) {
  BerReader reader = BerReader(parameters).Enter(ber::kSequence, "PBES2 parameters");
  BerReader kdf = reader.Enter(ber::kSequence, "a key derivation function");
  if (const std::string id = kdf.Oid(); id != oid::kPbkdf2) {
    Unsupported("key derivation function " + id);
  }
  BerReader values = kdf.Enter(ber::kSequence, "PBKDF2 parameters");
  const SecretBytes salt = values.OctetString();
  const std::uint64_t count = values.SmallInteger();
  CheckIterations(count);
  if (values.PeekTag() == ber::kInteger) values.Next();  // keyLength: the cipher tells
  std::string hash = botan_compat::kSha1;                // the default PRF
  if (!values.AtEnd())
    hash = Lookup(kPrfs, values.Enter(ber::kSequence, "a PRF").Oid(), "PRF").hash;
  BerReader scheme = reader.Enter(ber::kSequence, "an encryption scheme");
  const CipherInfo cipher = Lookup(kCiphers, scheme.Oid(), "cipher");
  const SecretBytes iv = scheme.OctetString();
  if (iterations != nullptr) *iterations = static_cast<std::uint32_t>(count);
  const SecretBytes key =
      Pbkdf2(hash, password, salt, static_cast<std::uint32_t>(count), cipher.key_bytes);
  return CbcDecrypt(cipher.name, key, iv, ciphertext);
}

Bytes EncryptPkcs8(ByteView pkcs8, ByteView password, std::uint32_t iterations,
                   RandomSource& random) {
  const Sealed sealed = Pbes2Encrypt(pkcs8, password, iterations, random);
  DerWriter writer;
  writer.Sequence(
      [&](DerWriter& info) { info.Raw(sealed.algorithm).OctetString(sealed.ciphertext); });
  return writer.Take();
}

SecretBytes DecryptPkcs8(ByteView der, ByteView password) {
  BerReader info = BerReader(der).Enter(ber::kSequence, "an EncryptedPrivateKeyInfo");
  BerReader algorithm = info.Enter(ber::kSequence, "an algorithm identifier");
  if (const std::string id = algorithm.Oid(); id != oid::kPbes2) {
    throw Error::OfCause(ErrorKind::kInput, ErrorCause::kUnsupported,
                         "unsupported encryption " + id, kConvertKeyHint);
  }
  const ByteView parameters = algorithm.Next().encoded;
  const SecretBytes ciphertext = info.OctetString();
  SecretBytes pkcs8 = Pbes2Decrypt(parameters, ciphertext, password);
  if (!HasOutlineOfAKey(pkcs8)) WrongPassword();
  return pkcs8;
}

}  // namespace fleetmint
