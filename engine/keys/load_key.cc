#include "engine/keys/load_key.h"

#include <botan/data_src.h>
#include <botan/pkcs8.h>
#include <botan/x509_key.h>

namespace fleetmint {

std::unique_ptr<Botan::Private_Key> LoadPkcs8(const SecretBytes& pkcs8) {
  Botan::DataSource_Memory source(pkcs8);
  return Botan::PKCS8::load_key(source);
}

std::unique_ptr<Botan::Public_Key> LoadSpki(ByteView spki) {
  Botan::DataSource_Memory source(spki.data(), spki.size());
  return std::unique_ptr<Botan::Public_Key>(Botan::X509::load_key(source));
}

}  // namespace fleetmint
