// Base64 (RFC 4648 4), with padding and without line breaks. PEM has its own reader (pem.h).
//
// Not for secrets: what it returns is not wiped. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace fleetmint {

std::string Base64Encode(ByteView bytes);

// Base64Decode takes exactly what Base64Encode gives: no white space, no missing padding, no bits
// behind the last byte. Throws Error(kInput), of cause kDamaged, on anything else.
Bytes Base64Decode(std::string_view text);

}  // namespace fleetmint
