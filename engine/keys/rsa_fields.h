// RSA fields: the numbers of an RSA key as its encoding has them. Internal to keys/.
//
// Views into what was read: contents of INTEGERs, big endian, with a leading zero where the top bit
// is set. Nothing is said of the numbers, not even that they are positive. Errors: kInput, of cause
// kDamaged. Pure functions; any thread.
#pragma once

#include <optional>

#include "engine/base/bytes.h"

namespace fleetmint {

// RsaPrivateFields are those of RFC 8017 appendix A.1.2.
struct RsaPrivateFields {
  ByteView n, e, d, p, q, d_p, d_q, q_inverse;
};

struct RsaPublicFields {
  ByteView n, e;
};

// ReadRsaPkcs8 reads an unencrypted PrivateKeyInfo in DER; the algorithm is the caller's to know.
RsaPrivateFields ReadRsaPkcs8(ByteView pkcs8);

// ReadRsaSpki reads a SubjectPublicKeyInfo; nothing if it is one of another algorithm.
std::optional<RsaPublicFields> ReadRsaSpki(ByteView spki);

}  // namespace fleetmint
