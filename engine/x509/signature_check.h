// SignatureCheck: whether a key has signed a certificate, a CRL or a request (RFC 5280 4.1.1), by
// Botan's arithmetic and our own reading. Pure; any thread.
#pragma once

#include "engine/base/bytes.h"

namespace fleetmint {

// IsSignedBy tells whether the key `spki` (DER) has made the signature of SEQUENCE { what is
// signed, algorithm, signature }. RSA (PKCS#1 1.5 and PSS), ECDSA and Ed25519, with SHA-1 and
// SHA-2. False where the algorithm is another one, or what was given is of another form.
bool IsSignedBy(ByteView signed_object, ByteView spki);

// IsKnownSignature tells whether that is of an algorithm that IsSignedBy knows.
bool IsKnownSignature(ByteView signed_object);

}  // namespace fleetmint
