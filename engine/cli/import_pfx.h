// The CA in a PFX, as `ca import --pfx` takes it.
#pragma once

#include <string>

#include "engine/authority/passphrase.h"
#include "engine/base/bytes.h"

namespace fleetmint::cli {

struct CaInPfx {
  SecretBytes key;    // PKCS#8
  std::string chain;  // PEM: the key's certificate, then its issuers as far as the file has them
};

// ReadCaPfx opens a PFX; `password` is asked only where there is one. Errors: kAuthority, with a
// line of openssl as the hint where the file is of a kind that is not read.
CaInPfx ReadCaPfx(const std::string& path, PassphraseSource& password);

}  // namespace fleetmint::cli
