// What the ledger takes and gives: rows, records, runs and issuers as values. Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/base/serial.h"
#include "engine/ledger/reservation.h"

namespace fleetmint {

enum class CertificateState : std::uint8_t {
  kReserved,    // its serial is taken
  kVoid,        // given up before the signer saw it
  kAbandoned,   // given up, and perhaps signed
  kIssued,      // the endpoint's current one
  kSuperseded,  // a newer one took its place
  kRetired,     // its host is gone
  kReported,    // known from a manifest alone
};
std::string_view StateName(CertificateState state);

// BundleFileRecord is one file of a bundle as it was written.
struct BundleFileRecord {
  std::string extension;  // "pfx", "key.pem", "crt.pem", "chain.pem"
  std::uint64_t bytes = 0;
  Sha256Digest sha256{};
  friend bool operator==(const BundleFileRecord&, const BundleFileRecord&) = default;
};

// SettingsRecord is what a layer of endpoints was issued under, as canonical text; profiles/ reads
// it (Settings).
struct SettingsRecord {
  int format = 1;
  std::string profile;
  std::string group;
  std::string body;
  friend auto operator<=>(const SettingsRecord&, const SettingsRecord&) = default;
};

// LedgerRow is one endpoint certificate: what constraints and queries need.
struct LedgerRow {
  std::int64_t id = 0;  // the order of reservation
  Serial serial{};
  std::string fleet;
  std::string endpoint;  // as the user wrote it
  CertificateState state = CertificateState::kReserved;
  std::int64_t run = 0;
  std::int64_t lineage = 0;  // id of the first certificate that it descends from
  std::int64_t issuer = 0;   // IssuerRow::id
  Time reserved_at;
  Time end_bound;
  std::optional<Time> issued_at;
  // Only where it was issued:
  Time not_after;
  std::int64_t settings = 0;  // for Ledger::SettingsOf
  Sha1Digest sha1{};          // of the certificate
  Sha256Digest sha256{};      // of the certificate
  Sha256Digest spki_sha256{};

  std::optional<std::int64_t> supersedes;  // id
  std::optional<Time> revoked_at;
  int reason = 0;                    // RFC 5280 5.3.1
  std::optional<Time> delivered_at;  // its bundle was shipped, and need not be in the output
};

// IssuedRow is a row with its record: it was issued.
struct IssuedRow : LedgerRow {
  Bytes der;  // the certificate, as it was signed
  std::vector<BundleFileRecord> files;
};

// CommitItem turns a reservation into an issued certificate.
struct CommitItem {
  Reservation reservation;
  Bytes der;
  Time not_after;
  Sha1Digest sha1{};
  Sha256Digest sha256{};
  Sha256Digest spki_sha256{};
  SettingsRecord settings;
  std::vector<BundleFileRecord> files;
};

// ReplacedBundle is what a commit has superseded, as it lies in the output.
struct ReplacedBundle {
  std::string endpoint;  // as the user wrote it then
  std::vector<BundleFileRecord> files;
};

// ReservedFor says which issuer may sign, and the latest notAfter that this can lead to.
struct ReservedFor {
  std::int64_t issuer = 0;
  Time end_bound;
};

// CurrentName is what a selection asks of a current certificate.
struct CurrentName {
  std::string endpoint_key;   // lower case
  std::int64_t settings = 0;  // for Ledger::SettingsOf
  Time not_after;
  std::int64_t issuer = 0;  // IssuerRow::id
  std::int64_t run = 0;     // that issued it
  bool revoked = false;
  bool issuer_revoked = false;  // its CA's certificate was
  bool reported = false;        // known from a manifest alone; it has no settings
};

// Predecessor is an earlier certificate of an endpoint, as a rollout removes it.
struct Predecessor {
  Serial serial{};
  Sha1Digest sha1{};
  Sha256Digest sha256{};
};

// RevocationFilter says which certificates a revocation is for: those that every field which is set
// allows. At most one of the two lists is set.
struct RevocationFilter {
  std::vector<std::string> endpoints;  // the whole line of each, former names too; any case
  std::vector<Serial> serials;
  std::string fleet;                                      // "": every one
  std::function<bool(std::int64_t settings)> under = {};  // issued under such settings
  std::optional<Time> issued_before;
  bool superseded = false;  // a newer one has taken its place
  bool installed = false;   // a later one of its line is installed: its host's receipt is there
};

// RevocableRow is a certificate that can be revoked, or is.
struct RevocableRow {
  std::int64_t id = 0;
  Serial serial{};
  std::string fleet, endpoint;
  CertificateState state = CertificateState::kIssued;
  Time end;
  bool revoked = false;
};

struct RevocationCount {
  std::size_t revoked = 0;  // now
  std::size_t already = 0;  // before
};

struct RetiredCount {
  std::size_t retired = 0;  // now
  std::size_t revoked = 0;  // now
};

// Receipt is a host's word that it has installed a certificate (one of the two digests), or that it
// trusts a CA certificate.
struct Receipt {
  std::string endpoint;
  std::optional<Sha1Digest> sha1;
  std::optional<Sha256Digest> sha256;
  std::optional<std::int64_t> trusts;  // the ledger's id of the CA certificate; then no digest
  Time time;
};

// TrustCount tells how many hosts have a current certificate that counts, and how many of them
// have said that they trust a CA certificate.
struct TrustCount {
  std::size_t hosts = 0, trusting = 0;
};
enum class ReceiptVerdict : std::uint8_t {
  kNew,              // recorded now
  kKnown,            // there was one before
  kUnknownEndpoint,  // nothing was issued to such an endpoint
  kOther,            // the endpoint was never issued that certificate
};

// FleetStatus is how the current certificates of a fleet under one profile are, and what of their
// predecessors has not ended.
struct FleetStatus {
  std::string fleet, profile;
  std::size_t current = 0;                   // whatever they are besides
  std::size_t revoked = 0;                   // of current
  std::size_t expired = 0;                   // of current, not revoked
  std::size_t delivered = 0, installed = 0;  // of current
  std::size_t issuer_revoked = 0;     // of current, neither revoked nor expired: their CA was
  std::size_t renewed = 0;            // of current: they have superseded another one
  std::size_t renewed_installed = 0;  // of these: installed
  std::optional<Time> next_end;       // of current ones that have neither ended nor been revoked
  std::map<std::int64_t, std::size_t> weeks;  // these, by the number of whole weeks left
};

// CrlEntry is a certificate that its issuer's CRL has to name.
struct CrlEntry {
  Serial serial{};
  Time revoked_at;
  int reason = 0;  // RFC 5280 5.3.1
};

struct Counts {
  std::uint64_t reserved = 0, issued = 0, superseded = 0, abandoned = 0, voided = 0, retired = 0;
};

using RunToken = std::array<std::uint8_t, 16>;

// RunPurpose is which endpoints a run is for, as text, and the moment it counts from; and the first
// run of the renewal that it goes on with, if there is one.
struct RunPurpose {
  std::string selection;
  Time cutoff;
  std::optional<std::int64_t> resumes = {};
  bool reinstates = false;  // see Run
};

// PastRun is what a later run of the same selection asks of one.
struct PastRun {
  std::int64_t first = 0;  // id of the first run of this renewal: its own, or the one it resumes
  Time started_at;         // of that first run
  bool complete = false;   // nothing of the selection was left, and that was published
};

struct Run {
  std::int64_t id = 0;
  std::string fleet;
  RunToken token{};
  bool reinstates = false;  // what it issues is not revoked with what it supersedes
};

// RunPosition is how far a run has come.
struct RunPosition {
  std::int64_t run = 0;  // id: later runs have larger ones
  RunToken token{};
  std::uint64_t commits = 0;  // chunks
};

enum class IssuerState : std::uint8_t {
  kReserved,  // its serial is taken
  kNext,      // waits for its certificate, or for its turn
  kCurrent,
  kRetired,
  kAbandoned,
};

// NewIssuer describes a CA certificate that is to be recorded.
struct NewIssuer {
  std::string tier;
  std::int64_t generation = 1;
  std::optional<std::int64_t> parent;  // id of the issuer that signs it
  bool leaves = false;                 // it signs endpoint certificates
  std::string key_file;                // "": its key is not ours
  Bytes der;                           // empty: there is none yet
  Sha256Digest scope{};                // SHA-256 of subject and public key, where there is a der
};

struct IssuerRow : NewIssuer {
  std::int64_t id = 0;
  std::optional<Serial> own_serial;  // nothing: another CA gave it
  IssuerState state = IssuerState::kReserved;
  std::optional<Time> revoked_at;
};

// CrlStamp is what tells two CRLs of one scope apart.
struct CrlStamp {
  std::uint64_t number = 0;
  Time this_update;
};

}  // namespace fleetmint
