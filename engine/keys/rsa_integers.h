// RsaIntegers: an RSA private key as Botan's integers, and what RFC 8017 asks of them.
//
// Pure functions; any thread. Secret: the integers wipe themselves. Internal to keys/.
#pragma once

#include <botan/bigint.h>

#include "engine/base/bytes.h"

namespace fleetmint {

struct RsaIntegers {
  Botan::BigInt n, e, d, p, q, d_p, d_q, q_inverse;
};

// ReadRsaIntegers reads an unencrypted PrivateKeyInfo. Throws Error(kInput), of cause kDamaged,
// also where a number is negative.
RsaIntegers ReadRsaIntegers(ByteView pkcs8);

// BrokenRelation names the first relation of RFC 8017 3.2 that does not hold, as "n is p q";
// nullptr if all do. That p and q are prime is not tested, and no length and no order is asked for:
// a key of any maker passes, with d modulo lambda(n) or phi(n).
const char* BrokenRelation(const RsaIntegers& numbers);

}  // namespace fleetmint
