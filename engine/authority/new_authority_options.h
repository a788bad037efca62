// What it takes to make an authority. Views and references must outlive the call.
#pragma once

#include <optional>
#include <stop_token>

#include "engine/authority/passphrase.h"
#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/random.h"
#include "engine/base/test_mark.h"

namespace fleetmint {

namespace prime {
struct Kernel;
}

struct NewAuthorityOptions {
  RandomSource& random;
  StreamFactory& streams;
  const Clock& clock;
  PassphraseSource* passphrase = nullptr;  // null: keys are stored unencrypted
  std::stop_token stop = {};               // polled between primes; then kInterrupted is thrown
  Log* log = nullptr;                      // what is odd about an imported key; null: nobody
  const prime::Kernel* kernel = nullptr;   // that searches the keys' primes; null: the best
  std::optional<TestMark> test = {};       // of Init: it becomes a test authority
};

// ImportedCa is an organization's own issuing CA.
struct ImportedCa {
  ByteView key;    // PKCS#8 PEM or DER, or a traditional RSA/EC key
  ByteView chain;  // PEM, DER or PKCS#7 (certificate_file.h): the issuing one first, the root last
  PassphraseSource* key_passphrase = nullptr;  // asked if the key is encrypted
};

}  // namespace fleetmint
