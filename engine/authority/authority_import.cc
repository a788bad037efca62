// The organization's own CA: `ca import`, and `ca request` / `ca install` for an issuing CA under
// AD CS or any other root.
#include <botan/pk_keys.h>
#include <botan/pkcs10.h>

#include <algorithm>
#include <memory>

#include "engine/authority/key_file.h"
#include "engine/authority/new_authority.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/base/wipe.h"
#include "engine/keys/foreign_key.h"
#include "engine/keys/generate.h"
#include "engine/keys/weak_modulus.h"
#include "engine/x509/chain.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

// Root first: "root", "intermediate-1", ..., "issuing"; a chain of one is "issuing" alone.
std::vector<std::string> TierNames(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    names.push_back(i == 0 ? "root" : "intermediate-" + std::to_string(i));
  }
  names.emplace_back("issuing");
  return names;
}

// RFC 2986: CertificationRequestInfo { v1, subject, spki, attributes [0] empty }.
std::string MakeRequest(const Name& subject, Signer& signer) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& info) {
    info.Integer(0).Raw(subject.Encode()).Raw(signer.spki()).Context(0, [](DerWriter&) {});
  });
  const Bytes info = writer.Take();
  const ByteView message = info;
  const Bytes request =
      AssembleSigned(info, signer.algorithm(), signer.Sign({&message, 1}).front());
  return PemEncode("CERTIFICATE REQUEST", request);
}

}  // namespace

std::vector<Certificate> ParseChain(ByteView pem, const Clock& clock) {
  std::vector<Certificate> chain;
  try {
    for (const PemBlock& block : PemDecodeAll(AsText(pem))) {
      if (block.label == "CERTIFICATE") chain.push_back(Certificate::Parse(block.der));
    }
  } catch (const Error& error) {
    throw Error::About(ErrorKind::kAuthority, "cannot read the chain", error);
  }
  if (chain.empty()) {
    throw Error::WithHint(
        ErrorKind::kAuthority, "the chain holds no certificate",
        "give a PEM file: the issuing certificate first, then its issuers up to the root");
  }
  std::vector<Fault> faults;
  for (std::string& fault : ChainFaults(chain, clock.Now())) {
    faults.push_back({std::move(fault), {}, ""});
  }
  for (const Certificate& certificate : chain) {
    if (const auto reason = WeakKeyReason(certificate.spki())) {
      faults.push_back({"the key of the CA certificate '" + NameToString(certificate.subject()) +
                            "' is weak: " + *reason,
                        {},
                        "have the CA make a new key"});
    }
  }
  if (faults.empty()) return chain;
  if (faults.front().hint.empty())
    faults.front().hint = "issuing certificate first, then each one's issuer, the root last";
  throw Error(ErrorKind::kAuthority, std::move(faults));
}

namespace {

// The rows of a chain (issuing certificate first), root first; the issuing one has our key.
std::vector<NewIssuer> IssuersOf(const std::vector<Certificate>& chain) {
  const std::vector<std::string> names = TierNames(chain.size());
  std::vector<NewIssuer> issuers;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Certificate& certificate = chain[chain.size() - 1 - i];
    const bool leaves = i + 1 == names.size();
    issuers.push_back({.tier = names[i],
                       .generation = 1,
                       .parent = std::nullopt,
                       .leaves = leaves,
                       .key_file = leaves ? FileOf(names[i], 1, ".key") : "",
                       .der = certificate.der(),
                       .scope = ScopeOf(certificate)});
  }
  return issuers;
}

Authority ImportKey(const std::string& path, const ImportedCa& ca,
                    const std::vector<Certificate>& certificates,
                    const NewAuthorityOptions& options) {
  const SecretBytes pkcs8 = DecodeKeyFile(ca.key, ca.key_passphrase, "the CA key to import");
  const auto signer = MakeSoftwareSigner(pkcs8);
  const Issuer check(0, IssuerCertificate::Of(certificates.front()), *signer, {});
  CheckForeignKey(pkcs8, signer->spki());
  if (options.log != nullptr) {
    for (const std::string& text : KeyOddities(pkcs8)) options.log->Warning("the CA key: " + text);
  }

  NewAuthority made(path, options.random);
  made.Begin(options.passphrase);
  const std::vector<NewIssuer> issuers = IssuersOf(certificates);
  for (const NewIssuer& issuer : issuers) made.WriteCertificate(issuer.tier, issuer.der);
  made.WriteKey(issuers.back().tier, pkcs8);
  made.NewLedger().AddIssuers(issuers, options.clock.Now());
  return made.Finish();
}

}  // namespace

Authority Authority::Import(const std::string& path, const ImportedCa& ca,
                            const NewAuthorityOptions& options) {
  const std::vector<Certificate> certificates = ParseChain(ca.chain, options.clock);
  return WithWipedStack(kSecretStack, [&] { return ImportKey(path, ca, certificates, options); });
}

std::pair<Authority, std::string> Authority::Request(const std::string& path, const Tier& tier,
                                                     const NewAuthorityOptions& options) {
  NewAuthority made(path, options.random);
  made.Begin(options.passphrase);
  IndependentCheck check(/*interval=*/1);
  const PrivateKey key = std::move(
      GenerateKeys(tier.key, options.streams, {&tier.name, 1}, options.stop, CaKeyOptions(check))
          .front());
  const auto signer = MakeSoftwareSigner(key.pkcs8());
  const std::string request = MakeRequest(tier.certificate.subject, *signer);
  NewIssuer waiting;
  waiting.tier = TierNames(1).front();
  waiting.leaves = true;
  waiting.key_file = FileOf(waiting.tier, 1, ".key");
  made.WriteKey(waiting.tier, key.pkcs8());
  made.directory().CreateDurably(kRequestFile, AsBytes(request));
  made.NewLedger().AddIssuers({&waiting, 1}, options.clock.Now());
  return {made.Finish(), request};
}

bool Authority::Install(ByteView chain, const Clock& clock) {
  const std::vector<Certificate> certificates = ParseChain(chain, clock);
  const auto waiting = std::find_if(issuers_.begin(), issuers_.end(), [](const auto& issuer) {
    return issuer.row.state == IssuerState::kNext && issuer.row.der.empty();
  });
  if (waiting == issuers_.end()) {
    const bool installed =
        std::equal(certificates.begin(), certificates.end(), chain_ders_.begin(), chain_ders_.end(),
                   [](const Certificate& one, const Bytes& der) { return one.der() == der; });
    if (installed) return false;
    throw Error::WithHint(ErrorKind::kAuthority, "this authority waits for no certificate",
                          "`ca install` completes what `ca request` began");
  }
  const Bytes request = directory().Read(kRequestFile);
  const SecretBytes request_der = PemDecodeAll(AsText(request)).front().der;
  const Botan::PKCS10_Request parsed(Bytes(request_der.begin(), request_der.end()));
  const std::unique_ptr<Botan::Public_Key> key(parsed.subject_public_key());
  if (key->subject_public_key() != certificates.front().spki()) {
    throw Error::WithHint(ErrorKind::kAuthority,
                          "the certificate was not made for this authority's request",
                          "have '" + directory().PathOf(kRequestFile) + "' signed");
  }
  const std::vector<NewIssuer> issuers = IssuersOf(certificates);
  for (const NewIssuer& issuer : issuers) {
    directory().WriteDurably(FileOf(issuer.tier, issuer.generation, ".crt"),
                             AsBytes(PemEncode("CERTIFICATE", issuer.der)));
  }
  // The moment from which it counts.
  ledger_.InstallIssuer(waiting->row.id, issuers.back(),
                        std::span(issuers).first(issuers.size() - 1), clock.Now());
  ReadIssuers();
  return true;
}

}  // namespace fleetmint
