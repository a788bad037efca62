// PFX files for the tests of encoder and decoder, and other programs' way to open them.
#pragma once

#include <string>

#include "output/pfx.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_chain.h"

namespace fleetmint {

inline constexpr const char* kPassword = "Zx9 ~!\"$&'\\`pass";  // ASCII that a shell would mangle
inline constexpr const char* kCapi = "Microsoft Enhanced RSA and AES Cryptographic Provider";

// FullContents gives a PFX with everything an encoder can be asked for.
inline PfxContents FullContents(const TestIdentity& identity, PfxEncryption encryption) {
  return {.pkcs8 = identity.key.pkcs8(),
          .certificate = identity.certificate,
          .chain = identity.chain,
          .friendly_name = "ObserveIT agent w\xC3\xA4-0001",
          .description = "mTLS client certificate of ws-0001",
          .key_container_name = "acme-agents-ws-0001-4f2a9c01",
          .csp = kCapi,
          .key_spec = WindowsKeySpec::kSignature,
          .machine_keys = true,
          .encryption = encryption,
          .iterations = kDerivedPasswordIterations};
}

// BareContents gives the least: key and certificate.
inline PfxContents BareContents(const TestIdentity& identity, PfxEncryption encryption) {
  return {.pkcs8 = identity.key.pkcs8(),
          .certificate = identity.certificate,
          .chain = {},
          .friendly_name = {},
          .description = {},
          .key_container_name = {},
          .csp = {},
          .encryption = encryption};
}

inline Bytes Encode(const PfxContents& contents, const char* password = kPassword) {
  SystemRandom random;
  return EncodePfx(contents, AsBytes(password), random);
}

// OpensslPkcs12 runs `openssl pkcs12 -in FILE` with the password in a file.
inline ProgramResult OpensslPkcs12(const TempDir& temp, const std::string& file,
                                   std::string_view password, std::vector<std::string> options) {
  temp.Write("openssl.password", password);
  std::vector<std::string> argv{"openssl", "pkcs12",  "-in",
                                file,      "-passin", "file:" + temp / "openssl.password"};
  argv.insert(argv.end(), options.begin(), options.end());
  return RunProgram(argv);
}

}  // namespace fleetmint
