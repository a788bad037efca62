#include "engine/keys/traditional_pem.h"

#include <botan/hash.h>

#include <algorithm>
#include <array>
#include <string>

#include "engine/base/error.h"
#include "engine/keys/pbes2.h"

namespace fleetmint {
namespace {

struct Cipher {
  std::string_view name, botan;
  std::size_t key, block;  // bytes
};
constexpr std::array<Cipher, 4> kCiphers{{{"AES-128-CBC", "AES-128/CBC/PKCS7", 16, 16},
                                          {"AES-192-CBC", "AES-192/CBC/PKCS7", 24, 16},
                                          {"AES-256-CBC", "AES-256/CBC/PKCS7", 32, 16},
                                          {"DES-EDE3-CBC", "TripleDES/CBC/PKCS7", 24, 8}}};

// D_i = MD5(D_{i-1} || password || salt), one after the other until the key is full.
SecretBytes BytesToKey(ByteView password, ByteView salt, std::size_t size) {
  const auto md5 = Botan::HashFunction::create_or_throw("MD5");
  SecretBytes key, last;
  while (key.size() < size) {
    md5->update(last.data(), last.size());
    md5->update(password.data(), password.size());
    md5->update(salt.data(), salt.size());
    last = md5->final();
    key.insert(key.end(), last.begin(), last.end());
  }
  key.resize(size);
  return key;
}

}  // namespace

SecretBytes DecryptTraditional(ByteView ciphertext, std::string_view dek_info, ByteView password) {
  constexpr std::size_t kSalt = 8;
  const std::size_t comma = dek_info.find(',');
  const std::string_view name = dek_info.substr(0, comma);
  const auto* const cipher = std::find_if(kCiphers.begin(), kCiphers.end(),
                                          [&](const Cipher& known) { return known.name == name; });
  if (cipher == kCiphers.end()) {
    throw Error::OfCause(
        ErrorKind::kInput, ErrorCause::kUnsupported,
        "the key is encrypted with " + std::string(name) + ", which is not supported",
        kConvertKeyHint);
  }
  const Bytes iv = comma == std::string_view::npos ? Bytes() : FromHex(dek_info.substr(comma + 1));
  if (iv.size() != cipher->block) {
    throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged,
                         "the DEK-Info line of the key is damaged");
  }
  const SecretBytes key = BytesToKey(password, ByteView(iv).first(kSalt), cipher->key);
  return CbcDecrypt(std::string(cipher->botan), key, iv, ciphertext);
}

}  // namespace fleetmint
