#include "engine/base/base64.h"

#include <botan/base64.h>
#include <botan/exceptn.h>

#include "engine/base/botan_error.h"
#include "engine/base/error.h"

namespace fleetmint {

std::string Base64Encode(ByteView bytes) {
  return Botan::base64_encode(bytes.data(), bytes.size());
}

Bytes Base64Decode(std::string_view text) {
  try {
    const auto decoded = Botan::base64_decode(text.data(), text.size(), /*ignore_ws=*/false);
    Bytes bytes(decoded.begin(), decoded.end());
    if (Base64Encode(bytes) == text) return bytes;  // Botan also takes what is not canonical
  } catch (const Botan::Exception& error) {
    ThrowIfOutOfMemory(error);
  }
  throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged,
                       "'" + std::string(text.substr(0, 40)) + "' is not base64");
}

}  // namespace fleetmint
