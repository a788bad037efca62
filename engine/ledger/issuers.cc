// Ledger: CA certificates, their generations, and the numbers of their CRLs.
#include <algorithm>
#include <chrono>

#include "engine/base/error.h"
#include "engine/ledger/ledger_impl.h"
#include "engine/ledger/row.h"

namespace fleetmint {
namespace {

IssuerState ParseIssuerState(std::string_view name) {
  if (name == "reserved") return IssuerState::kReserved;
  if (name == "next") return IssuerState::kNext;
  if (name == "current") return IssuerState::kCurrent;
  if (name == "retired") return IssuerState::kRetired;
  return IssuerState::kAbandoned;
}

Query& BindId(Query& query, const std::optional<std::int64_t>& id) {
  return id ? query.Bind(*id) : query.BindNull();
}

Query& BindTextOrNull(Query& query, std::string_view text) {
  return text.empty() ? query.BindNull() : query.Bind(text);
}

// Adds a certificate that somebody else has signed, or that is waited for.
std::int64_t Insert(Connection& connection, const NewIssuer& issuer,
                    const std::optional<std::int64_t>& parent, std::string_view state, Time now) {
  Query insert(connection,
               "INSERT INTO issuer (tier, generation, parent, leaves, state, der, key_file, "
               "crl_scope, reserved_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id");
  insert.Bind(issuer.tier).Bind(issuer.generation);
  BindId(insert, parent).Bind(std::int64_t{issuer.leaves ? 1 : 0});
  insert.Bind(state);
  const bool waits = issuer.der.empty();
  if (waits) {
    insert.BindNull();
  } else {
    insert.Bind(ByteView(issuer.der));
  }
  BindTextOrNull(insert, issuer.key_file);
  if (waits) {
    insert.BindNull();
  } else {
    insert.Bind(ByteView(issuer.scope));
  }
  insert.Bind(Unix(now)).Step();
  const std::int64_t id = insert.Integer(0);
  insert.Step();
  return id;
}

std::optional<std::int64_t> IdOf(Connection& connection, ByteView der) {
  Query query(connection, "SELECT id FROM issuer WHERE der = ?");
  query.Bind(der);
  return query.Step() ? std::optional(query.Integer(0)) : std::nullopt;
}

// Adds those of a chain (root first) that are not known yet; gives the id of the last one.
std::optional<std::int64_t> InsertParents(Connection& connection,
                                          std::span<const NewIssuer> parents, Time now) {
  std::optional<std::int64_t> parent;
  for (const NewIssuer& above : parents) {
    const auto known = IdOf(connection, above.der);
    parent = known ? known : Insert(connection, above, parent, "next", now);
  }
  return parent;
}

void Activate(Connection& connection, std::int64_t id) {
  Query retire(
      connection,
      "WITH RECURSIVE line (id, parent) AS (SELECT id, parent FROM issuer WHERE id = ? "
      "UNION SELECT issuer.id, issuer.parent FROM issuer JOIN line ON issuer.id = "
      "line.parent) UPDATE issuer SET state = 'retired' WHERE state = 'current' AND id NOT "
      "IN (SELECT id FROM line)");
  retire.Bind(id).Step();
  Query activate(connection,
                 "WITH RECURSIVE line (id, parent) AS (SELECT id, parent FROM issuer WHERE id = ? "
                 "UNION SELECT issuer.id, issuer.parent FROM issuer JOIN line ON issuer.id = "
                 "line.parent) UPDATE issuer SET state = 'current' WHERE state = 'next' AND id IN "
                 "(SELECT id FROM line)");
  activate.Bind(id).Step();
}

}  // namespace

std::vector<IssuerRow> Ledger::Issuers() const {
  Query query(impl_->connection,
              "SELECT id, tier, generation, parent, leaves, state, der, key_file, crl_scope, "
              "revoked_at, own_serial FROM issuer ORDER BY id");
  std::vector<IssuerRow> issuers;
  while (query.Step()) {
    IssuerRow row;
    row.id = query.Integer(0);
    row.tier = query.Text(1);
    row.generation = query.Integer(2);
    if (!query.IsNull(3)) row.parent = query.Integer(3);
    row.leaves = query.Integer(4) == 1;
    row.state = ParseIssuerState(query.TextView(5));
    const ByteView der = query.Blob(6);
    row.der.assign(der.begin(), der.end());
    row.key_file = query.Text(7);
    row.scope = ReadArray<Sha256Digest>(query, 8);
    if (!query.IsNull(9)) row.revoked_at = FromUnix(query.Integer(9));
    if (!query.IsNull(10)) row.own_serial = ReadArray<Serial>(query, 10);
    issuers.push_back(std::move(row));
  }
  return issuers;
}

Reservation Ledger::ReserveIssuer(const NewIssuer& issuer, RandomSource& random, Time now) {
  const Serial serial = DrawSerial(random);
  Query insert(impl_->connection,
               "INSERT INTO issuer (tier, generation, parent, leaves, own_serial, state, key_file, "
               "reserved_at) VALUES (?, ?, ?, ?, ?, 'reserved', ?, ?) RETURNING id");
  insert.Bind(issuer.tier).Bind(issuer.generation);
  BindId(insert, issuer.parent).Bind(std::int64_t{issuer.leaves ? 1 : 0});
  insert.Bind(ByteView(serial));
  BindTextOrNull(insert, issuer.key_file);
  insert.Bind(Unix(now)).Step();
  const std::int64_t id = insert.Integer(0);
  insert.Step();
  // A CA certificate may end when its profile says; no column bounds it.
  return {id, issuer.parent.value_or(id), serial, Time::max(), "", issuer.tier};
}

std::int64_t Ledger::CommitIssuer(Reservation reservation, ByteView der, const Sha256Digest& scope,
                                  IssuerState state) {
  Query update(impl_->connection,
               "UPDATE issuer SET state = ?, der = ?, crl_scope = ? WHERE id = ? AND "
               "state = 'reserved' RETURNING id");
  update.Bind(std::string_view(state == IssuerState::kNext ? "next" : "current"));
  update.Bind(der).Bind(ByteView(scope)).Bind(reservation.id_);
  if (!update.Step()) {
    throw Error(ErrorKind::kLedger,
                "the CA certificate '" + reservation.endpoint() + "' is no longer reserved");
  }
  const std::int64_t id = update.Integer(0);
  update.Step();
  return id;
}

std::vector<std::int64_t> Ledger::AddIssuers(std::span<const NewIssuer> issuers, Time now) {
  std::vector<std::int64_t> ids;
  Transaction transaction(impl_->connection);
  std::optional<std::int64_t> parent;
  for (const NewIssuer& issuer : issuers) {
    parent =
        Insert(impl_->connection, issuer, parent, issuer.der.empty() ? "next" : "current", now);
    ids.push_back(*parent);
  }
  transaction.Commit();
  return ids;
}

void Ledger::AbandonIssuers() {
  Query update(impl_->connection, "UPDATE issuer SET state = 'abandoned' WHERE state = 'reserved'");
  update.Step();
  // A new CA above, whose issuing CA was never made, has no turn any more.
  Query retire(impl_->connection,
               "UPDATE issuer SET state = 'retired' WHERE state = 'next' AND leaves = 0 AND NOT "
               "EXISTS (SELECT 1 FROM issuer WHERE state = 'next' AND leaves = 1)");
  retire.Step();
}

std::int64_t Ledger::ReserveWaiting(const NewIssuer& issuer, Time now) {
  return Insert(impl_->connection, issuer, std::nullopt, "reserved", now);
}

void Ledger::CommitWaiting(std::int64_t id) {
  Query update(impl_->connection,
               "UPDATE issuer SET state = 'next' WHERE id = ? AND state = 'reserved' RETURNING id");
  if (!update.Bind(id).Step()) {
    throw Error(ErrorKind::kLedger, "the CA that is to wait for its certificate is not reserved");
  }
  update.Step();
}

void Ledger::AbandonWaiting(std::int64_t id) {
  Query(impl_->connection,
        "UPDATE issuer SET state = 'abandoned' WHERE id = ? AND state = 'next' AND der IS NULL")
      .Bind(id)
      .Run();
}

void Ledger::InstallParents(std::int64_t id, std::span<const NewIssuer> parents, Time now) {
  Connection& connection = impl_->connection;
  Transaction transaction(connection);
  const std::optional<std::int64_t> parent = InsertParents(connection, parents, now);
  Query update(connection, "UPDATE issuer SET parent = ? WHERE id = ?");
  BindId(update, parent).Bind(id).Run();
  Activate(connection, id);
  transaction.Commit();
}

std::int64_t Ledger::InstallIssuer(std::optional<std::int64_t> waiting, const NewIssuer& issuer,
                                   std::span<const NewIssuer> parents, bool activate, Time now) {
  Connection& connection = impl_->connection;
  Transaction transaction(connection);
  const std::optional<std::int64_t> parent = InsertParents(connection, parents, now);
  std::int64_t id = 0;
  if (waiting) {
    Query update(connection,
                 "UPDATE issuer SET parent = ?, der = ?, crl_scope = ? WHERE id = ? AND state = "
                 "'next' AND der IS NULL RETURNING id");
    BindId(update, parent).Bind(ByteView(issuer.der)).Bind(ByteView(issuer.scope)).Bind(*waiting);
    if (!update.Step()) {
      throw Error(ErrorKind::kLedger, "the issuing CA waits for no certificate any more");
    }
    id = update.Integer(0);
    update.Step();
  } else {
    id = Insert(connection, issuer, parent, "next", now);
  }
  if (activate) Activate(connection, id);
  transaction.Commit();
  return id;
}

void Ledger::ActivateIssuer(std::int64_t id) {
  Transaction transaction(impl_->connection);
  Activate(impl_->connection, id);
  transaction.Commit();
}

bool Ledger::RevokeIssuer(std::int64_t id, int reason, Time now) {
  Query update(
      impl_->connection,
      "UPDATE issuer SET revoked_at = ?, reason = ?, state = CASE state WHEN 'next' THEN "
      "'retired' ELSE state END WHERE crl_scope = (SELECT crl_scope FROM issuer WHERE id = "
      "?) AND revoked_at IS NULL RETURNING id");
  update.Bind(Unix(now)).Bind(std::int64_t{reason}).Bind(id);
  bool revoked = false;
  while (update.Step()) revoked = true;
  return revoked;
}

std::string Ledger::FleetKeyFile() const {
  Query query(impl_->connection, "SELECT fleet_key FROM ledger");
  query.Step();
  return query.Text(0);
}

void Ledger::AddStaleKeys(KeyNames names) {
  Transaction transaction(impl_->connection);
  for (const auto& [old_name, new_name] : names) {
    Query(impl_->connection, "INSERT OR IGNORE INTO stale_key (name) VALUES (?)")
        .Bind(std::string_view(new_name))
        .Run();
  }
  transaction.Commit();
}

void Ledger::RenameKeys(KeyNames names) {
  Connection& connection = impl_->connection;
  Transaction transaction(connection);
  for (const auto& [old_name, new_name] : names) {
    const auto change = [&, &from = old_name, &to = new_name](const char* sql) {
      Query(connection, sql).Bind(std::string_view(to)).Bind(std::string_view(from)).Run();
    };
    change("UPDATE issuer SET key_file = ? WHERE key_file = ?");
    change("UPDATE ledger SET fleet_key = ? WHERE fleet_key = ?");
    change("UPDATE stale_key SET name = ?2 WHERE name = ?1");
  }
  transaction.Commit();
}

std::vector<std::string> Ledger::StaleKeys() const {
  Query query(impl_->connection, "SELECT name FROM stale_key");
  std::vector<std::string> names;
  while (query.Step()) names.push_back(query.Text(0));
  return names;
}

void Ledger::ForgetStaleKeys() { impl_->connection.Execute("DELETE FROM stale_key"); }

CrlStamp Ledger::NextCrl(const Sha256Digest& scope, Time now) {
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  Query query(
      impl_->connection,
      "INSERT INTO crl (scope, number, this_update) VALUES (?1, ?2, ?3) ON CONFLICT (scope) "
      "DO UPDATE SET number = max(number + 1, excluded.number), this_update = "
      "max(this_update, excluded.this_update) RETURNING number, this_update");
  query.Bind(ByteView(scope)).Bind(std::int64_t{microseconds}).Bind(Unix(now)).Step();
  const CrlStamp stamp{static_cast<std::uint64_t>(query.Integer(0)), FromUnix(query.Integer(1))};
  query.Step();
  return stamp;
}

std::uint64_t Ledger::LastCrlNumber() const {
  Query query(impl_->connection, "SELECT coalesce(max(number), 0) FROM crl");
  query.Step();
  return static_cast<std::uint64_t>(query.Integer(0));
}

}  // namespace fleetmint
