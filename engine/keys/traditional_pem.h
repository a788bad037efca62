// Keys that OpenSSL has encrypted in its traditional way: PEM with "Proc-Type: 4,ENCRYPTED" and
// "DEK-Info: CIPHER,IV" (RFC 1421 4.6.1.3; the key by EVP_BytesToKey with MD5 and one round, which
// resists no guessing: read only). Pure functions; any thread.
#pragma once

#include <string_view>

#include "engine/base/bytes.h"

namespace fleetmint {

// DecryptTraditional opens one. Errors: kInput of cause kWrongPassword; kUnsupported: another
// cipher than AES and 3DES in CBC; kDamaged: not of that form. A wrong password may seem right,
// once in 256: the caller looks at the structure.
SecretBytes DecryptTraditional(ByteView ciphertext, std::string_view dek_info, ByteView password);

}  // namespace fleetmint
