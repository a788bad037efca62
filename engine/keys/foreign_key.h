// Keys that others made: what is asked of a CA's key before it signs anything.
//
// Held to RFC 8017 and to no habit of ours: the keys of certtool and keytool have p < q and d
// modulo phi(n), and are good keys. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/base/bytes.h"

namespace fleetmint {

// CheckKeyIsWhole throws Error(kAuthority), of cause kDamaged, if the numbers of an RSA key (an
// unencrypted PrivateKeyInfo) do not fit each other: the file is damaged, and a signature would
// give the key away (Boneh, DeMillo, Lipton 1997) or blame the processor. A few milliseconds; says
// nothing of keys of other kinds, whose public half is all that could fit.
void CheckKeyIsWhole(const SecretBytes& pkcs8);

// CheckForeignKey does that, tests an RSA key's p and q for primality with the rounds for numbers
// that an opponent chose, and signs with the key and verifies with `spki`, of its certificate.
// Throws Error(kAuthority) that names what is wrong.
void CheckForeignKey(const SecretBytes& pkcs8, ByteView spki);

// KeyOddities tells what RFC 8017 allows and others may not: a sentence each, "its ...". The table
// of them is in the .cc.
std::vector<std::string> KeyOddities(const SecretBytes& pkcs8);

}  // namespace fleetmint
