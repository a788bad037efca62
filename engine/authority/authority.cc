#include "engine/authority/authority.h"

#include <algorithm>

#include "engine/authority/authority_file.h"
#include "engine/authority/key_file.h"
#include "engine/authority/new_authority.h"
#include "engine/base/ber.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/keys/load_key.h"
#include "engine/x509/chain.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

// Whoever can read a CA key has it: a directory or key that others can reach is refused, not
// mended, because nobody knows for how long it has been so.
void CheckModes(const Directory& directory) {
  if ((directory.mode() & 077U) != 0) {
    throw Error::WithHint(
        ErrorKind::kAuthority, "authority '" + directory.path() + "' is open to other users",
        "chmod 700 '" + directory.path() + "', and consider who could read its keys");
  }
  for (const std::string& name : directory.List()) {
    if (!name.ends_with(".key") && !name.starts_with(kLedgerFile)) continue;
    if ((directory.FileMode(name).value_or(0) & 077U) != 0) {
      throw Error::WithHint(ErrorKind::kAuthority,
                            "'" + directory.PathOf(name) + "' is open to other users",
                            "chmod 600 '" + directory.PathOf(name) + "'");
    }
  }
}

Directory OpenAuthorityDirectory(const std::string& path) {
  try {
    Directory directory = Directory::Open(path);
    if (directory.Exists(kAuthorityFile)) return directory;
  } catch (const Error& error) {
    std::vector<Fault> faults = error.faults();
    if (error.cause() == ErrorCause::kAbsent) {
      faults.front().hint = "make an authority first: fleetmint ca init --ca " + ShellWord(path);
    } else if (faults.front().hint.empty()) {
      faults.front().hint = "run fleetmint as the user whose directory it is";
    }
    throw Error(ErrorKind::kAuthority, std::move(faults));
  }
  throw Error::WithHint(ErrorKind::kAuthority,
                        "'" + path + "' is not an authority: it has no " + kAuthorityFile,
                        "give --ca an authority's directory, or restore the file from its backup");
}

}  // namespace

std::string KeyNameOf(const Certificate& certificate) {
  const auto key = LoadSpki(certificate.spki());
  const auto spec = SpecOf(*key);
  return spec ? KeySpecName(*spec) : key->algo_name();
}

Sha256Digest ScopeOf(const Certificate& certificate) {
  Bytes text = certificate.subject();
  text.insert(text.end(), certificate.spki().begin(), certificate.spki().end());
  return Sha256(text);
}

AuthorityDirectory::AuthorityDirectory(Directory directory) : directory_(std::move(directory)) {
  CheckModes(directory_);
  AuthorityFile file = ReadAuthorityFile(directory_);
  id_ = std::move(file.id);
  fleet_key_id_ = std::move(file.fleet_key);
  encrypted_ = file.encrypted;
  test_ = file.test;
}

AuthorityDirectory AuthorityDirectory::Open(const std::string& path) {
  return AuthorityDirectory(OpenAuthorityDirectory(path));
}

Authority::Authority(AuthorityDirectory directory, Ledger ledger)
    : directory_(std::move(directory)), ledger_(std::move(ledger)) {
  ReadIssuers();
}

Authority Authority::Open(AuthorityDirectory directory) {
  Ledger ledger = Ledger::Open(directory.directory().PathOf(kLedgerFile), directory.id());
  return {std::move(directory), std::move(ledger)};
}

Ledger Authority::OpenLedger() const { return Ledger::Open(directory().PathOf(kLedgerFile), id()); }

// The chain follows the parents; the schema lets one current issuer sign endpoints.
void Authority::ReadIssuers() {
  issuers_.clear();
  issuing_.reset();
  chain_.clear();
  chain_ders_.clear();
  has_test_ca_ = false;
  for (IssuerRow& row : ledger_.Issuers()) {
    KnownIssuer issuer{std::move(row), std::nullopt};
    if (!issuer.row.der.empty()) {
      try {
        issuer.certificate = Certificate::Parse(issuer.row.der);
      } catch (const Error& error) {
        throw Error::About(ErrorKind::kAuthority,
                           "the ledger's CA certificate '" + issuer.row.tier + "'", error);
      }
    }
    if (issuer.row.leaves && issuer.row.state == IssuerState::kCurrent) issuing_ = issuer.row.id;
    issuers_.push_back(std::move(issuer));
  }
  if (!issuing_) return;
  chain_ = ChainFrom(*issuing_);
  for (const Certificate& certificate : chain_) {
    chain_ders_.push_back(certificate.der());
    has_test_ca_ = has_test_ca_ || IsTestCa(certificate);
  }
}

void Authority::CheckNotTest() const {
  if (!test()) return;
  throw Error::WithHint(
      ErrorKind::kUsage,
      "'" + directory().path() + "' is a test authority: whoever knows its seed has its keys",
      "fleetmint ca init makes one for hosts; a test fleet is made anew by fleetmint test-fleet");
}

const Authority::KnownIssuer* Authority::FindKnown(std::int64_t id) const {
  const auto place = std::find_if(issuers_.begin(), issuers_.end(),
                                  [&](const KnownIssuer& issuer) { return issuer.row.id == id; });
  return place == issuers_.end() ? nullptr : &*place;
}

std::vector<const Authority::KnownIssuer*> Authority::LineOf(std::int64_t issuer) const {
  std::vector<const KnownIssuer*> line;
  for (const KnownIssuer* at = FindKnown(issuer);
       at != nullptr && at->certificate && line.size() < issuers_.size();
       at = at->row.parent ? FindKnown(*at->row.parent) : nullptr) {
    line.push_back(at);
  }
  return line;
}

std::vector<Certificate> Authority::ChainFrom(std::int64_t issuer) const {
  std::vector<Certificate> chain;
  for (const KnownIssuer* const at : LineOf(issuer)) chain.push_back(*at->certificate);
  return chain;
}

const Certificate* Authority::FindIssuer(std::int64_t id) const {
  const KnownIssuer* const issuer = FindKnown(id);
  return issuer != nullptr && issuer->certificate ? &*issuer->certificate : nullptr;
}

TierInfo Authority::InfoOf(const KnownIssuer& issuer) const {
  TierInfo info;
  info.name = issuer.row.tier;
  info.generation = issuer.row.generation;
  info.next = issuer.row.state == IssuerState::kNext;
  info.revoked = issuer.row.revoked_at.has_value();
  info.file = FileOf(issuer.row.tier, issuer.row.generation, ".crt");
  info.key_present = !issuer.row.key_file.empty() && directory().Exists(issuer.row.key_file);
  if (const auto& certificate = issuer.certificate) {
    info.certificate = certificate->der();
    info.subject = NameToString(certificate->subject());
    info.serial = ToHex(certificate->serial());
    info.key = KeyNameOf(*certificate);
    info.not_before = certificate->not_before();
    info.not_after = certificate->not_after();
    info.sha1 = Sha1(certificate->der());
    info.sha256 = Sha256(certificate->der());
  }
  return info;
}

std::vector<TierInfo> Authority::Tiers() const {
  std::vector<TierInfo> infos;
  for (auto certificate = chain_ders_.rbegin(); certificate != chain_ders_.rend(); ++certificate) {
    for (const KnownIssuer& issuer : issuers_) {
      if (issuer.row.der == *certificate) infos.push_back(InfoOf(issuer));
    }
  }
  for (const KnownIssuer& issuer : issuers_) {
    if (issuer.row.state == IssuerState::kNext) infos.push_back(InfoOf(issuer));
  }
  return infos;
}

std::vector<TierInfo> Authority::FormerTiers() const {
  std::vector<TierInfo> infos;
  for (const KnownIssuer& issuer : issuers_) {
    if (issuer.row.state == IssuerState::kRetired) infos.push_back(InfoOf(issuer));
  }
  return infos;
}

IssuerCertificate Authority::CheckReady(const Clock& clock) const {
  if (!issuing_) {
    throw Error::WithHint(ErrorKind::kAuthority, "the issuing CA has no certificate yet",
                          "have its request signed, then: fleetmint ca install CERT --ca " +
                              ShellWord(directory().path()));
  }
  std::vector<Fault> faults = Errors(ChainFaults(chain_, clock.Now()));
  if (!faults.empty()) throw Error(ErrorKind::kAuthority, std::move(faults));
  const std::string& key_file = FindKnown(*issuing_)->row.key_file;
  if (!directory().Exists(key_file)) {
    throw Error::WithHint(ErrorKind::kAuthority, "'" + directory().PathOf(key_file) + "' is absent",
                          "restore it from the backup: certificates cannot be signed without it");
  }
  return IssuerCertificate::Of(chain_);
}

std::vector<Authority::CrlIssuer> Authority::CrlIssuersIf(bool ours) const {
  std::vector<CrlIssuer> found;
  for (const KnownIssuer& known : issuers_) {  // older generations first
    const bool signs_here = known.row.leaves || !known.row.key_file.empty();
    if (!known.certificate || signs_here != ours) continue;
    const bool key = !known.row.key_file.empty() && directory().Exists(known.row.key_file);
    const auto same = std::find_if(found.begin(), found.end(), [&](const CrlIssuer& other) {
      return other.scope == known.row.scope;
    });
    if (same == found.end()) {
      found.push_back({known.row.id, known.row.tier, known.row.leaves, known.row.scope,
                       FileOf(known.row.tier, known.row.generation, ".crl"), key});
    } else {
      same->issuer = known.row.id;
      same->key_present = key;
    }
  }
  std::stable_partition(found.begin(), found.end(),
                        [](const CrlIssuer& issuer) { return issuer.leaves; });
  return found;
}

std::vector<Authority::CrlIssuer> Authority::CrlIssuers() const { return CrlIssuersIf(true); }

std::vector<Authority::CrlIssuer> Authority::ForeignCrlIssuers() const {
  return CrlIssuersIf(false);
}

bool Authority::Answers(const CrlIssuer& issuer, Time now) const {
  const auto of_scope = [&](const KnownIssuer& known) {
    return known.certificate && known.row.scope == issuer.scope &&
           (known.row.state == IssuerState::kCurrent || known.row.state == IssuerState::kNext);
  };
  if (std::any_of(issuers_.begin(), issuers_.end(), of_scope)) return true;
  if (issuer.leaves) return ledger_.HasUnexpired(issuer.scope, now);
  // A CA above others, at whatever height, answers as long as one of them does.
  return std::any_of(issuers_.begin(), issuers_.end(), [&](const KnownIssuer& below) {
    if (!below.row.leaves || !below.certificate) return false;
    const auto line = LineOf(below.row.id);
    return std::any_of(line.begin(), line.end(),
                       [&](const KnownIssuer* at) { return at->row.scope == issuer.scope; }) &&
           ledger_.HasUnexpired(below.row.scope, now);
  });
}

Directory Authority::Crls() const { return directory().MakeSubdirectory(kCrlFolder, 0700); }

std::vector<std::string> Authority::CrlFiles(Time now) const {
  const Directory folder = Crls();
  std::vector<std::string> files;
  for (const bool leaves : {true, false}) {
    for (auto known = issuers_.rbegin(); known != issuers_.rend(); ++known) {
      if (known->row.leaves != leaves || !known->certificate) continue;
      std::string file = FileOf(known->row.tier, known->row.generation, ".crl");
      if (!folder.Exists(file)) continue;
      CrlIssuer issuer;
      issuer.leaves = leaves;
      issuer.scope = known->row.scope;
      if (Answers(issuer, now)) files.push_back(file);
    }
  }
  return files;
}

std::unique_ptr<Signer> Authority::UnlockSigner(std::int64_t issuer, PassphraseSource* passphrase,
                                                const prime::Kernel* kernel) const {
  const IssuerRow& row = FindKnown(issuer)->row;
  const SecretBytes content = directory().ReadSecret(row.key_file);
  return LoadSigner(content, passphrase,
                    "the " + row.tier + " CA key '" + directory().PathOf(row.key_file) + "'",
                    kernel);
}

UnlockedAuthority Authority::Unlock(PassphraseSource* passphrase, const Clock& clock,
                                    const prime::Kernel* kernel) const {
  IssuerCertificate certificate = CheckReady(clock);
  const IssuerRow& row = FindKnown(*issuing_)->row;
  CachedPassphrase cached(passphrase);
  UnlockedAuthority unlocked;
  unlocked.signer_ = UnlockSigner(row.id, &cached, kernel);
  unlocked.issuer_ = std::make_unique<Issuer>(row.id, std::move(certificate), *unlocked.signer_);
  unlocked.passwords_ = std::make_unique<PasswordMaker>(UnlockPasswords(&cached));
  return unlocked;
}

PasswordMaker Authority::UnlockPasswords(PassphraseSource* passphrase) const {
  const std::string file = ledger_.FleetKeyFile();
  const SecretBytes content = directory().ReadSecret(file);
  const std::string what = "the fleet key '" + directory().PathOf(file) + "'";
  const SecretBytes der = DecodeKeyFile(content, passphrase, what);
  SecretBytes key;
  try {
    key = BerReader(der).Enter(ber::kSequence, "a fleet key").OctetString();
  } catch (const Error& error) {
    throw Error::About(ErrorKind::kAuthority, what, error);
  }
  if (key.size() != kFleetKeyBytes || FleetKeyId(key) != directory_.fleet_key_id()) {
    throw Error::OfCause(ErrorKind::kAuthority, ErrorCause::kDamaged,
                         what + " is not the one that this authority was made with",
                         "restore it from the backup: the passwords of all bundles hang on it");
  }
  return {key, id()};
}

}  // namespace fleetmint
