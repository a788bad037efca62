// Authority: the CA directory (`--ca`): certificates, keys, fleet key, ledger.
//
//   authority.yaml   what it is: id, signer, whether keys are encrypted, id of the fleet key
//   ledger.db        issuers, their generations and the names of their keys; every serial
//   root.key  issuing.key (issuing-2.key ...)   fleet.key   crl/root.crl   run.lock
//                   (root.p1.key ...: after a change of the passphrase)
//   root.crt  issuing.crt   copies for people: the ledger's certificates count
//
// The directory is 0700 and its private files 0600; looser modes are refused. Private keys are
// PKCS#8 encrypted with PBES2 (AES-256, PBKDF2-HMAC-SHA-256, 600,000 iterations) under the
// passphrase, or plain where the authority was made with none. Every error is Error(kAuthority)
// with a hint. An Authority object is for one thread. What needs a private key is not in it: Unlock
// gives it as an object of its own, whose const functions are safe from several threads.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/authority/issuer.h"
#include "engine/authority/new_authority_options.h"
#include "engine/authority/passphrase.h"
#include "engine/authority/passwords.h"
#include "engine/authority/signer.h"
#include "engine/base/clock.h"
#include "engine/base/durable_file.h"
#include "engine/base/random.h"
#include "engine/ledger/ledger.h"
#include "engine/x509/certificate.h"
#include "profiles/authority_profile.h"

namespace fleetmint {

// TierInfo is what `ca show` tells of one CA.
struct TierInfo {
  std::string name;
  std::int64_t generation = 1;
  bool next = false;  // it waits for its certificate or its turn
  bool revoked = false;
  Bytes certificate;  // DER; empty while a request waits for its certificate
  std::string subject;
  std::string serial;  // hex
  std::string key;     // KeySpecName
  Time not_before;
  Time not_after;
  Sha1Digest sha1{};
  Sha256Digest sha256{};
  std::string file;          // of the copy of its certificate in the directory
  bool key_present = false;  // its private key is in the directory
};

// ScopeOf gives a CA's CRL scope: SHA-256 of its subject and public key, both DER.
Sha256Digest ScopeOf(const Certificate& certificate);

// AuthorityDirectory is a directory that is an authority's, and closed to others: enough to take
// its run lock (run_lock.h), before anything is read that another run may be changing.
class AuthorityDirectory {
 public:
  static AuthorityDirectory Open(const std::string& path);
  const Directory& directory() const { return directory_; }
  const std::string& id() const { return id_; }
  bool encrypted() const { return encrypted_; }
  const std::string& fleet_key_id() const { return fleet_key_id_; }
  bool test() const { return test_; }

 private:
  explicit AuthorityDirectory(Directory directory);
  Directory directory_;
  std::string id_, fleet_key_id_;
  bool encrypted_ = false, test_ = false;
};

// UnlockedAuthority signs and derives passwords: its keys are in memory, and wiped with it.
class UnlockedAuthority {
 public:
  const Issuer& issuer() const { return *issuer_; }
  const PasswordMaker& passwords() const { return *passwords_; }

 private:
  friend class Authority;
  UnlockedAuthority() = default;
  std::unique_ptr<Signer> signer_;
  std::unique_ptr<Issuer> issuer_;
  std::unique_ptr<PasswordMaker> passwords_;
};

class Authority {
 public:
  // Init makes a new authority in `path`, which must not exist or be empty: tiers[0] signs itself,
  // each other one is signed by the one before it. On failure nothing of it stays behind.
  static Authority Init(const std::string& path, const AuthorityProfile& profile,
                        const NewAuthorityOptions& options);

  // Import makes an authority around an organization's own issuing CA. Checks that key and
  // certificate belong together, and the chain by x509/chain.h. Of the key nothing is left in
  // memory but what the caller holds.
  static Authority Import(const std::string& path, const ImportedCa& ca,
                          const NewAuthorityOptions& options);

  // Request makes an authority whose issuing key waits for its certificate, and returns a PKCS#10
  // request (PEM) for it; RequestNext does so for the next generation of this one.
  static std::pair<Authority, std::string> Request(const std::string& path, const Tier& tier,
                                                   const NewAuthorityOptions& options);
  std::string RequestNext(const Tier& wanted, const NewAuthorityOptions& options);
  // CancelRequest gives up a request that waits for its certificate, with its key, under the run
  // lock; gives its generation. Errors: kUsage where none waits, or it is the authority's first.
  std::int64_t CancelRequest();
  // Install takes a certificate of another CA; `chain` PEM as for Import; under the run lock. One
  // that answers a request is current at once if it is the authority's first, and the next one
  // otherwise. A renewed one of the issuing CA's own key is current at once: it goes on with the
  // CRL, and leaves every bundle valid; under another root it is the next one. With the current
  // certificate, `chain` may bring renewed ones of the CAs above it. Warnings go to `log`, if there
  // is one.
  enum class Installed : std::uint8_t { kBefore, kFirst, kNext, kRenewed };
  Installed Install(ByteView chain, const Clock& clock, Log* log = nullptr);

  // RotateOptions says how the next generation is made.
  struct RotateOptions {
    bool root = false;           // a new root, too; a CA that signs itself always is one
    SecretBytes above_key = {};  // key file of the CA above; empty: the one in the directory
    PassphraseSource* above_passphrase = nullptr;
    std::optional<KeySpec> key = {};       // of the issuing CA; nothing: as the current one's
    std::optional<Seconds> validity = {};  // of the issuing CA; nothing: as the current one's
  };
  // Rotate makes the next generation of the issuing CA, like the current one but for its key and
  // its name (" G2" at its end), under the run lock. It waits until Activate. Its key is under the
  // passphrase of the others. What a crash on the way leaves is of no generation, and the next
  // call's to remove.
  void Rotate(const RotateOptions& rotate, const NewAuthorityOptions& options);
  // NeedsTrust tells whether hosts that trust today's root alone would refuse the next generation.
  bool NeedsTrust() const;
  // TrustOfNext counts, where it needs trust, the hosts that have said that they trust its root.
  std::optional<TrustCount> TrustOfNext(Time now) const;
  // Activate makes the next generation current, and retires the current one, which goes on signing
  // its CRL. Errors: kUsage where there is none, or it has no certificate yet.
  void Activate(const Clock& clock);
  // RevokeGeneration revokes the certificate of an issuing CA that is not current; false where it
  // was before. The CRL of the CA above has to be signed anew then.
  bool RevokeGeneration(std::int64_t generation, int reason, Time now);

  // PassphraseChange names the key files that have the new passphrase, and those that keep the old
  // one because they were not there (an offline root).
  struct PassphraseChange {
    std::vector<std::string> changed, absent;
  };
  // ChangePassphrase puts every key that is in the directory under a new passphrase, in one step,
  // under the run lock: new files, read back; one transaction of the ledger that switches to their
  // names (issuing.p1.key); then the old files are removed. What a crash leaves on the way is the
  // next RemoveStaleKeys' to remove. Errors: kUsage: the keys are not encrypted, or the passphrase
  // stays the same; kAuthority: a key that the old passphrase does not open. Nothing is changed
  // then.
  PassphraseChange ChangePassphrase(PassphraseSource& old_one, PassphraseSource& new_one,
                                    RandomSource& random);
  // RemoveStaleKeys removes, under the run lock, the key files that the ledger has as replaced or
  // begun by ChangePassphrase, where the one that counts is here.
  void RemoveStaleKeys();

  // BackUp copies the whole authority to `path`, which must not exist or be empty: a directory like
  // this one, from which a lost one is restored by moving it back. Runs may be going on: the ledger
  // is copied in one state (Ledger::BackUp), and no key comes or goes meanwhile. On failure nothing
  // of it stays behind. The ledger notes which runs the copy holds.
  void BackUp(const std::string& path, RandomSource& random);

  // Open reads an existing authority; needs no passphrase.
  static Authority Open(AuthorityDirectory directory);
  static Authority Open(const std::string& path) { return Open(AuthorityDirectory::Open(path)); }

  const std::string& id() const {
    return directory_.id();
  }  // hex; pinned in every output directory
  const Directory& directory() const { return directory_.directory(); }
  bool encrypted() const { return directory_.encrypted(); }
  // test: it was made with a TestMark, or its issuing CA was: whoever knows the seed has its keys.
  // CheckNotTest throws Error(kUsage) if it is.
  bool test() const { return directory_.test() || has_test_ca_; }
  void CheckNotTest() const;
  // ledger is this object's own connection; OpenLedger opens another one: one for each thread that
  // needs it.
  const Ledger& ledger() const { return ledger_; }
  Ledger& ledger() { return ledger_; }
  Ledger OpenLedger() const;
  // Tiers gives the CAs that are current or wait for their certificate, root first.
  std::vector<TierInfo> Tiers() const;
  // FormerTiers gives those that were current and are not, or never came to be; oldest first.
  std::vector<TierInfo> FormerTiers() const;

  // Chain gives the current CA certificates, issuing first, root last; ChainDers the same as DER.
  // Empty while a request waits.
  std::span<const Certificate> Chain() const { return chain_; }
  std::span<const Bytes> ChainDers() const { return chain_ders_; }
  // ChainFrom gives the chain from an issuer of any generation (the ledger's id) up.
  std::vector<Certificate> ChainFrom(std::int64_t issuer) const;
  // FindIssuer gives the certificate of any generation by the ledger's id; nullptr if there is
  // none.
  const Certificate* FindIssuer(std::int64_t id) const;

  // issuing gives the ledger's id of the current CA that signs endpoints; nothing while a request
  // waits.
  std::optional<std::int64_t> issuing() const { return issuing_; }

  // CheckReady gives the issuing certificate if certificates can be issued now, as far as that can
  // be told without the passphrase: it is there, and so is its key; the chain holds (x509/chain.h).
  IssuerCertificate CheckReady(const Clock& clock) const;

  // Unlock decrypts the issuing key and the fleet key; `passphrase` is asked only if they are
  // encrypted. Errors: wrong passphrase; key does not match its certificate; certificate expired or
  // not a CA.
  UnlockedAuthority Unlock(PassphraseSource* passphrase, const Clock& clock,
                           const prime::Kernel* kernel = nullptr) const;
  // CrlIssuer is a CA whose CRL is ours to sign: one for each CRL scope, whatever its certificates;
  // those that sign endpoints first.
  struct CrlIssuer {
    std::int64_t issuer = 0;  // the newest certificate of the scope: the ledger's id
    std::string tier;
    bool leaves = false;  // endpoint certificates are on it; otherwise those of CAs
    Sha256Digest scope{};
    std::string file;          // of its CRL, in the folder Crls()
    bool key_present = false;  // its private key is in the directory
  };
  std::vector<CrlIssuer> CrlIssuers() const;
  // ForeignCrlIssuers gives the CAs above whose CRLs an organization signs; the file is where a
  // copy is kept.
  std::vector<CrlIssuer> ForeignCrlIssuers() const;
  // Answers tells whether a CA has to have a CRL at `now`: it is current or next, or what it has
  // signed has not ended.
  bool Answers(const CrlIssuer& issuer, Time now) const;
  // Crls is the folder of the CRLs; made if it is not there.
  Directory Crls() const;
  // CrlFiles gives the names of those that are there and that their CA has to have at `now`
  // (Answers), those of issuing CAs first, newest first.
  std::vector<std::string> CrlFiles(Time now) const;
  // TrustDers gives every CA certificate (DER) that hosts have to know at `now`: of the current
  // generation, of the next, and of those whose certificates have not ended; none that was revoked,
  // nor what stands under it.
  std::vector<Bytes> TrustDers(Time now) const;
  // UnlockSigner decrypts the key of one issuer. Errors as Unlock's.
  std::unique_ptr<Signer> UnlockSigner(std::int64_t issuer, PassphraseSource* passphrase,
                                       const prime::Kernel* kernel = nullptr) const;

  // UnlockPasswords decrypts the fleet key alone: the issuing key may be absent.
  PasswordMaker UnlockPasswords(PassphraseSource* passphrase) const;

 private:
  Authority(AuthorityDirectory directory, Ledger ledger);
  void ReadIssuers();
  std::vector<CrlIssuer> CrlIssuersIf(bool ours) const;

  AuthorityDirectory directory_;
  Ledger ledger_;
  struct KnownIssuer {
    IssuerRow row;
    std::optional<Certificate> certificate;
  };
  const KnownIssuer* FindKnown(std::int64_t id) const;
  // LineOf gives an issuer and those above it; an end also where a damaged ledger goes in a circle.
  std::vector<const KnownIssuer*> LineOf(std::int64_t issuer) const;
  const KnownIssuer* FindNext() const;
  void CheckNoNext() const;
  std::int64_t NextGeneration(const std::string& tier) const;
  std::optional<SecretBytes> PassphraseOfKeys(PassphraseSource* passphrase) const;
  Installed InstallAbove(const std::vector<Certificate>& certificates, const Clock& clock);
  void KeepKeys(std::span<NewIssuer> issuers) const;
  void WriteNewCertificates(std::span<const NewIssuer> issuers) const;
  TierInfo InfoOf(const KnownIssuer& issuer) const;
  bool HasName(const Name& subject) const;
  bool IsRevoked(const KnownIssuer& issuer) const;
  void CheckRevocable(const KnownIssuer& issuer) const;
  std::vector<std::string> KeyFiles() const;
  std::vector<std::string> StaleKeyFiles() const;
  PassphraseChange MoveKeys(PassphraseSource& old_one, PassphraseSource& new_one,
                            RandomSource& random);
  void MakeNext(const RotateOptions& rotate, const NewAuthorityOptions& options);
  std::vector<KnownIssuer> issuers_;     // all of the ledger's
  bool has_test_ca_ = false;             // in the chain
  std::optional<std::int64_t> issuing_;  // id of the current one that signs endpoints
  std::vector<Certificate> chain_;       // from it up
  std::vector<Bytes> chain_ders_;
};

}  // namespace fleetmint
