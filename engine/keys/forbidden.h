// Keys and signatures that nobody should accept any more, for test fleets: see TestMark. Neither
// the key generator nor the signers can make them.
#pragma once

#include <cstdint>

#include "engine/base/random.h"
#include "engine/base/test_mark.h"
#include "engine/keys/private_key.h"

namespace fleetmint {

// MakeForbiddenRsaKey makes an RSA key of any length that 128 divides, and any odd public exponent
// above 1: a function of the two streams, from which each prime is searched upwards. The KeySpec
// that the result says names the length alone. Any thread.
PrivateKey MakeForbiddenRsaKey(TestMark, std::uint32_t bits, std::uint32_t exponent,
                               RandomStream& p, RandomStream& q);

// SignWithSha1 gives RSASSA-PKCS1-v1_5 or ECDSA (RFC 6979, a DER sequence) with SHA-1; `pkcs8` is
// an unencrypted PrivateKeyInfo. Any thread.
Bytes SignWithSha1(TestMark, const SecretBytes& pkcs8, ByteView message);

}  // namespace fleetmint
