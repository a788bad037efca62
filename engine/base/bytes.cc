#include "engine/base/bytes.h"

#include <botan/exceptn.h>
#include <botan/hash.h>
#include <botan/hex.h>

#include "engine/base/botan_compat.h"
#include "engine/base/error.h"

namespace fleetmint {

std::string ToHex(ByteView bytes) { return Botan::hex_encode(bytes.data(), bytes.size(), false); }

Bytes FromHex(std::string_view hex) {
  try {
    return Botan::hex_decode(hex.data(), hex.size(), /*ignore_ws=*/false);
  } catch (const Botan::Exception&) {
    throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged,
                         "'" + std::string(hex) + "' is not hexadecimal");
  }
}

namespace {

template <typename Digest>
Digest HashOf(const char* name, ByteView bytes) {
  const auto hash = Botan::HashFunction::create_or_throw(name);
  hash->update(bytes.data(), bytes.size());
  Digest digest;
  hash->final(digest.data());
  return digest;
}

}  // namespace

Sha1Digest Sha1(ByteView bytes) { return HashOf<Sha1Digest>(botan_compat::kSha1, bytes); }
Sha256Digest Sha256(ByteView bytes) { return HashOf<Sha256Digest>("SHA-256", bytes); }

}  // namespace fleetmint
