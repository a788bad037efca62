#include "engine/ledger/ledger.h"

#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/ledger/migrations.h"
#include "engine/ledger/row.h"
#include "engine/ledger/sqlite.h"

namespace fleetmint {
namespace {

constexpr const char* kSchema =
#include "engine/ledger/schema.sql"
    ;

std::int64_t Unix(Time time) { return time.time_since_epoch().count(); }

std::int64_t VersionOf(Connection& connection) {
  Query version(connection, "PRAGMA user_version");
  version.Step();
  return version.Integer(0);
}

void SetVersion(Connection& connection, std::int64_t version) {
  connection.Execute(("PRAGMA user_version=" + std::to_string(version)).c_str());
}

// One step at a time. BEGIN IMMEDIATE, so that of two processes the second one finds it done.
void Migrate(Connection& connection) {
  static_assert(kMigrations.size() + 1 == Ledger::kSchemaVersion);
  for (;;) {
    Transaction transaction(connection);
    const std::int64_t version = VersionOf(connection);
    if (version == Ledger::kSchemaVersion) return;
    connection.Execute(kMigrations.at(static_cast<std::size_t>(version - 1)));
    SetVersion(connection, version + 1);
    transaction.Commit();
  }
}

}  // namespace

struct Ledger::Impl {
  Impl(const std::string& path, std::string_view whose, bool create)
      : connection(path, create), authority(whose) {}
  mutable Connection connection;
  std::string authority;
};

std::string_view StateName(CertificateState state) {
  switch (state) {
    case CertificateState::kReserved:
      return "reserved";
    case CertificateState::kIssued:
      return "issued";
    case CertificateState::kSuperseded:
      return "superseded";
    case CertificateState::kAbandoned:
      return "abandoned";
  }
  return "?";
}

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

Ledger Ledger::Create(const std::string& path, std::string_view authority) {
  auto impl = std::make_unique<Impl>(path, authority, true);
  Transaction transaction(impl->connection);
  impl->connection.Execute(kSchema);
  SetVersion(impl->connection, kSchemaVersion);
  Query(impl->connection, "INSERT INTO ledger (one, authority) VALUES (1, ?)")
      .Bind(authority)
      .Run();
  transaction.Commit();
  return Ledger(std::move(impl));
}

Ledger Ledger::Open(const std::string& path, std::string_view authority) {
  auto impl = std::make_unique<Impl>(path, authority, false);
  const std::int64_t found = VersionOf(impl->connection);
  if (found > kSchemaVersion) {
    throw Error::WithHint(ErrorKind::kLedger,
                          "ledger '" + path + "' has schema version " + std::to_string(found) +
                              "; this program knows version " + std::to_string(kSchemaVersion),
                          "use the newer fleetmint that wrote it");
  }
  if (found < 1) throw Error(ErrorKind::kLedger, "'" + path + "' is not a fleetmint ledger");
  Query whose(impl->connection, "SELECT authority FROM ledger");
  if (!whose.Step() || whose.Text(0) != authority) {
    throw Error::WithHint(ErrorKind::kLedger, "ledger '" + path + "' is that of another authority",
                          "restore the one that belongs to this authority from its backup");
  }
  if (found < kSchemaVersion) Migrate(impl->connection);
  return Ledger(std::move(impl));
}

std::optional<std::string> Ledger::OutputOf(std::string_view fleet) const {
  Query query(impl_->connection,
              "SELECT output FROM fleet WHERE name = ?1 AND EXISTS (SELECT 1 FROM certificate "
              "WHERE fleet = ?1 AND issued_at IS NOT NULL)");
  if (!query.Bind(fleet).Step()) return std::nullopt;
  return query.Text(0);
}

void Ledger::BindOutput(std::string_view fleet, std::string_view output) {
  Query(impl_->connection,
        "INSERT INTO fleet (name, output) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET output = "
        "excluded.output")
      .Bind(fleet)
      .Bind(output)
      .Run();
}

std::int64_t Ledger::BeginRun(std::string_view fleet, Time now) {
  Query insert(impl_->connection,
               "INSERT INTO run (fleet, started_at) VALUES (?, ?) "
               "RETURNING id");
  insert.Bind(fleet).Bind(Unix(now)).Step();
  const std::int64_t id = insert.Integer(0);
  insert.Step();  // to its end, so that it is committed
  return id;
}

void Ledger::EndRun(std::int64_t run, Time now) {
  Query(impl_->connection, "UPDATE run SET ended_at = ? WHERE id = ?")
      .Bind(Unix(now))
      .Bind(run)
      .Run();
}

std::vector<Reservation> Ledger::Reserve(std::int64_t run, std::string_view fleet,
                                         std::span<const std::string> endpoints,
                                         RandomSource& random, Time now) {
  std::vector<Reservation> reservations;
  reservations.reserve(endpoints.size());
  Transaction transaction(impl_->connection);
  for (const std::string& endpoint : endpoints) {
    const Serial serial = DrawSerial(random);
    Query insert(
        impl_->connection,
        "INSERT INTO certificate (serial, fleet, endpoint, endpoint_key, state, reserved_at, "
        "run) VALUES (?, ?, ?, ?, 'reserved', ?, ?)");
    insert.Bind(ByteView(serial))
        .Bind(fleet)
        .Bind(endpoint)
        .Bind(AsciiLower(endpoint))
        .Bind(Unix(now));
    if (fleet.empty()) {
      insert.BindNull();
    } else {
      insert.Bind(run);
    }
    insert.Run();
    reservations.push_back(Reservation(serial, std::string(fleet), endpoint));
  }
  transaction.Commit();
  return reservations;
}

namespace {

// Supersede ends the current certificate of the item's endpoint, if there is one, and gives its
// serial.
std::optional<Serial> Supersede(Connection& connection, const Reservation& reservation) {
  Query update(
      connection,
      "UPDATE certificate SET state = 'superseded' WHERE fleet = ? AND endpoint_key = ? AND "
      "state = 'issued' RETURNING serial");
  update.Bind(reservation.fleet()).Bind(AsciiLower(reservation.endpoint()));
  if (!update.Step()) return std::nullopt;
  const ByteView blob = update.Blob(0);
  Serial serial{};
  std::copy_n(blob.begin(), std::min(blob.size(), serial.size()), serial.begin());
  update.Step();
  return serial;
}

// Gives the serial that the item supersedes.
std::optional<Serial> MarkIssued(Connection& connection, const CommitItem& item, Time now) {
  const std::optional<Serial> predecessor = Supersede(connection, item.reservation);
  const IssuedFacts& facts = item.facts;
  Query update(
      connection,
      "UPDATE certificate SET state = 'issued', issued_at = ?, supersedes = ?, fqdn = ?, "
      "profile = ?, profile_fingerprint = ?, subject = ?, dns = ?, ip = ?, not_before = ?, "
      "not_after = ?, sha1 = ?, sha256 = ?, spki_sha256 = ?, issuer = ?, key = ?, "
      "encryption = ?, password = ?, friendly_name = ?, files = ? "
      "WHERE serial = ? AND state = 'reserved' "
      "RETURNING id");
  update.Bind(Unix(now));
  if (predecessor) {
    update.Bind(ByteView(*predecessor));
  } else {
    update.BindNull();
  }
  update.Bind(facts.fqdn).Bind(facts.profile).Bind(facts.profile_fingerprint).Bind(facts.subject);
  update.Bind(JoinLines(facts.dns)).Bind(JoinLines(facts.ip));
  update.Bind(Unix(facts.not_before)).Bind(Unix(facts.not_after));
  update.Bind(ByteView(facts.sha1)).Bind(ByteView(facts.sha256)).Bind(ByteView(facts.spki_sha256));
  update.Bind(facts.issuer).Bind(facts.key).Bind(facts.encryption).Bind(facts.password);
  update.Bind(facts.friendly_name).Bind(JoinFiles(facts.files));
  update.Bind(ByteView(item.reservation.serial()));
  if (!update.Step()) {
    throw Error(ErrorKind::kLedger, "serial " + SerialHex(item.reservation.serial()) + " of '" +
                                        item.reservation.endpoint() +
                                        "' is no longer reserved in ledger '" + connection.path() +
                                        "'");
  }
  update.Step();
  return predecessor;
}

}  // namespace

std::vector<std::optional<Serial>> Ledger::Commit(std::vector<CommitItem> items, Time now) {
  std::vector<std::optional<Serial>> superseded;
  if (items.empty()) return superseded;
  superseded.reserve(items.size());
  Transaction transaction(impl_->connection);
  for (const CommitItem& item : items)
    superseded.push_back(MarkIssued(impl_->connection, item, now));
  transaction.Commit();
  return superseded;
}

void Ledger::MakeDurable() {
  Query checkpoint(impl_->connection, "PRAGMA wal_checkpoint(FULL)");
  checkpoint.Step();
  if (checkpoint.Integer(0) == 0) return;
  throw Error::WithHint(ErrorKind::kLedger,
                        "ledger '" + impl_->connection.path() + "' is being read",
                        "run the same command again when the other one has ended");
}

void Ledger::MarkDelivered(std::span<const Serial> serials, Time now) {
  Transaction transaction(impl_->connection);
  for (const Serial& serial : serials) {
    Query(impl_->connection,
          "UPDATE certificate SET delivered_at = ? WHERE serial = ? AND state = 'issued'")
        .Bind(Unix(now))
        .Bind(ByteView(serial))
        .Run();
  }
  transaction.Commit();
}

void Ledger::Abandon(std::vector<Reservation> reservations) {
  Transaction transaction(impl_->connection);
  for (const Reservation& reservation : reservations) {
    Query(impl_->connection,
          "UPDATE certificate SET state = 'abandoned' WHERE serial = ? AND state = 'reserved'")
        .Bind(ByteView(reservation.serial()))
        .Run();
  }
  transaction.Commit();
}

std::size_t Ledger::AbandonReserved() {
  Query update(
      impl_->connection,
      "UPDATE certificate SET state = 'abandoned' WHERE state = 'reserved' AND fleet <> '' "
      "RETURNING id");
  std::size_t count = 0;
  while (update.Step()) ++count;
  return count;
}

std::optional<LedgerRow> Ledger::Find(const Serial& serial) const {
  Query query(impl_->connection,
              "SELECT " FLEETMINT_ROW_COLUMNS " FROM certificate WHERE serial = ?");
  if (!query.Bind(ByteView(serial)).Step()) return std::nullopt;
  return ReadRow(query);
}

std::optional<LedgerRow> Ledger::Current(std::string_view fleet, std::string_view endpoint) const {
  Query query(impl_->connection, "SELECT " FLEETMINT_ROW_COLUMNS
                                 " FROM certificate WHERE fleet = ? AND endpoint_key = ? AND "
                                 "state = 'issued'");
  if (!query.Bind(fleet).Bind(AsciiLower(endpoint)).Step()) return std::nullopt;
  return ReadRow(query);
}

std::vector<Ledger::CurrentName> Ledger::CurrentNames(std::string_view fleet) const {
  Query query(impl_->connection,
              "SELECT endpoint_key, profile_fingerprint FROM certificate WHERE fleet = ? AND "
              "state = 'issued' ORDER BY endpoint_key");
  query.Bind(fleet);
  std::vector<CurrentName> names;
  while (query.Step()) names.push_back({query.Text(0), query.Text(1)});
  return names;
}

void Ledger::ForEachCurrent(std::string_view fleet,
                            const std::function<void(const LedgerRow&)>& visit) const {
  Query query(impl_->connection, "SELECT " FLEETMINT_ROW_COLUMNS
                                 " FROM certificate WHERE state = 'issued' AND fleet <> '' AND "
                                 "(?1 = '' OR fleet = ?1) ORDER BY fleet, endpoint_key");
  query.Bind(fleet);
  while (query.Step()) visit(ReadRow(query));
}

void Ledger::Snapshot(const std::function<void()>& read) const {
  impl_->connection.Execute("BEGIN");
  try {
    read();
  } catch (...) {
    impl_->connection.RollBack();
    throw;
  }
  impl_->connection.Execute("COMMIT");
}

void Ledger::ForEach(const std::function<void(const LedgerRow&)>& visit) const {
  Query query(impl_->connection, "SELECT " FLEETMINT_ROW_COLUMNS " FROM certificate ORDER BY id");
  while (query.Step()) visit(ReadRow(query));
}

std::vector<std::string> Ledger::Fleets() const {
  Query query(impl_->connection, "SELECT DISTINCT fleet FROM run ORDER BY fleet");
  std::vector<std::string> fleets;
  while (query.Step()) fleets.push_back(query.Text(0));
  return fleets;
}

std::optional<Time> Ledger::LatestTime() const {
  Query query(
      impl_->connection,
      "SELECT max(m) FROM (SELECT max(started_at) AS m FROM run UNION ALL SELECT "
      "max(ended_at) FROM run UNION ALL SELECT max(reserved_at, coalesce(issued_at, 0)) FROM "
      "certificate WHERE id = (SELECT max(id) FROM certificate))");
  query.Step();
  if (query.IsNull(0)) return std::nullopt;
  return Time{Seconds{query.Integer(0)}};
}

void Ledger::BackUp(const std::string& path) const {
  {
    Connection copy(path, /*create=*/true);
    impl_->connection.CopyTo(copy);
  }
  const Ledger written = Open(path, impl_->authority);
  const std::vector<std::string> faults = written.IntegrityFaults();
  if (!faults.empty()) {
    throw Error(ErrorKind::kLedger, "the copy of ledger '" + impl_->connection.path() +
                                        "' is damaged: " + faults.front());
  }
}

Ledger::Counts Ledger::Count() const {
  Query query(impl_->connection,
              "SELECT state, count(*) FROM certificate WHERE fleet <> '' GROUP BY state");
  std::map<std::string, std::uint64_t> counts;
  while (query.Step()) counts[query.Text(0)] = static_cast<std::uint64_t>(query.Integer(1));
  return {counts["reserved"], counts["issued"], counts["superseded"], counts["abandoned"]};
}

std::uint64_t Ledger::NextCrlNumber(std::string_view issuer) {
  Query query(
      impl_->connection,
      "INSERT INTO crl_number (issuer, last) VALUES (?, 1) ON CONFLICT (issuer) DO UPDATE SET "
      "last = last + 1 RETURNING last");
  query.Bind(issuer).Step();
  const auto number = static_cast<std::uint64_t>(query.Integer(0));
  query.Step();
  return number;
}

std::vector<std::string> Ledger::IntegrityFaults() const {
  std::vector<std::string> faults;
  Query check(impl_->connection, "PRAGMA integrity_check");
  while (check.Step()) {
    if (check.Text(0) != "ok") faults.push_back(check.Text(0));
  }
  Query keys(impl_->connection, "PRAGMA foreign_key_check");
  while (keys.Step()) faults.push_back("a reference of table " + keys.Text(0) + " leads nowhere");
  return faults;
}

}  // namespace fleetmint
