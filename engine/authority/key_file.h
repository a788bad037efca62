// Key files of the authority: PEM, PKCS#8, encrypted where there is a passphrase. Internal.
#pragma once

#include <optional>
#include <string>

#include "engine/authority/passphrase.h"
#include "engine/authority/signer.h"
#include "engine/base/durable_file.h"
#include "engine/base/random.h"

namespace fleetmint {

// CA keys and the fleet key are encrypted with as many iterations as readers take without
// complaint.
inline constexpr std::uint32_t kCaKeyIterations = 600'000;

// EncodeKeyFile gives the PEM text: "ENCRYPTED PRIVATE KEY" under a passphrase, else "PRIVATE KEY".
SecretBytes EncodeKeyFile(const SecretBytes& pkcs8, const std::optional<SecretBytes>& passphrase,
                          RandomSource& random);

// DecodeKeyFile reads PKCS#8 (PEM or DER, encrypted or not) and the traditional RSA and EC formats
// of `openssl`, plain or encrypted by PEM headers. `passphrase` is asked only if the key is
// encrypted; `what` names the key in errors. Errors: kAuthority: wrong passphrase, no key, a format
// that is not supported.
SecretBytes DecodeKeyFile(ByteView content, PassphraseSource* passphrase, const std::string& what);

// LoadSigner gives a signer with the key of a key file.
std::unique_ptr<Signer> LoadSigner(ByteView content, PassphraseSource* passphrase,
                                   const std::string& what, const prime::Kernel* kernel = nullptr);

}  // namespace fleetmint
