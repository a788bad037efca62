// The organization's own CA: `ca import`, and `ca request` / `ca install` for an issuing CA under
// AD CS or any other root.
#include <botan/pk_keys.h>
#include <botan/pkcs10.h>

#include "engine/authority/authority_impl.h"
#include "engine/authority/key_file.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
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
    throw Error(ErrorKind::kAuthority, "cannot read the chain: " + error.faults().front().message);
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

Authority Authority::Import(const std::string& path, ByteView key, PassphraseSource* key_passphrase,
                            ByteView chain, PassphraseSource* passphrase, RandomSource& random,
                            const Clock& clock) {
  const std::vector<Certificate> certificates = ParseChain(chain, clock);
  const SecretBytes pkcs8 = DecodeKeyFile(key, key_passphrase, "the CA key to import");
  const auto signer = MakeSoftwareSigner(pkcs8);
  const Issuer check(IssuerCertificate::Parse(certificates.front().der()), *signer);

  NewAuthority made(path, random);
  made.Begin(passphrase);
  const std::vector<std::string> names = TierNames(certificates.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    made.WriteCertificate(names[i], certificates[certificates.size() - 1 - i].der());
  }
  made.WriteKey(names.back(), pkcs8);
  Ledger::Create(made.directory().PathOf(kLedgerFile), made.id());
  return made.Finish(names);
}

std::pair<Authority, std::string> Authority::Request(const std::string& path, const TierPlan& tier,
                                                     PassphraseSource* passphrase,
                                                     RandomSource& random, StreamFactory& streams,
                                                     const Clock&) {
  NewAuthority made(path, random);
  made.Begin(passphrase);
  std::vector<KeyStreams> pair;
  pair.push_back(OpenKeyStreams(streams, tier.name));
  IndependentCheck check(/*interval=*/1);
  const PrivateKey key = std::move(GenerateKeys(tier.key, pair, {}, CaKeyOptions(check)).front());
  const auto signer = MakeSoftwareSigner(key.pkcs8());
  const std::string request = MakeRequest(tier.certificate.subject, *signer);
  made.WriteKey(TierNames(1).front(), key.pkcs8());
  made.directory().CreateDurably(kRequestFile, AsBytes(request));
  Ledger::Create(made.directory().PathOf(kLedgerFile), made.id());
  return {made.Finish(TierNames(1)), request};
}

void Authority::Install(ByteView chain, const Clock& clock) {
  const std::vector<Certificate> certificates = ParseChain(chain, clock);
  const Directory& directory = impl_->directory;
  if (!directory.Exists(kRequestFile)) {
    throw Error::WithHint(ErrorKind::kAuthority, "this authority waits for no certificate",
                          "`ca install` completes what `ca request` began");
  }
  const Bytes request = directory.Read(kRequestFile);
  const SecretBytes request_der = PemDecodeAll(AsText(request)).front().der;
  const Botan::PKCS10_Request parsed(Bytes(request_der.begin(), request_der.end()));
  const std::unique_ptr<Botan::Public_Key> key(parsed.subject_public_key());
  if (key->subject_public_key() != certificates.front().spki()) {
    throw Error::WithHint(ErrorKind::kAuthority,
                          "the certificate was not made for this authority's request",
                          "have '" + directory.PathOf(kRequestFile) + "' signed");
  }
  const std::vector<std::string> names = TierNames(certificates.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string pem =
        PemEncode("CERTIFICATE", certificates[certificates.size() - 1 - i].der());
    directory.WriteDurably(CertificateFile(names[i]), AsBytes(pem));
  }
  std::string tiers;
  for (const std::string& name : names) tiers += (tiers.empty() ? "" : ", ") + name;
  const std::string text =
      "# A fleetmint authority. Secret; back up the whole directory.\nauthority: " + impl_->id +
      "\nencrypted: " + (impl_->encrypted ? "true" : "false") + "\nsigner: file\ntiers: [" + tiers +
      "]\n";
  directory.WriteDurably(kAuthorityFile, AsBytes(text));  // the moment from which it counts
  impl_->tiers = names;
  impl_->ReadCertificates();
}

}  // namespace fleetmint
