// Ledger: the SQLite database of every serial ever reserved and what became of it.
//
// A certificate is three things in it: the certificate, the settings it was issued under, and the
// files of its bundle; the other columns are for constraints and queries. The database holds the
// invariants as constraints (schema.sql): a serial is unique; a subject public key is unique; an
// endpoint of a fleet has at most one current certificate. Code that breaks one gets an Error, not
// a duplicate.
//
// States: reserved -> issued -> superseded or retired; reserved -> void (never given to the signer)
// or abandoned (possibly signed). reported: somebody's word alone (adopted). Revocation is a column
// of its own.
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
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/ledger/adoption.h"
#include "engine/ledger/reservation.h"
#include "engine/ledger/rows.h"

namespace fleetmint {

class Ledger {
 public:
  static constexpr int kSchemaVersion = 3;
  static constexpr const char* kFirstFleetKey = "fleet.key";  // until RenameKeys

  // Create makes a new database file (mode 0600) of the authority with this id; Open opens one, and
  // brings an older schema up to date where there is a migration (migrations.h). A ledger of a
  // newer schema is refused, and so is one of another authority.
  static Ledger Create(const std::string& path, std::string_view authority);
  static Ledger Open(const std::string& path, std::string_view authority);
  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;
  ~Ledger();

  // --- Fleets (fleets.cc)

  // OutputOf gives the id of the output directory that holds a fleet's bundles; nothing before the
  // fleet's first certificate was issued.
  std::optional<std::string> OutputOf(std::string_view fleet) const;
  // BindOutput records the output directory that a fleet is issued into, durably. Error(kLedger) if
  // it holds another one's bundles, or if the fleet's are elsewhere.
  void BindOutput(std::string_view fleet, std::string_view output);
  // FolderOf gives where the fleet file lay at the last issue, as SetFolder has recorded it: seen
  // from the authority's directory, so that both may be moved together. "" if nothing is known of
  // it.
  std::string FolderOf(std::string_view fleet) const;
  void SetFolder(std::string_view fleet, std::string_view folder);
  // Fleets gives the names of all fleets, sorted.
  std::vector<std::string> Fleets() const;

  // --- Runs (runs.cc)

  // BeginRun records a run of a fleet that BindOutput knows, durably, and draws its token.
  Run BeginRun(std::string_view fleet, const RunPurpose& purpose, RandomSource& random, Time now);
  // EndRun records its end.
  void EndRun(const Run& run, Time now);
  // LastRunOf gives the fleet's last run of a selection; Complete records that nothing is left of
  // what it selected, and that the output says so, too.
  std::optional<PastRun> LastRunOf(std::string_view fleet, std::string_view selection) const;
  void Complete(std::string_view fleet, std::string_view selection);
  // HeadOf gives the fleet's last run that has committed a chunk; nothing before the first.
  std::optional<RunPosition> HeadOf(std::string_view fleet) const;
  // FindRun gives how far the run of this fleet with this token has come; nothing if the ledger
  // knows no such run.
  std::optional<RunPosition> FindRun(const RunToken& token, std::string_view fleet) const;
  // EndedRuns gives the tokens of the runs that have ended and that no backup holds yet;
  // MarkBackedUp records that one does; BackedUpRuns gives those of a fleet that one holds.
  std::vector<RunToken> EndedRuns() const;
  void MarkBackedUp(std::span<const RunToken> runs);
  std::vector<RunToken> BackedUpRuns(std::string_view fleet) const;
  // LatestTime gives the latest moment that a run, or the last certificate, has recorded: a clock
  // before it has gone back.
  std::optional<Time> LatestTime() const;

  // --- Issuers (issuers.cc)

  // Issuers gives every CA certificate, in the order in which they were recorded.
  std::vector<IssuerRow> Issuers() const;
  // ReserveIssuer draws the serial of a CA certificate of our own and records it, durably.
  Reservation ReserveIssuer(const NewIssuer& issuer, RandomSource& random, Time now);
  // CommitIssuer turns it into the current certificate of its tier, or the next one (kCurrent or
  // kNext), and gives its id. AbandonIssuers ends those that were never committed; next ones above
  // no next issuing CA are retired.
  std::int64_t CommitIssuer(Reservation reservation, ByteView der, const Sha256Digest& scope,
                            IssuerState state);
  void AbandonIssuers();
  // ReserveWaiting records a CA certificate that another CA is to sign, before its key is written;
  // gives its id. CommitWaiting makes it the next one, which waits for its certificate.
  std::int64_t ReserveWaiting(const NewIssuer& issuer, Time now);
  void CommitWaiting(std::int64_t id);
  // AbandonWaiting gives up one that waits for its certificate.
  void AbandonWaiting(std::int64_t id);
  // AddIssuers records CA certificates that others have signed (der empty: one that is waited for),
  // in one transaction; each one's parent is the one before it. Gives their ids.
  std::vector<std::int64_t> AddIssuers(std::span<const NewIssuer> issuers, Time now);
  // InstallIssuer records a certificate that another CA has signed, and its issuers `parents` (root
  // first; those that are known are not recorded again), in one transaction: as the one that
  // `waiting` waits for, or as a new generation. It stays the next one unless `activate`. Gives its
  // id.
  std::int64_t InstallIssuer(std::optional<std::int64_t> waiting, const NewIssuer& issuer,
                             std::span<const NewIssuer> parents, bool activate, Time now);
  // InstallParents puts a current issuer under other certificates of the CAs above it (root first):
  // renewed ones, of the same keys. They are current then.
  void InstallParents(std::int64_t id, std::span<const NewIssuer> parents, Time now);
  // ActivateIssuer makes a next issuer current, and with it those above it; whatever was current
  // and is not above it is retired. One transaction.
  void ActivateIssuer(std::int64_t id);
  // RevokeIssuer revokes a CA certificate that is not current, and the others of the same subject
  // and key, none of which may be current either; false where all were before. It keeps
  // its time and reason (RFC 5280 5.3.1). One that waited for its turn has none any more.
  bool RevokeIssuer(std::int64_t id, int reason, Time now);
  // FleetKeyFile gives the name of the fleet key's file, as Issuers gives those of the CA keys.
  // RenameKeys switches names of both kinds (old, new), in one transaction, from which on the old
  // ones are stale; before, the new ones are (AddStaleKeys). ForgetStaleKeys: they are removed.
  std::string FleetKeyFile() const;
  using KeyNames = std::span<const std::pair<std::string, std::string>>;
  void AddStaleKeys(KeyNames names);
  void RenameKeys(KeyNames names);
  std::vector<std::string> StaleKeys() const;
  void ForgetStaleKeys();
  // NextCrl draws number and time of the next CRL of a scope, durably: the number is the larger of
  // the last one + 1 and the Unix time in microseconds, the time never goes back.
  CrlStamp NextCrl(const Sha256Digest& scope, Time now);
  // LastCrlNumber gives the largest number that a CRL of any scope has had; 0 before the first.
  std::uint64_t LastCrlNumber() const;

  // --- Certificates (certificates.cc)

  // Reserve draws a serial for each endpoint and records them in one transaction. When it returns,
  // the records are durable. `formerly`, if given, has for each of them the names that its host
  // had: where it has no current certificate of its own, Commit supersedes those of all these
  // names, and their lines go on in its own.
  std::vector<Reservation> Reserve(const Run& run, std::span<const std::string> endpoints,
                                   const ReservedFor& issuer, StreamFactory& streams, Time now,
                                   std::span<const std::vector<std::string>> formerly = {});

  // Commit is the one commit point: in one transaction each endpoint's current row becomes
  // `superseded`, the reservation's row `issued` with its record, and the run's commits `chunk`.
  // Where what is superseded was revoked (meanwhile, or under a former name), so is its successor,
  // unless the run reinstates. The items are consumed. Gives for each of them, in their order, what
  // it supersedes. After an Error it may have happened or not: nothing may be built on
  // it before MakeDurable and Find.
  std::vector<std::vector<ReplacedBundle>> Commit(const Run& run, std::uint64_t chunk,
                                                  std::vector<CommitItem>&& items, Time now);

  // MakeDurable writes and syncs anew what this ledger says (a full checkpoint). For recovery:
  // after a commit whose sync failed, what is read may be in memory alone.
  void MakeDurable();

  // MarkDelivered records that the bundles of these current certificates were shipped, in one
  // transaction.
  void MarkDelivered(std::span<const Serial> serials, Time now);

  // GiveUp ends reservations of which nothing was issued: those that never reached the signer
  // become void, the others abandoned.
  void GiveUp(std::vector<Reservation>&& never_signed, std::vector<Reservation>&& signed_ones);
  // AbandonReserved ends every reservation: recovery, under the run lock. Returns how many there
  // were. It also ends the runs that did not end themselves.
  std::size_t AbandonReserved(Time now);
  // HasReservations tells whether there is one that has not ended: a run's, or left by a crash.
  bool HasReservations() const;

  // --- What is asked of them (certificate_queries.cc)

  // Find gives the row of a serial, FindIssued also its record (nothing if it was never issued).
  // Where one row is asked for, damage to it is an Error(kLedger) of cause kDamaged.
  std::optional<LedgerRow> Find(const Serial& serial) const;
  std::optional<IssuedRow> FindIssued(const Serial& serial) const;
  std::optional<IssuedRow> FindIssued(std::int64_t id) const;
  // Current gives the issued (not superseded) row of an endpoint.
  std::optional<IssuedRow> Current(std::string_view fleet, std::string_view endpoint) const;
  // CurrentId gives its id, also where the rest of the row is damaged.
  std::optional<std::int64_t> CurrentId(std::string_view fleet, std::string_view endpoint) const;
  // CurrentNames gives the lower-case names of all endpoints of a fleet with a current certificate,
  // with what a selection asks of it, sorted by name.
  std::vector<CurrentName> CurrentNames(std::string_view fleet) const;
  // DamageVisitor is told of a row that is not whole: what can be read of it, and what is damaged.
  // One damaged row must neither take the others away nor be passed over, so nobody can visit rows
  // without one.
  using DamageVisitor = std::function<void(const LedgerRow&, const std::string& damage)>;
  // ForEachCurrent visits the current rows of a fleet (of all fleets where empty), ordered by fleet
  // and endpoint; those that are not whole go to `damaged` instead. Visitors may ask the ledger.
  void ForEachCurrent(std::string_view fleet, const std::function<void(const IssuedRow&)>& visit,
                      const DamageVisitor& damaged) const;
  // ForEach visits every row in the order of its reservation, one that is not whole as far as it
  // can be read, after `damaged`.
  void ForEach(const std::function<void(const LedgerRow&)>& visit,
               const DamageVisitor& damaged) const;
  // ForEachFormer visits the rows of all fleets that were issued and are not current any more, in
  // the order of their reservation; one that is not whole goes to `damaged` instead.
  void ForEachFormer(const std::function<void(const IssuedRow&)>& visit,
                     const DamageVisitor& damaged) const;
  // Predecessors gives every earlier certificate of the row's line, those under former names too,
  // that had not expired when it was issued, oldest first: what a host that missed a rollout may
  // still hold.
  std::vector<Predecessor> Predecessors(const LedgerRow& row) const;
  // Superseded gives the ids of what the row's commit has superseded: one, but of a host with
  // several former names.
  std::vector<std::int64_t> Superseded(const LedgerRow& row) const;
  // SettingsOf gives the settings with the id `LedgerRow::settings`; AllSettings all, by id.
  SettingsRecord SettingsOf(std::int64_t id) const;
  std::vector<std::pair<std::int64_t, SettingsRecord>> AllSettings() const;
  Counts Count() const;

  // --- What became of them (status.cc)

  // TakeReceipts records that hosts have installed their certificates or trust a CA, in one
  // transaction: the earliest word counts, so that they may come late, twice and in any order.
  // Gives a verdict for each.
  std::vector<ReceiptVerdict> TakeReceipts(std::span<const Receipt> receipts);
  // CountTrust counts the hosts whose current certificates neither ended nor were revoked, and
  // those of them that trust a CA certificate.
  TrustCount CountTrust(std::int64_t issuer, Time now) const;
  // Status gives the state of each fleet and profile, sorted by both.
  std::vector<FleetStatus> Status(Time now) const;

  // --- Of a ledger that is older than an output (adopt.cc)

  // AskFleets records that this ledger is older than the output of `fleet`, so that those of all
  // fleets have to be asked what it lacks; nothing changes while this fleet has been noted already.
  // FleetAsked takes one off: it was adopted from, is not ahead, or is lost; false where it was not
  // noted. Unasked gives those that are left, sorted.
  void AskFleets(std::string_view fleet);
  bool FleetAsked(std::string_view fleet);
  std::vector<std::string> Unasked() const;
  // Adopt records all of it, and that the fleet was asked, in one transaction. What a revocation of
  // this ledger was meant for is revoked: a certificate whose predecessor was revoked after it had
  // been issued. Throws Error(kLedger) where a serial is known with another certificate, or a CRL
  // has the current CA as revoked.
  AdoptionCount Adopt(const Adoption& adoption, Time now);
  // Reported gives the rows of a fleet that are the last ones of their endpoints and known from a
  // manifest alone, sorted by endpoint.
  std::vector<LedgerRow> Reported(std::string_view fleet) const;

  // --- Revocation (revocations.cc)

  // Revocable gives what a filter hits of all that was issued, or is known from elsewhere, and has
  // not ended at `now`: current, superseded and retired ones.
  std::vector<RevocableRow> Revocable(const RevocationFilter& filter, Time now) const;
  // Revoke revokes these in one transaction, which looks for them anew. What is revoked keeps its
  // time and reason (RFC 5280 5.3.1, not 6: a revocation is final).
  RevocationCount Revoke(const RevocationFilter& filter, int reason, Time now);
  // Retire ends the current certificates of these endpoints of a fleet, in one transaction; with a
  // reason it also revokes all of their certificates that have not ended at `now`.
  RetiredCount Retire(std::string_view fleet, const std::vector<std::string>& endpoints,
                      std::optional<int> reason, Time now);
  // ForEachRetired visits the retired rows of a fleet whose endpoint has no current certificate,
  // nor a later one that was retired; one that is not whole goes to `damaged` instead.
  void ForEachRetired(std::string_view fleet, const std::function<void(const IssuedRow&)>& visit,
                      const DamageVisitor& damaged) const;
  // FindByThumbprint gives the certificates whose SHA-1 or SHA-256 begins with these hexadecimal
  // digits (lower case), at most `most` of them.
  std::vector<LedgerRow> FindByThumbprint(std::string_view prefix, std::size_t most) const;
  // CrlEntries gives what the CRL of a scope has to name, sorted by serial: revoked and abandoned
  // certificates that had not ended at `not_ended`, and CA certificates whenever they end.
  std::vector<CrlEntry> CrlEntries(const Sha256Digest& scope, Time not_ended) const;
  // HasUnexpired tells whether the issuers of a scope may have signed what has not ended at `now`.
  bool HasUnexpired(const Sha256Digest& scope, Time now) const;

  // --- The whole (ledger.cc)

  // Snapshot runs `read`, to which the ledger stands still: what others commit meanwhile is not
  // seen. Writing within it is not allowed.
  void Snapshot(const std::function<void()>& read) const;
  // BackUp writes a copy of one state of the ledger as a new file `path` (mode 0600), while others
  // go on writing (SQLite's backup interface), and makes it durable. Errors: kLedger if the file
  // exists, cannot be written, or the copy is not sound.
  void BackUp(const std::string& path) const;
  // IntegrityFaults runs PRAGMA integrity_check and foreign_key_check; empty means sound.
  std::vector<std::string> IntegrityFaults() const;
  // Misfits says which rows do not fit those that they refer to; empty means that all do.
  std::vector<std::string> Misfits() const;

 private:
  struct Impl;
  explicit Ledger(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fleetmint
