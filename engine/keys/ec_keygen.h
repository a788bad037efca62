// ECDSA keys from a random stream. Internal to keys/: callers use generate.h.
#pragma once

#include <botan/bigint.h>

#include "engine/base/random.h"
#include "engine/keys/private_key.h"

namespace fleetmint {

// DrawScalar gives a scalar in [1, order), big endian, of as many octets as the order has: drawn,
// and drawn again where they are no such number (FIPS 186-5 A.2.2). Of the order of
// P-256, whose top 32 bits are ones, that is so once in 2^32; of that of P-384 hardly ever.
SecretBytes DrawScalar(RandomSource& source, const Botan::BigInt& order);

// GenerateEcdsaKey makes one key on P-256 or P-384 (`bits`), the scalar drawn from `scalar` by
// FIPS 186-5 A.2.2 (rejection). Passed a pairwise consistency test, which `test` blinds. Any
// thread.
PrivateKey GenerateEcdsaKey(std::uint32_t bits, RandomStream& scalar, RandomStream& test);

}  // namespace fleetmint
