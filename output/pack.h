// Pack: a key and its certificates become the files of a bundle, by the BundleSpec; and back.
// Pure functions; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/random.h"
#include "engine/base/serial.h"
#include "engine/keys/private_key.h"
#include "output/pfx.h"
#include "profiles/bundle_spec.h"

namespace fleetmint {

// BundleFile is one file of a bundle; `extension` without the leading dot.
struct BundleFile {
  std::string extension;  // "pfx", "key.pem", "crt.pem", "chain.pem"
  Bytes content;          // private keys in it are encrypted
};

// KeyContainerName gives the name that a bundle's key has in a Windows key store, and its alias in
// others: <fleet>-<endpoint>-<first 8 hex of serial>, unique for each bundle.
std::string KeyContainerName(std::string_view fleet, std::string_view endpoint,
                             const Serial& serial);

// BundleChainOf gives the part of a chain (issuing CA first, root last) that travels in a bundle.
std::span<const Bytes> BundleChainOf(BundleChain part, std::span<const Bytes> chain);

// PackInput is what PackBundle needs. Views must outlive the call.
struct PackInput {
  const BundleSpec& spec;
  ByteView pkcs8;
  ByteView certificate;          // DER
  std::span<const Bytes> chain;  // DER, issuing CA first, root last; PackBundle takes its part
  std::string key_container_name;
  ByteView password;
  std::uint32_t iterations = 2048;
};

// PackBundle makes the files: "pfx" if spec.pfx; "key.pem" (PKCS#8, PBES2 AES-256), "crt.pem" and
// "chain.pem" if spec.pem. The file with the key comes first. Throws Error(kInput) on a password
// that CheckPassword refuses.
std::vector<BundleFile> PackBundle(const PackInput& input, RandomSource& random);

// OpenedBundle is what a bundle's files hold.
struct OpenedBundle {
  SecretBytes pkcs8;
  Bytes certificate;              // the endpoint's own, DER
  std::vector<Bytes> chain;       // the others, DER
  std::optional<DecodedPfx> pfx;  // the PFX's attributes, where there is one; without its contents
};

// OpenBundle opens the files of one bundle with its password and checks that the formats agree with
// each other. Does not look into the certificates, nor whether they belong to the key (of a PFX:
// its localKeyID says so). Errors: kFindings, with the reason; a cause as of DecodePfx and
// DecryptPkcs8 where the files cannot be opened.
OpenedBundle OpenBundle(std::span<const BundleFile> files, ByteView password);

}  // namespace fleetmint
