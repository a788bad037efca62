#include "output/pack.h"

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/keys/pbes2.h"
#include "output/pfx.h"

namespace fleetmint {
namespace {

Bytes ToBytes(const std::string& text) { return {text.begin(), text.end()}; }

void PackPem(const PackInput& input, std::span<const Bytes> chain, RandomSource& random,
             std::vector<BundleFile>& files) {
  const Bytes key = EncryptPkcs8(input.pkcs8, input.password, input.iterations, random);
  files.push_back({"key.pem", ToBytes(PemEncode("ENCRYPTED PRIVATE KEY", key))});
  files.push_back({"crt.pem", ToBytes(PemEncode("CERTIFICATE", input.certificate))});
  if (chain.empty()) return;
  std::string text;
  for (const Bytes& certificate : chain) text += PemEncode("CERTIFICATE", certificate);
  files.push_back({"chain.pem", ToBytes(text)});
}

[[noreturn]] void Bad(const std::string& reason) { throw Error(ErrorKind::kFindings, reason); }

OpenedBundle OpenPfx(const BundleFile& file, ByteView password) {
  DecodedPfx pfx = DecodePfx(file.content, password);
  if (!pfx.key_certificate) Bad("no certificate in ." + file.extension + " belongs to its key");
  OpenedBundle bundle{std::move(pfx.pkcs8), {}, {}, {}};
  for (std::size_t i = 0; i < pfx.certificates.size(); ++i) {
    if (i == *pfx.key_certificate) {
      bundle.certificate = std::move(pfx.certificates[i]);
    } else {
      bundle.chain.push_back(std::move(pfx.certificates[i]));
    }
  }
  // The Windows key spec travels inside the PKCS#8; the key itself is the same without it.
  bundle.pfx = std::move(pfx);
  return bundle;
}

// Version, algorithm and key of a PrivateKeyInfo: the key without its attributes (RFC 5208 5).
SecretBytes WithoutAttributes(const SecretBytes& pkcs8) {
  BerReader info = BerReader(pkcs8).Enter(ber::kSequence, "a PrivateKeyInfo");
  SecretBytes key;
  for (int i = 0; i < 3; ++i) {
    const ByteView element = info.Next().encoded;
    key.insert(key.end(), element.begin(), element.end());
  }
  return key;
}

void CheckAgreement(const OpenedBundle& pfx, const OpenedBundle& pem) {
  static const std::string both = "the PFX and the PEM files hold different ";
  if (pfx.certificate != pem.certificate) Bad(both + "certificates");
  if (WithoutAttributes(pfx.pkcs8) != WithoutAttributes(pem.pkcs8)) Bad(both + "keys");
  if (pfx.chain != pem.chain) Bad(both + "chains");
}

// The blocks of one PEM file; all must have the label.
std::vector<PemBlock> PemBlocks(std::span<const BundleFile> files, const std::string& extension,
                                const std::string& label) {
  for (const BundleFile& file : files) {
    if (file.extension != extension) continue;
    auto blocks = PemDecodeAll(AsText(file.content));
    for (const PemBlock& block : blocks) {
      if (block.label != label) Bad("." + extension + " holds a '" + block.label + "'");
    }
    return blocks;
  }
  return {};
}

OpenedBundle OpenPem(std::span<const BundleFile> files, ByteView password) {
  const auto keys = PemBlocks(files, "key.pem", "ENCRYPTED PRIVATE KEY");
  const auto certificates = PemBlocks(files, "crt.pem", "CERTIFICATE");
  if (keys.size() != 1 || certificates.size() != 1) Bad("not one key and one certificate in PEM");
  OpenedBundle bundle{DecryptPkcs8(keys[0].der, password),
                      {certificates[0].der.begin(), certificates[0].der.end()},
                      {},
                      {}};
  for (const PemBlock& block : PemBlocks(files, "chain.pem", "CERTIFICATE")) {
    bundle.chain.emplace_back(block.der.begin(), block.der.end());
  }
  return bundle;
}

}  // namespace

std::span<const Bytes> BundleChainOf(BundleChain part, std::span<const Bytes> chain) {
  switch (part) {
    case BundleChain::kNone:
      return {};
    case BundleChain::kIssuing:
      return chain.first(std::min<std::size_t>(1, chain.size()));
    case BundleChain::kFull:
      return chain;
  }
  return {};
}

std::string KeyContainerName(std::string_view fleet, std::string_view endpoint,
                             const Serial& serial) {
  return std::string(fleet) + "-" + std::string(endpoint) + "-" + SerialHex(serial).substr(0, 8);
}

std::vector<BundleFile> PackBundle(const PackInput& input, RandomSource& random) {
  CheckPassword(input.password);
  const std::span<const Bytes> chain = BundleChainOf(input.spec.chain, input.chain);
  std::vector<BundleFile> files;
  if (input.spec.pfx) {
    const PfxContents contents{.pkcs8 = input.pkcs8,
                               .certificate = input.certificate,
                               .chain = chain,
                               .friendly_name = input.spec.friendly_name,
                               .description = input.spec.description,
                               .key_container_name = input.key_container_name,
                               .csp = input.spec.csp,
                               .key_spec = input.spec.key_spec,
                               .machine_keys = input.spec.machine_keys,
                               .encryption = input.spec.encryption,
                               .iterations = input.iterations};
    files.push_back({"pfx", EncodePfx(contents, input.password, random)});
  }
  if (input.spec.pem) PackPem(input, chain, random, files);
  return files;
}

OpenedBundle OpenBundle(std::span<const BundleFile> files, ByteView password) {
  try {
    std::optional<OpenedBundle> pfx, pem;
    for (const BundleFile& file : files) {
      if (file.extension == "pfx") pfx = OpenPfx(file, password);
      if (file.extension == "key.pem") pem = OpenPem(files, password);
    }
    if (!pfx && !pem) Bad("the bundle holds no key");
    if (pfx && pem) CheckAgreement(*pfx, *pem);
    return pfx ? std::move(*pfx) : std::move(*pem);
  } catch (const Error& error) {
    throw Error::About(ErrorKind::kFindings, {}, error);
  }
}

}  // namespace fleetmint
