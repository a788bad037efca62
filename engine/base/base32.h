// Base32 (RFC 4648 6): the digits of passwords, which people read to each other.
#pragma once

#include <cstddef>

#include "engine/base/bytes.h"

namespace fleetmint {

// Base32 gives the first `digits` digits of `bytes`, upper case, most significant bits first,
// without padding; fewer if the bytes do not give as many. Bits that are missing in the last digit
// are 0. Pure; any thread.
SecretBytes Base32(ByteView bytes, std::size_t digits);

}  // namespace fleetmint
