// Crl: the CRLs of an authority, from its ledger.
//
// A CRL is signed once, into the authority's crl/, and published from there into outputs
// (publish.h). It names what its issuer has signed and the ledger has as revoked, and the abandoned
// serials, each until the moment at which it has ended, and once more after that (RFC 5280 3.3). It
// never lacks an unexpired entry of the one that it replaces: where it would, the ledger is older
// than the CRL, and nothing is signed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace fleetmint {

// CrlState is one CRL as it now is.
struct CrlState {
  std::string file;    // in the authority's crl/
  std::string issuer;  // subject
  std::uint64_t number = 0;
  Time this_update, next_update;
  std::size_t entries = 0;
  bool signed_now = false;
  bool key_was_given = false;  // it was signed with CrlOptions::above_key
  // Why it could not be signed: a key that is absent, or under another passphrase; a file that is
  // no CRL; a CA that has ended. Then nothing above but `file` and `issuer` is known.
  std::optional<Error> failure = {};
};

struct CrlOptions {
  std::optional<Seconds>
      validity;                  // until nextUpdate; absent: as the last one's, else kCrlValidity
  bool always = false;           // sign, though nothing has changed
  std::vector<Bytes> published;  // CRLs (DER) that are out already, and must not be fallen behind
  bool only_above = false;       // those of the CAs above the issuing ones alone
  // The key file of a CA above that is kept elsewhere, and who knows its passphrase.
  SecretBytes above_key = {};
  PassphraseSource* above_passphrase = nullptr;
};

inline constexpr Seconds kCrlValidity = std::chrono::days{30};

// PublishedCrls gives the CRLs (DER) that an output has out: that of crl.der, and those of crl.pem,
// which are every CA's. Throws Error(kLedger, cause kDamaged) if crl.pem is no PEM; what the CRLs
// themselves hold is not looked at.
std::vector<Bytes> PublishedCrls(const Directory& root);

// LostCrl tells whether a ledger is older than what is out: the number of a CRL of a CA of ours
// that this ledger has never given; nothing where there is none. What cannot be read is passed over
// (verify says so).
std::optional<std::uint64_t> LostCrl(const Ledger& ledger, const Directory& root);

// RenewCrls signs the CRL of each CA that has unexpired endpoint certificates, where something was
// revoked since, half of its life is over, or another validity is asked for. `passphrase` is asked
// only if something is signed. Other callers wait. What stands in the way of one CA's keeps no
// other one from its own: see CrlState::failure. Errors: kLedger, and nothing is signed: the clock
// has gone back, or the ledger is older than a CRL, or than an output, and not all outputs were
// asked yet what it lacks (Ledger::Unasked).
std::vector<CrlState> RenewCrls(const Authority& authority, PassphraseSource* passphrase,
                                const prime::Kernel* kernel, const Clock& clock,
                                const CrlOptions& options);

}  // namespace fleetmint
