// DER keys -> Botan's key objects, for those who sign and verify with Botan.
#pragma once

#include <botan/pk_keys.h>

#include <memory>

#include "engine/base/bytes.h"

namespace fleetmint {

// LoadPkcs8 reads an unencrypted PrivateKeyInfo, LoadSpki a SubjectPublicKeyInfo. They throw
// Botan::Exception on what they cannot read: the caller knows whose fault that is. Any thread; the
// objects they return are for one thread at a time.
std::unique_ptr<Botan::Private_Key> LoadPkcs8(const SecretBytes& pkcs8);
std::unique_ptr<Botan::Public_Key> LoadSpki(ByteView spki);

}  // namespace fleetmint
