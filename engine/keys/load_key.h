// DER keys -> Botan's key objects, for those who sign and verify with Botan.
#pragma once

#include <botan/pk_keys.h>

#include <memory>
#include <optional>

#include "engine/base/bytes.h"
#include "engine/keys/key_spec.h"

namespace fleetmint {

// LoadPkcs8 reads an unencrypted PrivateKeyInfo, LoadSpki a SubjectPublicKeyInfo. They throw
// Botan::Exception on what they cannot read: the caller knows whose fault that is. Any thread; the
// objects they return are for one thread at a time.
std::unique_ptr<Botan::Private_Key> LoadPkcs8(const SecretBytes& pkcs8);
std::unique_ptr<Botan::Public_Key> LoadSpki(ByteView spki);

// SpecOf tells what kind of key it is: RSA of any length, ECDSA on P-256 or P-384; nothing for
// others.
std::optional<KeySpec> SpecOf(const Botan::Public_Key& key);

}  // namespace fleetmint
