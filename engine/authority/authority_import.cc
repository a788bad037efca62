// The organization's own CA: `ca import`, and `ca request` / `ca install` for an issuing CA under
// AD CS or any other root.
#include <botan/pk_keys.h>
#include <botan/pkcs10.h>

#include <algorithm>
#include <memory>

#include "engine/authority/key_file.h"
#include "engine/authority/new_authority.h"
#include "engine/authority/new_tier.h"
#include "engine/base/der.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/base/text_file.h"
#include "engine/base/wipe.h"
#include "engine/keys/foreign_key.h"
#include "engine/keys/weak_modulus.h"
#include "engine/x509/certificate_file.h"
#include "engine/x509/chain.h"
#include "engine/x509/leaf_rules.h"
#include "engine/x509/name.h"
#include "engine/x509/oids.h"

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

namespace {

// What is wrong with a chain, and what it asks of endpoints. An extension that is damaged within is
// the chain's fault, too.
std::pair<std::vector<PathFault>, LeafRules> Judge(std::span<const Certificate> chain, Time now) {
  try {
    return {ChainFaults(chain, now), LeafRules(chain)};
  } catch (const Error& error) {
    throw Error::About(ErrorKind::kAuthority, "cannot read the chain", error);
  }
}

// What may become of endpoints below a chain, said before there are any.
void WarnOfLeaves(std::span<const Certificate> chain, const LeafRules& rules, Log& log) {
  const Certificate& issuing = chain.front();
  const std::string whose = "the CA '" + NameToString(issuing.subject()) + "'";
  if (!issuing.MaySignCrls()) {
    log.Warning(whose +
                " may not sign CRLs (its key usage lacks cRLSign): no server will learn of "
                "revocations");
  }
  for (const char* const usage : {"client_auth", "server_auth"}) {
    const std::vector<std::string> usages{*ExtendedKeyUsageOid(usage)};
    LeafFields leaf;
    leaf.extended_key_usage = usages;
    for (const Fault& fault : rules.Faults(leaf)) {
      log.Warning(fault.message + ": no endpoint's certificate may have it");
    }
  }
  for (const Certificate& ca : chain) {
    if (ca.Extension(oid::kNameConstraints) == nullptr) continue;
    log.Warning("the CA '" + NameToString(ca.subject()) +
                "' has name constraints: fleetmint check FLEET --ca says which names they forbid");
  }
}

}  // namespace

std::vector<Certificate> ParseChain(ByteView file, const Clock& clock, Log* log) {
  std::vector<Certificate> chain;
  if (const auto fault = Utf16Fault(AsText(file), "CHAIN")) {
    throw Error::WithHint(ErrorKind::kAuthority, "cannot read the chain: it is in UTF-16",
                          fault->hint);
  }
  try {
    for (Certificate& one : ReadCertificates(file)) {  // each once, however often it is there
      const bool known = std::any_of(chain.begin(), chain.end(), [&](const Certificate& other) {
        return other.der() == one.der();
      });
      if (!known) chain.push_back(std::move(one));
    }
  } catch (const Error& error) {
    throw Error::About(ErrorKind::kAuthority, "cannot read the chain", error);
  }
  if (chain.empty()) {
    throw Error::WithHint(ErrorKind::kAuthority, "the chain holds no certificate",
                          "give a file in PEM, DER or PKCS#7 with the issuing certificate, "
                          "then its issuers up to the root");
  }
  const auto [found, rules] = Judge(chain, clock.Now());
  std::vector<Fault> faults = Errors(found);
  for (Fault& fault : rules.Faults(LeafFields{})) faults.push_back(std::move(fault));
  for (const Certificate& certificate : chain) {
    if (IsTestCa(certificate)) {
      faults.push_back({"'" + NameToString(certificate.subject()) +
                            "' is the CA of a test fleet: whoever knows its seed has its key",
                        {},
                        "give a CA of your own"});
    }
    if (const auto reason = WeakKeyReason(certificate.spki())) {
      faults.push_back({"the key of the CA certificate '" + NameToString(certificate.subject()) +
                            "' is weak: " + *reason,
                        {},
                        "have the CA make a new key"});
    }
  }
  if (!faults.empty()) throw Error(ErrorKind::kAuthority, std::move(faults));
  if (log != nullptr) {
    for (const std::string& text : Warnings(found)) log->Warning(text);
    WarnOfLeaves(chain, rules, *log);
  }
  return chain;
}

namespace {

// The rows of a chain (issuing certificate first), root first; the issuing one has our key.
// `generation` gives the number of a tier's new one.
template <typename Generation>
std::vector<NewIssuer> IssuersOf(const std::vector<Certificate>& chain, Generation generation) {
  const std::vector<std::string> names = TierNames(chain.size());
  std::vector<NewIssuer> issuers;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Certificate& certificate = chain[chain.size() - 1 - i];
    const bool leaves = i + 1 == names.size();
    const std::int64_t number = generation(names[i]);
    issuers.push_back({.tier = names[i],
                       .generation = number,
                       .parent = std::nullopt,
                       .leaves = leaves,
                       .key_file = leaves ? FileOf(names[i], number, ".key") : "",
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
  const Issuer check(0, IssuerCertificate::Of(certificates), *signer);
  CheckForeignKey(pkcs8, signer->spki());
  if (options.log != nullptr) {
    for (const std::string& text : KeyOddities(pkcs8)) options.log->Warning("the CA key: " + text);
  }

  NewAuthority made(path, options.random);
  made.Begin(options.passphrase);
  const std::vector<NewIssuer> issuers =
      IssuersOf(certificates, [](const std::string&) { return 1; });
  for (const NewIssuer& issuer : issuers) {
    WriteTierCertificate(made.directory(), FileOf(issuer.tier, 1, ".crt"), issuer.der);
  }
  WriteTierKey(made.directory(), issuers.back().key_file, pkcs8, made.passphrase(), options.random);
  made.NewLedger().AddIssuers(issuers, options.clock.Now());
  return made.Finish();
}

}  // namespace

Authority Authority::Import(const std::string& path, const ImportedCa& ca,
                            const NewAuthorityOptions& options) {
  const std::vector<Certificate> certificates = ParseChain(ca.chain, options.clock, options.log);
  return WithWipedStack(kSecretStack, [&] { return ImportKey(path, ca, certificates, options); });
}

namespace {

// A key that waits for its certificate: its row, its file, its request (also as a file). Before
// the ledger has it, it is ClearUnfinished's.
std::string MakeWaiting(const Tier& tier, std::int64_t generation, const Directory& directory,
                        Ledger& ledger, const std::optional<SecretBytes>& passphrase,
                        const NewAuthorityOptions& options) {
  const PrivateKey key = MakeCaKey(tier.key, tier.name, options);
  const auto signer = MakeSoftwareSigner(key.pkcs8());
  std::string request = MakeRequest(tier.certificate.subject, *signer);
  NewIssuer waiting;
  waiting.tier = tier.name;
  waiting.generation = generation;
  waiting.leaves = true;
  waiting.key_file = FileOf(tier.name, generation, ".key");
  const std::int64_t id = ledger.ReserveWaiting(waiting, options.clock.Now());
  WriteTierKey(directory, waiting.key_file, key.pkcs8(), passphrase, options.random);
  directory.CreateDurably(FileOf(tier.name, generation, ".csr"), AsBytes(request));
  ledger.CommitWaiting(id);
  return request;
}

}  // namespace

std::pair<Authority, std::string> Authority::Request(const std::string& path, const Tier& tier,
                                                     const NewAuthorityOptions& options) {
  NewAuthority made(path, options.random);
  made.Begin(options.passphrase);
  std::string request;
  {
    Ledger ledger = made.NewLedger();
    request = MakeWaiting(tier, 1, made.directory(), ledger, made.passphrase(), options);
  }
  return {made.Finish(), std::move(request)};
}

std::int64_t Authority::CancelRequest() {
  const KnownIssuer* const next = FindNext();
  if (next == nullptr || next->certificate || !issuing_) {
    throw Error::WithHint(ErrorKind::kUsage, "no request waits for its certificate",
                          next != nullptr && next->certificate
                              ? "the next generation has its certificate: ca revoke takes it back"
                              : "fleetmint ca show says what there is");
  }
  const FileLock still = directory().LockItself();
  const std::int64_t generation = next->row.generation;
  directory().Remove(next->row.key_file);
  directory().Remove(FileOf(next->row.tier, generation, ".csr"));
  directory().Sync();
  ledger_.AbandonWaiting(next->row.id);
  ReadIssuers();
  return generation;
}

std::string Authority::RequestNext(const Tier& wanted, const NewAuthorityOptions& options) {
  CheckNoNext();
  if (HasName(wanted.certificate.subject)) {
    throw Error::WithHint(ErrorKind::kUsage,
                          "a new key needs a new name: there is a CA of that subject",
                          "e.g. the same with \" G2\" at the end of its common name");
  }
  Tier tier = wanted;
  tier.name = FindKnown(*issuing_)->row.tier;  // one line of numbers for all that sign endpoints
  const auto passphrase = PassphraseOfKeys(options.passphrase);
  const FileLock still = directory().LockItself();
  ClearUnfinished(directory(), ledger_);
  ReadIssuers();
  std::string request =
      MakeWaiting(tier, NextGeneration(tier.name), directory(), ledger_, passphrase, options);
  ReadIssuers();
  return request;
}

namespace {

// Another certificate of today's key takes its place at once, so it must be able to: who trusts
// today's must trust it, and its CRL goes on.
void CheckRenewed(const Certificate& today, const Certificate& renewed) {
  const auto refuse = [](const std::string& what, const std::string& hint) {
    throw Error::WithHint(ErrorKind::kAuthority,
                          "that certificate is of the issuing CA's own key, but " + what, hint);
  };
  if (renewed.subject() != today.subject()) {
    refuse("of another name: '" + NameToString(renewed.subject()) + "'",
           "a new name needs a new key: fleetmint ca rotate --request");
  }
  if (today.MaySignCrls() && !renewed.MaySignCrls()) {
    refuse("it may not sign CRLs, as today's may", "have it signed with the key usage cRLSign");
  }
  if (renewed.not_after() < today.not_after()) {
    refuse("it ends at " + FormatRfc3339(renewed.not_after()) + ", before today's",
           "today's, until " + FormatRfc3339(today.not_after()) + ", stays in use");
  }
}

bool SameKey(const Certificate& one, const Certificate& other) {
  return one.subject() == other.subject() && one.spki() == other.spki();
}

}  // namespace

// The issuing CA's certificate stays; those above it may have been renewed.
Authority::Installed Authority::InstallAbove(const std::vector<Certificate>& certificates,
                                             const Clock& clock) {
  bool renewed = false;
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    const bool known = std::any_of(issuers_.begin(), issuers_.end(), [&](const auto& issuer) {
      return issuer.row.der == certificates[i].der();
    });
    if (known) continue;
    if (i >= chain_.size() || !SameKey(chain_[i], certificates[i])) {
      throw Error::WithHint(
          ErrorKind::kAuthority,
          "'" + NameToString(certificates[i].subject()) + "' is not a CA above today's",
          "give renewed certificates of the same names and keys, as they stand in chain.pem");
    }
    renewed = true;
  }
  if (!renewed) return Installed::kBefore;
  std::vector<NewIssuer> issuers =
      IssuersOf(certificates, [&](const std::string& tier) { return NextGeneration(tier); });
  issuers.pop_back();
  KeepKeys(issuers);
  const FileLock still = directory().LockItself();
  WriteNewCertificates(issuers);
  ledger_.InstallParents(*issuing_, issuers, clock.Now());
  ReadIssuers();
  return Installed::kRenewed;
}

// A renewed certificate of a CA above whose key is ours is signed with by that key, as the one
// before.
void Authority::KeepKeys(std::span<NewIssuer> issuers) const {
  for (NewIssuer& renewed : issuers) {
    for (const KnownIssuer& known : issuers_) {
      if (known.certificate && known.row.scope == renewed.scope && renewed.key_file.empty()) {
        renewed.key_file = known.row.key_file;
      }
    }
  }
}

void Authority::WriteNewCertificates(std::span<const NewIssuer> issuers) const {
  for (const NewIssuer& made : issuers) {
    const bool known = std::any_of(issuers_.begin(), issuers_.end(),
                                   [&](const auto& other) { return other.row.der == made.der; });
    if (known) continue;
    directory().WriteDurably(FileOf(made.tier, made.generation, ".crt"),
                             AsBytes(PemEncode("CERTIFICATE", made.der)));
  }
}

Authority::Installed Authority::Install(ByteView chain, const Clock& clock, Log* log) {
  const std::vector<Certificate> certificates = ParseChain(chain, clock, log);
  const Certificate& own = certificates.front();
  if (!chain_.empty() && chain_.front().der() == own.der()) {
    return InstallAbove(certificates, clock);
  }
  for (const KnownIssuer& issuer : issuers_) {
    if (issuer.certificate && issuer.certificate->der() == own.der()) return Installed::kBefore;
  }
  const auto waiting = std::find_if(issuers_.begin(), issuers_.end(), [](const auto& issuer) {
    return issuer.row.state == IssuerState::kNext && issuer.row.der.empty();
  });
  const bool waits = waiting != issuers_.end();
  const bool renewed = !chain_.empty() && chain_.front().spki() == own.spki();
  if (!waits && !renewed) {
    throw Error::WithHint(ErrorKind::kAuthority, "this authority waits for no certificate",
                          "`ca install` completes what `ca request` began, or takes a renewed "
                          "certificate of the issuing CA's own key");
  }
  if (renewed) {
    CheckRenewed(chain_.front(), own);
  } else {
    for (const KnownIssuer& other : issuers_) {
      if (!other.certificate || other.certificate->subject() != own.subject()) continue;
      throw Error::WithHint(ErrorKind::kAuthority,
                            "that certificate has the name of generation " +
                                std::to_string(other.row.generation) + ", and another key",
                            "have the request signed under a name of its own, as it asks");
    }
    const std::string request_file = FileOf(waiting->row.tier, waiting->row.generation, ".csr");
    const Bytes request = directory().Read(request_file);
    const SecretBytes request_der = PemDecodeAll(AsText(request)).front().der;
    const Botan::PKCS10_Request parsed(Bytes(request_der.begin(), request_der.end()));
    const std::unique_ptr<Botan::Public_Key> key(parsed.subject_public_key());
    if (key->subject_public_key() != own.spki()) {
      throw Error::WithHint(ErrorKind::kAuthority,
                            "the certificate was not made for this authority's request",
                            "have '" + directory().PathOf(request_file) + "' signed");
    }
  }
  std::vector<NewIssuer> issuers =
      IssuersOf(certificates, [&](const std::string& tier) { return NextGeneration(tier); });
  NewIssuer& issuer = issuers.back();
  if (renewed) {
    issuer.tier = FindKnown(*issuing_)->row.tier;
    issuer.generation = NextGeneration(issuer.tier);
    issuer.key_file = FindKnown(*issuing_)->row.key_file;
  } else {
    issuer.tier = waiting->row.tier;
    issuer.generation = waiting->row.generation;
  }
  KeepKeys(std::span(issuers).first(issuers.size() - 1));
  const FileLock still = directory().LockItself();
  WriteNewCertificates(issuers);
  // The moment from which it counts. A renewed certificate of the same key under the same root, and
  // an authority's first, need nobody's trust anew.
  const bool same_root = !chain_.empty() && SameKey(chain_.back(), certificates.back());
  const bool activate = (renewed && same_root) || !issuing_;
  ledger_.InstallIssuer(renewed ? std::nullopt : std::optional(waiting->row.id), issuer,
                        std::span(issuers).first(issuers.size() - 1), activate, clock.Now());
  ReadIssuers();
  if (!activate) return Installed::kNext;
  return renewed ? Installed::kRenewed : Installed::kFirst;
}

}  // namespace fleetmint
