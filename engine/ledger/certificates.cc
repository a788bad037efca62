// Ledger: endpoint certificates, from their reservation on (what reads them:
// certificate_queries.cc).
#include <algorithm>

#include "engine/base/error.h"
#include "engine/ledger/ledger_impl.h"
#include "engine/ledger/row.h"
#include "engine/ledger/succession.h"

namespace fleetmint {
namespace {

// A key that came before is no fault of the ledger.
void ThrowIfKeyIsKnown(Connection& connection, const CommitItem& item) {
  Query query(connection, "SELECT 1 FROM certificate WHERE spki_sha256 = ? AND serial <> ?");
  query.Bind(ByteView(item.spki_sha256)).Bind(ByteView(item.reservation.serial()));
  if (!query.Step()) return;
  throw Error(ErrorKind::kIntegrity,
              "a key was generated twice: the random generator of this machine is broken");
}

// State changes of a list of reservations.
void End(Connection& connection, const std::vector<Reservation>& reservations, const char* sql) {
  for (const Reservation& reservation : reservations) {
    Query(connection, sql).Bind(ByteView(reservation.serial())).Run();
  }
}

}  // namespace

std::int64_t Ledger::Impl::SettingsId(const SettingsRecord& settings, KnownSettings& known) {
  if (known && known->first == settings) return known->second;
  const auto bind = [&](Query& query) {
    query.Bind(std::int64_t{settings.format}).Bind(settings.body);
    query.Bind(settings.profile).Bind(settings.group);
  };
  Query insert(connection,
               "INSERT INTO settings (format, body, profile, grp) VALUES (?, ?, ?, ?) ON CONFLICT "
               "DO NOTHING");
  bind(insert);
  insert.Run();
  Query find(connection,
             "SELECT id FROM settings WHERE format = ? AND body = ? AND profile = ? AND grp = ?");
  bind(find);
  find.Step();
  const std::int64_t id = find.Integer(0);
  known.emplace(settings, id);
  return id;
}

std::vector<Reservation> Ledger::Reserve(const Run& run, std::span<const std::string> endpoints,
                                         const ReservedFor& issuer, StreamFactory& streams,
                                         Time now,
                                         std::span<const std::vector<std::string>> formerly) {
  std::vector<Reservation> reservations;
  reservations.reserve(endpoints.size());
  Connection& connection = impl_->connection;
  Transaction transaction(connection);
  const std::int64_t fleet = impl_->FleetId(run.fleet);
  Query last(connection, "SELECT coalesce(max(id), 0) FROM certificate");
  last.Step();
  std::int64_t id = last.Integer(0);
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const std::string& endpoint = endpoints[i];
    RandomStream stream = streams.Open({endpoint, StreamPurpose::kSerial});
    const Serial serial = DrawSerial(stream);
    ++id;
    const auto names = formerly.empty() ? std::span<const std::string>() : formerly[i];
    const Ancestry ancestry = AncestryOf(connection, fleet, endpoint, names);
    Query insert(
        connection,
        "INSERT INTO certificate (id, serial, run, fleet, endpoint, lineage, issuer, end_bound, "
        "state, reserved_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'reserved', ?)");
    insert.Bind(id).Bind(ByteView(serial)).Bind(run.id).Bind(fleet).Bind(endpoint);
    insert.Bind(ancestry.own ? ancestry.own->lineage : id);
    insert.Bind(issuer.issuer).Bind(Unix(issuer.end_bound)).Bind(Unix(now)).Run();
    reservations.push_back(
        Reservation(id, issuer.issuer, serial, issuer.end_bound, run.fleet, endpoint));
    if (HasItsOwn(ancestry, endpoint)) continue;
    reservations.back().formerly_.assign(names.begin(), names.end());
  }
  transaction.Commit();
  return reservations;
}

namespace {

// The reservation's row becomes the current one, with its record.
void MakeCurrent(Connection& connection, const CommitItem& item, std::int64_t id,
                 std::int64_t settings, const Succession& succession, bool reinstates, Time now) {
  InsertRecord(connection, id, item.der, item.files);
  Query update(connection,
               "UPDATE certificate SET state = 'issued', issued_at = ?, not_after = ?, settings = "
               "?, sha1 = ?, sha256 = ?, spki_sha256 = ?, lineage = ?, former = nullif(?, ''), "
               "supersedes = ?, revoked_at = ?, reason = ? WHERE id = ? AND state = 'reserved' "
               "RETURNING id");
  update.Bind(Unix(now)).Bind(Unix(item.not_after)).Bind(settings);
  update.Bind(ByteView(item.sha1)).Bind(ByteView(item.sha256)).Bind(ByteView(item.spki_sha256));
  update.Bind(succession.lineage).Bind(succession.former);
  succession.supersedes ? update.Bind(*succession.supersedes) : update.BindNull();
  // Whom somebody has revoked while this was under way must not have its access back by it.
  if (succession.revoked && !reinstates) {
    update.Bind(Unix(now)).Bind(*succession.revoked);
  } else {
    update.BindNull().BindNull();
  }
  update.Bind(id);
  bool reserved = false;
  try {
    reserved = update.Step();
  } catch (const Error&) {
    ThrowIfKeyIsKnown(connection, item);
    throw;
  }
  if (!reserved) {
    const Reservation& reservation = item.reservation;
    throw Error(ErrorKind::kLedger,
                "serial " + SerialHex(reservation.serial()) + " of '" + reservation.endpoint() +
                    "' is no longer reserved in ledger '" + connection.path() + "'");
  }
  update.Step();
}

}  // namespace

std::vector<std::vector<ReplacedBundle>> Ledger::Commit(const Run& run, std::uint64_t chunk,
                                                        std::vector<CommitItem>&& items, Time now) {
  std::vector<std::vector<ReplacedBundle>> replaced;
  if (items.empty()) return replaced;
  replaced.reserve(items.size());
  Connection& connection = impl_->connection;
  Impl::KnownSettings settings = impl_->known_settings;
  Transaction transaction(connection);
  const std::int64_t fleet = impl_->FleetId(run.fleet);
  for (const CommitItem& item : items) {
    const Reservation& reservation = item.reservation;
    Succession succession =
        Succeed(connection, fleet, reservation.endpoint(), reservation.formerly_, reservation.id_);
    MakeCurrent(connection, item, reservation.id_, impl_->SettingsId(item.settings, settings),
                succession, run.reinstates, now);
    replaced.push_back(std::move(succession.replaced));
  }
  Query(connection, "UPDATE run SET commits = ? WHERE id = ?")
      .Bind(static_cast<std::int64_t>(chunk))
      .Bind(run.id)
      .Run();
  transaction.Commit();
  impl_->known_settings = std::move(settings);
  return replaced;
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

void Ledger::GiveUp(std::vector<Reservation>&& never_signed,
                    std::vector<Reservation>&& signed_ones) {
  Transaction transaction(impl_->connection);
  End(impl_->connection, never_signed,
      "UPDATE certificate SET state = 'void' WHERE serial = ? AND state = 'reserved'");
  End(impl_->connection, signed_ones,
      "UPDATE certificate SET state = 'abandoned' WHERE serial = ? AND state = 'reserved'");
  transaction.Commit();
}

std::size_t Ledger::AbandonReserved(Time now) {
  Transaction transaction(impl_->connection);
  std::size_t count = 0;
  {
    Query update(
        impl_->connection,
        "UPDATE certificate SET state = 'abandoned' WHERE state = 'reserved' RETURNING id");
    while (update.Step()) ++count;
  }
  Query(impl_->connection, "UPDATE run SET ended_at = max(started_at, ?) WHERE ended_at IS NULL")
      .Bind(Unix(now))
      .Run();
  transaction.Commit();
  return count;
}

bool Ledger::HasReservations() const {
  Query query(impl_->connection,
              "SELECT EXISTS (SELECT 1 FROM certificate WHERE state = 'reserved')");
  query.Step();
  return query.Integer(0) == 1;
}

}  // namespace fleetmint
