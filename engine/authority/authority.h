// Authority: the CA directory (`--ca`): certificates, keys, fleet key, ledger.
//
//   authority.yaml   id, tiers, signer, KDF of the fleet key           root.crt  root.key
//   issuing.crt  issuing.key  fleet.key  ledger.db  run.lock           crl/root.crl
//
// The directory is 0700 and its private files 0600; looser modes are refused. Private keys are
// PKCS#8 encrypted with PBES2 (AES-256, PBKDF2-HMAC-SHA-256, 600,000 iterations) under the
// passphrase, or plain where the authority was made with none. Every error is Error(kAuthority)
// with a hint. An Authority object is for one thread; its Issuer, Signer and FleetKey are safe from
// several.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/authority/issuer.h"
#include "engine/authority/passphrase.h"
#include "engine/authority/passwords.h"
#include "engine/authority/signer.h"
#include "engine/base/clock.h"
#include "engine/base/durable_file.h"
#include "engine/base/random.h"
#include "engine/keys/key_spec.h"
#include "engine/ledger/ledger.h"
#include "engine/x509/certificate_spec.h"

namespace fleetmint {

// TierPlan is one CA certificate to be made by Init; tiers[0] signs itself, each other one is
// signed by the one before it.
struct TierPlan {
  std::string name;
  CertificateSpec certificate;
  KeySpec key;
};

// InitOptions say how to make an authority. `passphrase` null: keys are stored unencrypted.
struct InitOptions {
  std::vector<TierPlan> tiers;
  Seconds root_crl_validity{0};
  PassphraseSource* passphrase = nullptr;
  std::stop_token stop{};  // polled between primes; then Init throws kInterrupted
};

// TierInfo is what `ca show` tells of one tier.
struct TierInfo {
  std::string name;
  Bytes certificate;  // DER; empty while a request waits for its certificate
  std::string subject;
  std::string serial;  // hex
  std::string key;     // KeySpecName
  Time not_before;
  Time not_after;
  Sha1Digest sha1{};
  Sha256Digest sha256{};
  bool key_present = false;  // its private key is in the directory
};

class Authority {
 public:
  // Init makes a new authority in `path`, which must not exist or be empty. On failure nothing of
  // it stays behind.
  static Authority Init(const std::string& path, const InitOptions& options, RandomSource& random,
                        StreamFactory& streams, const Clock& clock);

  // Import makes an authority around an organization's own issuing CA: `key` PKCS#8 PEM (or DER, or
  // a traditional RSA/EC key that Botan reads; `key_passphrase` if encrypted), `chain` PEM: the
  // issuing certificate first, then its issuers up to the root. Checks that key and certificate
  // belong together, and the chain by x509/chain.h. The ledger holds what an authority has signed,
  // so the imported certificates, which others signed, are not in it.
  static Authority Import(const std::string& path, ByteView key, PassphraseSource* key_passphrase,
                          ByteView chain, PassphraseSource* passphrase, RandomSource& random,
                          const Clock& clock);

  // Request makes an authority whose issuing key waits for its certificate, and returns a PKCS#10
  // request (PEM) for it. Install completes it: `chain` PEM as for Import.
  static std::pair<Authority, std::string> Request(const std::string& path, const TierPlan& tier,
                                                   PassphraseSource* passphrase,
                                                   RandomSource& random, StreamFactory& streams,
                                                   const Clock& clock);
  void Install(ByteView chain, const Clock& clock);

  // BackUp copies the whole authority to `path`, which must not exist or be empty: a directory like
  // this one, from which a lost one is restored by moving it back. Runs may be going on: the ledger
  // is copied in one state (Ledger::BackUp). On failure nothing of it stays behind.
  void BackUp(const std::string& path, RandomSource& random) const;

  // Open reads an existing authority and checks modes; needs no passphrase.
  static Authority Open(const std::string& path);

  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;
  ~Authority();

  const std::string& id() const;  // hex; pinned in every output directory
  const Directory& directory() const;
  // OpenLedger opens a connection to the authority's ledger: one for each thread that needs it.
  Ledger OpenLedger() const;
  bool encrypted() const;  // keys are stored under a passphrase
  std::vector<TierInfo> Tiers() const;

  // Chain gives the CA certificates, issuing first, root last (DER).
  std::vector<Bytes> Chain() const;
  // CrlFiles gives the DER CRLs of crl/, e.g. the root's.
  std::vector<Bytes> Crls() const;

  // CheckReady gives the issuing certificate if certificates can be issued now, as far as that can
  // be told without the passphrase: it is there, and so is its key; the chain holds (x509/chain.h).
  IssuerCertificate CheckReady(const Clock& clock) const;

  // Unlock decrypts the issuing key and the fleet key. `passphrase` may be null if !encrypted().
  // Errors: wrong passphrase; key does not match its certificate; certificate expired or not a CA.
  void Unlock(PassphraseSource* passphrase, const Clock& clock);
  // UnlockFleetKey decrypts the fleet key alone (passwords, verify): the issuing key may be absent.
  void UnlockFleetKey(PassphraseSource* passphrase);

  // Precondition for these: Unlock, or UnlockFleetKey for the last.
  const Issuer& issuer() const;
  const PasswordMaker& passwords() const;

 private:
  struct Impl;
  explicit Authority(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fleetmint
