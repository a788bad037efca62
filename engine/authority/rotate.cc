// The generations of a CA: `ca rotate`, `ca activate`, `ca revoke`.
#include <algorithm>
#include <memory>

#include "engine/authority/crl.h"
#include "engine/authority/key_file.h"
#include "engine/authority/new_authority.h"
#include "engine/authority/new_tier.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/wipe.h"
#include "engine/keys/load_key.h"
#include "engine/x509/certificate_view.h"
#include "engine/x509/chain.h"
#include "engine/x509/lint_reader.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

constexpr Seconds kBackdate = std::chrono::days{1};  // as authority profiles have it

// A CA like this one: what `certificate` says, for a key and a name of its own.
Tier TierLike(const std::string& name, const Certificate& certificate, std::int64_t generation) {
  Tier tier;
  tier.name = name;
  try {
    const TbsFields fields = ReadTbs(CertificateView::Read(certificate.der()).tbs());
    CertificateSpec& spec = tier.certificate;
    spec.subject = NameOfGeneration(Name::Parse(NameToString(fields.subject)), generation);
    spec.is_ca = true;
    spec.key_usage = fields.key_usage;
    spec.extended_key_usage = fields.extended_key_usage;
    if (fields.path_length) spec.path_length = static_cast<std::uint32_t>(*fields.path_length);
    spec.permitted_dns = fields.permitted_dns;
    spec.crl_urls = fields.crl_urls;
    if (!fields.ca_issuers_urls.empty()) spec.ca_issuers_url = fields.ca_issuers_urls.front();
    if (!fields.ocsp_urls.empty()) spec.ocsp_url = fields.ocsp_urls.front();
    const Seconds life = fields.not_after - fields.not_before;
    spec.validity = {.duration = std::max(life - kBackdate, life / 2), .backdate = kBackdate};
    const auto key = SpecOf(*LoadSpki(certificate.spki()));
    if (!key) throw Error(ErrorKind::kAuthority, "its key is of a kind that is not made here");
    tier.key = *key;
  } catch (const Error& error) {
    throw Error::WithHint(
        ErrorKind::kAuthority,
        "no CA like '" + NameToString(certificate.subject()) + "' can be made: " + error.what(),
        "let its own CA make one: fleetmint ca rotate --request, then ca install");
  }
  return tier;
}

// What is refused before a key is made: a CA that its own issuer would soon end.
void CheckAbove(const Certificate& above, const Tier& tier, Time now) {
  const Seconds left = above.not_after() - now;
  if (left < tier.certificate.validity.duration / 4) {
    throw Error::WithHint(ErrorKind::kUsage,
                          "'" + NameToString(above.subject()) + "' ends at " +
                              FormatRfc3339(above.not_after()) +
                              ": under a quarter of the new CA's validity is left",
                          "fleetmint ca rotate --root makes a new root, too; or give --validity");
  }
}

}  // namespace

const Authority::KnownIssuer* Authority::FindNext() const {
  const auto next = std::find_if(issuers_.begin(), issuers_.end(), [](const KnownIssuer& issuer) {
    return issuer.row.leaves && issuer.row.state == IssuerState::kNext;
  });
  return next == issuers_.end() ? nullptr : &*next;
}

void Authority::CheckNoNext() const {
  CheckNotTest();
  if (!issuing_) {
    throw Error::WithHint(ErrorKind::kUsage, "the issuing CA has no certificate yet",
                          "fleetmint ca install takes it when it is signed");
  }
  const KnownIssuer* const next = FindNext();
  if (next == nullptr) return;
  const bool waits = !next->certificate;
  const std::string request =
      directory().PathOf(FileOf(next->row.tier, next->row.generation, ".csr"));
  throw Error::WithHint(
      ErrorKind::kUsage,
      "generation " + std::to_string(next->row.generation) + " is there already, and waits for " +
          (waits ? "its certificate" : "its turn"),
      waits ? "have '" + request + "' signed: fleetmint ca install takes the certificate"
            : "fleetmint ca activate makes it current");
}

std::int64_t Authority::NextGeneration(const std::string& tier) const {
  std::int64_t last = 0;
  for (const KnownIssuer& issuer : issuers_) {
    if (issuer.row.tier == tier) last = std::max(last, issuer.row.generation);
  }
  // A key that the ledger does not know may be one that a newer ledger knows: it is left alone.
  do ++last;
  while (HasKeyOf(directory(), tier, last));
  return last;
}

bool Authority::HasName(const Name& subject) const {
  const Bytes name = subject.Encode();
  return std::any_of(issuers_.begin(), issuers_.end(), [&](const KnownIssuer& issuer) {
    return issuer.certificate && issuer.certificate->subject() == name;
  });
}

std::optional<SecretBytes> Authority::PassphraseOfKeys(PassphraseSource* passphrase) const {
  if (!encrypted()) return std::nullopt;
  CachedPassphrase cached(passphrase);
  static_cast<void>(UnlockPasswords(&cached));  // it is theirs
  return cached.Get("the CA keys in '" + directory().path() + "'", /*confirm=*/false);
}

void Authority::Rotate(const RotateOptions& rotate, const NewAuthorityOptions& options) {
  CheckNoNext();
  {
    const FileLock still = directory().LockItself();
    ClearUnfinished(directory(), ledger_);
  }
  ReadIssuers();
  WithWipedStack(kSecretStack, [&] { MakeNext(rotate, options); });
  ReadIssuers();
}

void Authority::MakeNext(const RotateOptions& rotate, const NewAuthorityOptions& options) {
  const Time now = options.clock.Now();
  const std::vector<const KnownIssuer*> line = LineOf(*issuing_);  // today's
  const std::size_t made = rotate.root ? line.size() : 1;
  if (made == line.size() && !rotate.above_key.empty()) {
    throw Error::WithHint(ErrorKind::kUsage, "no CA above signs the next generation",
                          "leave --root-key out: a new root signs itself");
  }
  std::vector<Tier> tiers;
  for (std::size_t i = 0; i < made; ++i) {
    if (line[i]->row.key_file.empty()) {
      throw Error::WithHint(ErrorKind::kUsage,
                            "'" + NameToString(line[i]->certificate->subject()) +
                                "' is another organization's: no CA like it is made here",
                            "let it sign a request: fleetmint ca rotate --request FILE");
    }
    const std::int64_t generation = NextGeneration(line[i]->row.tier);
    Tier tier = TierLike(line[i]->row.tier, *line[i]->certificate, generation);
    Name& subject = tier.certificate.subject;
    const auto same = [&](const Tier& other) {
      return other.certificate.subject.Encode() == subject.Encode();
    };
    // No two keys of one name: a CRL is found by it.
    while (HasName(subject) || std::any_of(tiers.begin(), tiers.end(), same)) {
      subject = NameOfGeneration(std::move(subject), generation);
    }
    tiers.push_back(std::move(tier));
  }
  if (rotate.key) tiers.front().key = *rotate.key;
  if (rotate.validity) tiers.front().certificate.validity.duration = *rotate.validity;
  for (const Tier& tier : tiers) {
    std::vector<Fault> faults = ValidateSpec(tier.certificate);
    if (!faults.empty()) throw Error(ErrorKind::kUsage, std::move(faults));
  }

  std::optional<SecretBytes> passphrase;
  std::unique_ptr<Signer> above_signer;
  std::optional<TierAbove> above;
  if (made < line.size()) {
    const KnownIssuer& signs = *line[made];
    CheckAbove(*signs.certificate, tiers.front(), now);
    CachedPassphrase cached(options.passphrase);
    if (rotate.above_key.empty()) {
      if (signs.row.key_file.empty() || !directory().Exists(signs.row.key_file)) {
        throw Error::WithHint(ErrorKind::kUsage,
                              "the key of '" + NameToString(signs.certificate->subject()) +
                                  "' is not here, and it has to sign the next generation",
                              signs.row.key_file.empty()
                                  ? "let its CA sign a request: fleetmint ca rotate --request FILE"
                                  : "bring it back, or name it: --root-key FILE");
      }
      passphrase = PassphraseOfKeys(&cached);
      above_signer = UnlockSigner(signs.row.id, &cached);
    } else {
      passphrase = PassphraseOfKeys(&cached);
      PassphraseSource* const source =
          rotate.above_passphrase != nullptr ? rotate.above_passphrase : &cached;
      above_signer = LoadSigner(rotate.above_key, source, "the key of the CA above");
    }
    if (above_signer->spki() != signs.certificate->spki()) {
      throw Error::WithHint(
          ErrorKind::kAuthority,
          "that is not the key of '" + NameToString(signs.certificate->subject()) + "'",
          "give the key that belongs to its certificate");
    }
    above.emplace(TierAbove{signs.row.id, *signs.certificate, *above_signer});
  } else {
    passphrase = PassphraseOfKeys(options.passphrase);
  }

  const FileLock still = directory().LockItself();
  std::vector<MadeTier> kept;  // what signs the next one
  kept.reserve(made);
  for (std::size_t i = made; i-- > 0;) {
    const bool leaves = i == 0;
    const std::int64_t generation = NextGeneration(tiers[i].name);
    kept.push_back(MakeTier(tiers[i], above,
                            {.directory = directory(),
                             .passphrase = passphrase,
                             .ledger = ledger_,
                             .generation = generation,
                             .leaves = leaves,
                             .state = IssuerState::kNext},
                            options));
    MadeTier& tier = kept.back();
    above.reset();
    above.emplace(TierAbove{tier.id, tier.certificate, *tier.signer});
    if (leaves) continue;
    SignFirstCrl(directory(), FileOf(tiers[i].name, generation, ".crl"), tier.certificate,
                 *tier.signer, kRootCrlValidity, ledger_, options.clock);
  }
}

bool Authority::NeedsTrust() const {
  const KnownIssuer* const next = FindNext();
  if (next == nullptr || !next->certificate || chain_.empty()) return false;
  return ChainFrom(next->row.id).back().der() != chain_.back().der();
}

std::optional<TrustCount> Authority::TrustOfNext(Time now) const {
  if (!NeedsTrust()) return std::nullopt;
  return ledger_.CountTrust(LineOf(FindNext()->row.id).back()->row.id, now);
}

void Authority::Activate(const Clock& clock) {
  const KnownIssuer* const next = FindNext();
  if (next == nullptr) {
    throw Error::WithHint(ErrorKind::kUsage, "there is no next generation",
                          "fleetmint ca rotate makes one");
  }
  if (!next->certificate) {
    throw Error::WithHint(ErrorKind::kUsage, "the next generation has no certificate yet",
                          "fleetmint ca install takes it when it is signed");
  }
  std::vector<Fault> faults = Errors(ChainFaults(ChainFrom(next->row.id), clock.Now()));
  if (!faults.empty()) throw Error(ErrorKind::kAuthority, std::move(faults));
  ledger_.ActivateIssuer(next->row.id);
  ReadIssuers();
}

// Who has a key has it for all of its certificates. And only what was made here has its serial on
// the list of a CA above that is ours.
void Authority::CheckRevocable(const KnownIssuer& issuer) const {
  for (const KnownIssuer& other : issuers_) {
    if (!other.certificate || other.row.scope != issuer.row.scope) continue;
    const std::string generation = "generation " + std::to_string(other.row.generation);
    if (other.row.state == IssuerState::kCurrent) {
      throw Error::WithHint(
          ErrorKind::kUsage, generation + ", the current one, has the same key",
          "make another one current first: fleetmint ca rotate, then fleetmint ca activate");
    }
    const KnownIssuer* const above = other.row.parent ? FindKnown(*other.row.parent) : nullptr;
    if (above != nullptr && !above->row.key_file.empty() && !other.row.own_serial) {
      throw Error::WithHint(ErrorKind::kUsage,
                            "the certificate of " + generation + ", serial " +
                                ToHex(other.certificate->serial()) +
                                ", was not made here: no CRL that is made here can name it",
                            "revoke it with what has signed it, and take it out of every host's "
                            "trust");
    }
  }
}

bool Authority::RevokeGeneration(std::int64_t generation, int reason, Time now) {
  std::vector<std::string> there;
  for (const KnownIssuer& issuer : issuers_) {
    if (!issuer.row.leaves || !issuer.certificate) continue;
    if (issuer.row.generation != generation) {
      there.push_back(std::to_string(issuer.row.generation));
      continue;
    }
    if (issuer.row.state == IssuerState::kCurrent) {
      throw Error::WithHint(
          ErrorKind::kUsage, "generation " + std::to_string(generation) + " is the current one",
          "make another one current first: fleetmint ca rotate, then fleetmint ca activate");
    }
    CheckRevocable(issuer);
    const bool revoked = ledger_.RevokeIssuer(issuer.row.id, reason, now);
    ReadIssuers();
    return revoked;
  }
  std::string list;
  for (const std::string& one : there) list += (list.empty() ? "" : ", ") + one;
  throw Error::WithHint(ErrorKind::kUsage, "there is no generation " + std::to_string(generation),
                        "known here: " + list);
}

bool Authority::IsRevoked(const KnownIssuer& issuer) const {
  const auto line = LineOf(issuer.row.id);
  return std::any_of(line.begin(), line.end(),
                     [](const KnownIssuer* at) { return at->row.revoked_at.has_value(); });
}

std::vector<Bytes> Authority::TrustDers(Time now) const {
  std::vector<Bytes> ders;
  const auto add = [&](const KnownIssuer& issuer) {
    for (const Certificate& certificate : ChainFrom(issuer.row.id)) {
      if (std::find(ders.begin(), ders.end(), certificate.der()) == ders.end()) {
        ders.push_back(certificate.der());
      }
    }
  };
  for (const IssuerState state :
       {IssuerState::kCurrent, IssuerState::kNext, IssuerState::kRetired}) {
    for (const KnownIssuer& issuer : issuers_) {
      if (!issuer.row.leaves || issuer.row.state != state || !issuer.certificate) continue;
      if (IsRevoked(issuer)) continue;
      if (state == IssuerState::kRetired && !ledger_.HasUnexpired(issuer.row.scope, now)) continue;
      add(issuer);
    }
  }
  return ders;
}

}  // namespace fleetmint
