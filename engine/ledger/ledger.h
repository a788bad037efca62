// Ledger: the SQLite database of every serial ever reserved and what became of it.
//
// The database holds the invariants as constraints (schema.sql): a serial is unique; a subject
// public key is unique; an endpoint of a fleet has at most one current certificate. Code that
// breaks one gets an Error, not a duplicate.
//
// States: reserved -> issued -> superseded; reserved -> abandoned. (Revocation is a column of its
// own: any of issued, superseded, abandoned may be revoked.)
//
// WAL mode, synchronous=FULL: a committed transaction survives a power cut. Writers wait for each
// other up to a timeout. A commit that fails is unknown: its caller stops, and recovery reads again
// what became of it. A Ledger object is for one thread at a time; open another one for another
// thread. Errors: kLedger; kIntegrity where the unique-key invariant fails.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/ledger/reservation.h"

namespace fleetmint {

enum class CertificateState : std::uint8_t { kReserved, kIssued, kSuperseded, kAbandoned };
std::string_view StateName(CertificateState state);

// BundleFile is one file of a bundle as it was written.
struct BundleFileRecord {
  std::string extension;  // "pfx", "key.pem", "crt.pem", "chain.pem"
  std::uint64_t bytes = 0;
  Sha256Digest sha256{};
  friend bool operator==(const BundleFileRecord&, const BundleFileRecord&) = default;
};

// IssuedFacts is what the ledger keeps of an issued certificate: all that manifest, rollout, verify
// and revocation need, and no secret.
struct IssuedFacts {
  std::string fqdn;
  std::string profile;              // profile name
  std::string profile_fingerprint;  // Profile::Fingerprint of what was applied
  std::string subject;              // as Name::ToString
  std::vector<std::string> dns;
  std::vector<std::string> ip;
  Time not_before;
  Time not_after;
  Sha1Digest sha1{};      // of the certificate
  Sha256Digest sha256{};  // of the certificate
  Sha256Digest spki_sha256{};
  std::string issuer;      // hex SHA-256 of the issuing CA certificate
  std::string key;         // KeySpecName
  std::string encryption;  // "modern" or "legacy"
  std::string password;    // PasswordSource as text
  std::string friendly_name;
  std::vector<BundleFileRecord> files;
};

// LedgerRow is one certificate of the ledger.
struct LedgerRow {
  Serial serial{};
  std::string fleet;  // "" for CA certificates
  std::string endpoint;
  CertificateState state = CertificateState::kReserved;
  std::int64_t run = 0;
  Time reserved_at;
  std::optional<Time> issued_at;
  std::optional<Serial> supersedes;
  std::optional<Time> revoked_at;
  int revocation_reason = 0;
  std::optional<Time> delivered_at;  // its bundle was shipped, and need not be in the output
  IssuedFacts facts;                 // empty unless it was issued
};

// CommitItem turns a reservation into an issued certificate.
struct CommitItem {
  Reservation reservation;
  IssuedFacts facts;
};

class Ledger {
 public:
  static constexpr int kSchemaVersion = 2;

  // Create makes a new database file (mode 0600) of the authority with this id; Open opens one, and
  // brings an older schema up to date. A ledger of a newer schema is refused, and so is one of
  // another authority.
  static Ledger Create(const std::string& path, std::string_view authority);
  static Ledger Open(const std::string& path, std::string_view authority);
  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;
  ~Ledger();

  // OutputOf gives the id of the output directory that holds a fleet's bundles; nothing before the
  // fleet's first certificate was issued.
  std::optional<std::string> OutputOf(std::string_view fleet) const;
  // BindOutput records the output directory that a fleet is issued into, durably. Error(kLedger) if
  // it holds another one's bundles, or if the fleet's are elsewhere.
  void BindOutput(std::string_view fleet, std::string_view output);

  // BeginRun records a run (who reserved what); EndRun its end. The run is named in every row.
  std::int64_t BeginRun(std::string_view fleet, Time now);
  void EndRun(std::int64_t run, Time now);

  // Reserve draws a serial for each endpoint and records them in one transaction. `fleet` is "" for
  // CA certificates. When it returns, the records are durable.
  std::vector<Reservation> Reserve(std::int64_t run, std::string_view fleet,
                                   std::span<const std::string> endpoints, RandomSource& random,
                                   Time now);

  // Commit is the one commit point: in one transaction each endpoint's current row becomes
  // `superseded` and the reservation's row `issued`. The items are consumed. Gives for each of
  // them, in their order, the serial that it supersedes, if any. After an Error it may have
  // happened or not: nothing may be built on it before MakeDurable and Find.
  std::vector<std::optional<Serial>> Commit(std::vector<CommitItem> items, Time now);

  // MakeDurable writes and syncs anew what this ledger says (a full checkpoint). For recovery:
  // after a commit whose sync failed, what is read may be in memory alone.
  void MakeDurable();

  // MarkDelivered records that the bundles of these current certificates were shipped, in one
  // transaction.
  void MarkDelivered(std::span<const Serial> serials, Time now);

  // Abandon ends reservations of which nothing was issued.
  void Abandon(std::vector<Reservation> reservations);
  // AbandonReserved ends every reservation of endpoint certificates: recovery, under the run lock.
  // Returns how many there were.
  std::size_t AbandonReserved();

  // Find gives the row of a serial.
  std::optional<LedgerRow> Find(const Serial& serial) const;
  // Current gives the issued (not superseded) row of an endpoint.
  std::optional<LedgerRow> Current(std::string_view fleet, std::string_view endpoint) const;
  // CurrentNames gives the lower-case names of all endpoints of a fleet with a current certificate
  // and the fingerprint of the profile each was issued under, sorted by name.
  struct CurrentName {
    std::string endpoint_key;
    std::string profile_fingerprint;
  };
  std::vector<CurrentName> CurrentNames(std::string_view fleet) const;
  // ForEachCurrent visits the current rows of a fleet (of all fleets where empty), ordered by fleet
  // and endpoint. The visitor may call Find.
  void ForEachCurrent(std::string_view fleet,
                      const std::function<void(const LedgerRow&)>& visit) const;
  // Snapshot runs `read`, to which the ledger stands still: what others commit meanwhile is not
  // seen. Writing within it is not allowed.
  void Snapshot(const std::function<void()>& read) const;
  // ForEach visits every row in the order of its reservation.
  void ForEach(const std::function<void(const LedgerRow&)>& visit) const;

  // Fleets gives the names of all fleets that have had a run, sorted.
  std::vector<std::string> Fleets() const;

  // LatestTime gives the latest moment that a run, or the last certificate, has recorded: a clock
  // before it has gone back.
  std::optional<Time> LatestTime() const;
  // BackUp writes a copy of one state of the ledger as a new file `path` (mode 0600), while others
  // go on writing (SQLite's backup interface), and makes it durable. Errors: kLedger if the file
  // exists, cannot be written, or the copy is not sound.
  void BackUp(const std::string& path) const;

  struct Counts {
    std::uint64_t reserved = 0, issued = 0, superseded = 0, abandoned = 0;
  };
  Counts Count() const;

  // NextCrlNumber draws the next CRL number of an issuer (hex SHA-256 of its certificate), starting
  // at 1, and records it durably.
  std::uint64_t NextCrlNumber(std::string_view issuer);

  // IntegrityFaults runs PRAGMA integrity_check and foreign_key_check; empty means sound.
  std::vector<std::string> IntegrityFaults() const;

 private:
  struct Impl;
  explicit Ledger(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fleetmint
