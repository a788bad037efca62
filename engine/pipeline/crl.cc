#include "engine/pipeline/crl.h"

#include <algorithm>
#include <memory>
#include <set>

#include "engine/authority/crl.h"
#include "engine/authority/key_file.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/base/text.h"
#include "engine/pipeline/pending.h"
#include "engine/x509/cert_list_view.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

constexpr std::size_t kMostCrlBytes = std::size_t{1} << 28;

std::optional<Serial> SerialOf(const CertListEntry& entry) {
  Serial serial{};
  if (entry.serial.size() != serial.size()) return std::nullopt;
  std::copy(entry.serial.begin(), entry.serial.end(), serial.begin());
  return serial;
}

bool Has(const std::vector<CrlEntry>& entries, const Serial& serial) {
  const auto place = std::lower_bound(
      entries.begin(), entries.end(), serial,
      [](const CrlEntry& entry, const Serial& wanted) { return entry.serial < wanted; });
  return place != entries.end() && place->serial == serial;
}

[[noreturn]] void LedgerIsOlder(const Authority& authority, const std::string& what) {
  throw Error::WithHint(
      ErrorKind::kLedger,
      "the CRL that is out already names what this ledger does not have as revoked: " + what,
      "was the authority restored from an older backup? Put the newest ledger back; a CRL that "
      "takes a revocation back is not signed. Where there is none it learns what each output knows "
      "by: fleetmint ca adopt --ca " +
          ShellWord(authority.directory().path()) + " --out OUT");
}

// The CRL of one scope: what is out, what it has to say now, and whether it must be signed anew.
class ScopeCrl {
 public:
  ScopeCrl(const Authority& authority, const Authority::CrlIssuer& issuer, Time now)
      : authority_(authority),
        issuer_(issuer),
        certificate_(*authority.FindIssuer(issuer.issuer)),
        folder_(authority.Crls()),
        now_(now) {
    if (!folder_.Exists(issuer.file)) return;
    old_bytes_ = folder_.Read(issuer.file, kMostCrlBytes);
    old_ = Parse(old_bytes_, "'" + folder_.PathOf(issuer.file) + "'");
    if (old_->this_update() <= now) return;
    throw Error::WithHint(ErrorKind::kLedger,
                          "the last CRL of '" + NameToString(certificate_.subject()) + "' is of " +
                              FormatRfc3339(old_->this_update()) +
                              ", which is later than the clock of this machine: it has gone back",
                          "set the clock; a CRL that seems older than the last one is not taken");
  }

  // Reads the ledger, and holds it against what is out.
  void ReadEntries(const std::vector<Bytes>& published) {
    entries_ = authority_.ledger().CrlEntries(issuer_.scope, old_ ? old_->this_update() : now_);
    if (old_) CheckAgainst(*old_);
    for (const Bytes& other : published) {
      const CertListView view = Parse(other, "the crl.pem of an output");
      if (std::ranges::equal(view.issuer(), ByteView(certificate_.subject()))) CheckAgainst(view);
    }
  }

  bool MustBeSigned(const CrlOptions& options) const {
    const bool meant = issuer_.leaves || options.only_above;
    if (!old_ || (options.always && meant)) return true;
    const Seconds life = old_->next_update() - old_->this_update();
    if (options.validity && meant && *options.validity != life) return true;
    if (now_ >= old_->this_update() + life / 2) return true;
    std::set<Serial> there;
    for (const CertListEntry& entry : old_->entries()) {
      if (const auto serial = SerialOf(entry)) there.insert(*serial);
    }
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const CrlEntry& entry) { return !there.contains(entry.serial); });
  }

  Bytes Sign(Signer& signer, const CrlOptions& options) const {
    // What is said of the issuing CAs' lists is not meant for a root's.
    const bool given = options.validity && (issuer_.leaves || options.only_above);
    Seconds validity = given ? *options.validity : issuer_.leaves ? kCrlValidity : kRootCrlValidity;
    if (!given && old_ && old_->next_update() != certificate_.not_after()) {
      validity = old_->next_update() - old_->this_update();
    }
    const CrlStamp stamp = authority_.OpenLedger().NextCrl(issuer_.scope, now_);
    if (stamp.this_update != now_) LedgerIsOlderThanClock(stamp);
    Bytes crl = SignCrl(certificate_, signer, stamp, validity, entries_);
    folder_.WriteDurably(issuer_.file, crl);
    return crl;
  }

  CrlState State(ByteView crl, bool signed_now) const {
    const CertListView view = CertListView::Read(crl);
    return {issuer_.file,
            NameToString(certificate_.subject()),
            view.number(),
            view.this_update(),
            view.next_update(),
            view.entries().size(),
            signed_now,
            false,
            {}};
  }
  const Bytes& old_bytes() const { return old_bytes_; }
  const Authority::CrlIssuer& issuer() const { return issuer_; }

 private:
  static CertListView Parse(ByteView der, const std::string& what) {
    try {
      return CertListView::Read(der);
    } catch (const Error& error) {
      throw Error::OfCause(ErrorKind::kLedger, ErrorCause::kDamaged,
                           what + " is no CRL: " + error.what(),
                           "move it away: the next one is made from the ledger");
    }
  }

  [[noreturn]] static void LedgerIsOlderThanClock(const CrlStamp& stamp) {
    throw Error::WithHint(ErrorKind::kLedger,
                          "the ledger has a CRL of " + FormatRfc3339(stamp.this_update) +
                              ", which is later than the clock of this machine: it has gone back",
                          "set the clock");
  }

  // Whatever `out` names and has not ended must be named again.
  void CheckAgainst(const CertListView& out) const {
    for (const CertListEntry& entry : out.entries()) {
      const std::optional<Serial> serial = SerialOf(entry);
      if (!serial) LedgerIsOlder(authority_, "serial " + ToHex(entry.serial));
      if (Has(entries_, *serial)) continue;
      const auto row = authority_.ledger().Find(*serial);
      if (!row) LedgerIsOlder(authority_, "serial " + SerialHex(*serial));
      const bool listed = row->revoked_at || row->state == CertificateState::kAbandoned;
      const std::string whose = "serial " + SerialHex(*serial) + " of '" + row->endpoint + "'";
      if (!listed) LedgerIsOlder(authority_, whose);
      // It is not named again since it had ended when the last one was signed.
    }
  }

  const Authority& authority_;
  const Authority::CrlIssuer& issuer_;
  const Certificate& certificate_;
  Directory folder_;
  Time now_;
  Bytes old_bytes_;
  std::optional<CertListView> old_;
  std::vector<CrlEntry> entries_;
};

}  // namespace

namespace {

// Whether a name is that of a CA that is not ours: the CRL of an organization's root has numbers of
// its own. (A name that this ledger does not know may be that of a later generation.)
bool IsAnothers(const std::vector<IssuerRow>& issuers, ByteView name) {
  const auto of_name = [&](const IssuerRow& row) {
    return !row.der.empty() && std::ranges::equal(Certificate::Parse(row.der).subject(), name);
  };
  const auto ours = [](const IssuerRow& row) { return row.leaves || !row.key_file.empty(); };
  return std::any_of(issuers.begin(), issuers.end(), of_name) &&
         std::none_of(issuers.begin(), issuers.end(),
                      [&](const IssuerRow& row) { return of_name(row) && ours(row); });
}

// Whether a CRL names a CA of ours that has not signed it: it is nobody's word.
bool IsForged(const std::vector<IssuerRow>& issuers, const CertListView& view, ByteView der) {
  bool named = false;
  for (const IssuerRow& row : issuers) {
    if (row.der.empty()) continue;
    const Certificate ca = Certificate::Parse(row.der);
    if (!std::ranges::equal(ca.subject(), view.issuer())) continue;
    if (ca.HasSignedCrl(der)) return false;
    named = true;
  }
  return named;
}

// The key that signs a CA's CRL: the one that was given, or that of the directory; nothing where
// the key of a CA above is kept elsewhere.
std::unique_ptr<Signer> SignerOf(const Authority& authority, const Authority::CrlIssuer& issuer,
                                 PassphraseSource* passphrase, const prime::Kernel* kernel,
                                 const CrlOptions& options, bool& key_was_given) {
  const Certificate& certificate = *authority.FindIssuer(issuer.issuer);
  const std::string name = "'" + NameToString(certificate.subject()) + "'";
  if (!issuer.leaves && !options.above_key.empty()) {
    auto signer = LoadSigner(options.above_key, options.above_passphrase, "the key of " + name);
    key_was_given = signer->spki() == certificate.spki();
    if (key_was_given) return signer;
  }
  if (issuer.key_present) return authority.UnlockSigner(issuer.issuer, passphrase, kernel);
  if (!issuer.leaves) return nullptr;
  throw Error::WithHint(ErrorKind::kAuthority,
                        "the key of " + name + " is absent: its CRL cannot be signed",
                        "restore it from the backup");
}

// Whether the CRL of this CA is to be looked after now. Throws where it should be and cannot.
bool IsDue(const Authority& authority, const Authority::CrlIssuer& issuer, Time now,
           const CrlOptions& options) {
  if (options.only_above && issuer.leaves) return false;
  const Certificate& certificate = *authority.FindIssuer(issuer.issuer);
  const std::string name = "'" + NameToString(certificate.subject()) + "'";
  if (certificate.not_after() <= now) {
    const auto chain = authority.Chain();
    if (chain.empty() || issuer.scope != ScopeOf(chain.front())) return false;
    throw Error::WithHint(ErrorKind::kAuthority,
                          name + " ended at " + FormatRfc3339(certificate.not_after()),
                          "what it has signed has ended with it, and needs no CRL");
  }
  if (!certificate.MaySignCrls()) {
    throw Error::WithHint(ErrorKind::kAuthority, name + " may not sign CRLs: its key usage says so",
                          "fleetmint crl --serials prints what whoever signs its CRL has to know");
  }
  return authority.Answers(issuer, now);
}

// What this ledger may lack, its CRLs would take back.
void CheckAllAreAsked(const Authority& authority) {
  const std::vector<std::string> unasked = authority.ledger().Unasked();
  if (unasked.empty()) return;
  std::string names;
  for (const std::string& name : unasked) names += (names.empty() ? "'" : ", '") + name + "'";
  const std::string adopt =
      "fleetmint ca adopt --ca " + ShellWord(authority.directory().path()) + " ";
  throw Error::WithHint(
      ErrorKind::kLedger,
      "this ledger is older than an output: no CRL is signed before the outputs of all fleets were "
      "asked what it lacks; left are those of " +
          names,
      "for each of them: " + adopt + "--out OUT; if that output is lost: " + adopt + "--lost " +
          unasked.front());
}

}  // namespace

std::vector<Bytes> PublishedCrls(const Directory& root) {
  std::vector<Bytes> crls;
  if (root.FileSize("crl.der")) crls.push_back(root.Read("crl.der", kMostCrlBytes));
  if (!root.FileSize("crl.pem")) return crls;
  const Bytes pem = root.Read("crl.pem", kMostCrlBytes);
  try {
    for (const PemBlock& block : PemDecodeAll(AsText(pem))) {
      crls.emplace_back(block.der.begin(), block.der.end());
    }
  } catch (const Error& error) {
    if (error.cause() == ErrorCause::kOther) throw;
    throw Error::OfCause(ErrorKind::kLedger, ErrorCause::kDamaged,
                         "'" + root.PathOf("crl.pem") + "' is no PEM: " + error.what(),
                         "move it away: fleetmint crl --out writes it anew");
  }
  return crls;
}

std::optional<std::uint64_t> LostCrl(const Ledger& ledger, const Directory& root) {
  std::vector<Bytes> crls;
  try {
    crls = PublishedCrls(root);
  } catch (const Error& error) {
    if (error.cause() != ErrorCause::kDamaged) throw;
    if (root.FileSize("crl.der")) crls.push_back(root.Read("crl.der", kMostCrlBytes));
  }
  const std::uint64_t last = ledger.LastCrlNumber();  // after: a CRL is published with its number
  for (const Bytes& der : crls) {
    try {
      const CertListView view = CertListView::Read(der);
      if (view.number() <= last) continue;
      const std::vector<IssuerRow> issuers = ledger.Issuers();
      if (!IsAnothers(issuers, view.issuer()) && !IsForged(issuers, view, der)) {
        return view.number();
      }
    } catch (const Error& error) {
      if (error.cause() != ErrorCause::kDamaged) throw;
    }
  }
  return std::nullopt;
}

std::vector<CrlState> RenewCrls(const Authority& authority, PassphraseSource* passphrase,
                                const prime::Kernel* kernel, const Clock& clock,
                                const CrlOptions& options) {
  std::vector<CrlState> states;
  CachedPassphrase cached(passphrase);
  const Directory folder = authority.Crls();
  const FileLock alone = folder.LockItself();
  RemoveHalfWritten(folder);
  CheckAllAreAsked(authority);
  const Time now = clock.Now();
  const std::vector<Authority::CrlIssuer> issuers = authority.CrlIssuers();
  std::vector<std::unique_ptr<ScopeCrl>> due;
  const auto fails = [&](const Authority::CrlIssuer& issuer, const Error& error) {
    CrlState state;
    state.file = issuer.file;
    state.issuer = NameToString(authority.FindIssuer(issuer.issuer)->subject());
    state.failure = error;
    states.push_back(std::move(state));
  };
  // What each one has to say, before any of them is signed: of an older ledger none is.
  for (const Authority::CrlIssuer& issuer : issuers) {
    try {
      if (!IsDue(authority, issuer, now, options)) continue;
      auto crl = std::make_unique<ScopeCrl>(authority, issuer, now);
      crl->ReadEntries(options.published);
      due.push_back(std::move(crl));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kLedger && error.cause() != ErrorCause::kDamaged) throw;
      fails(issuer, error);
    }
  }
  for (const auto& crl : due) {
    const Authority::CrlIssuer& issuer = crl->issuer();
    if (!crl->MustBeSigned(options)) {
      states.push_back(crl->State(crl->old_bytes(), false));
      continue;
    }
    try {
      bool given = false;
      const auto signer = SignerOf(authority, issuer, &cached, kernel, options, given);
      if (!signer) continue;  // an offline root's: `status` says when it is time
      const Bytes fresh = crl->Sign(*signer, options);
      states.push_back(crl->State(fresh, true));
      states.back().key_was_given = given;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kAuthority) throw;
      fails(issuer, error);
    }
  }
  return states;
}

}  // namespace fleetmint
