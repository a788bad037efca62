// Ledger: what an older ledger learns of an output (`ca adopt`).
#include <algorithm>

#include "engine/base/error.h"
#include "engine/ledger/ledger_impl.h"
#include "engine/ledger/row.h"
#include "engine/ledger/succession.h"

namespace fleetmint {
namespace {

using As = AdoptedCertificate::As;

template <typename Value>
void BindOptional(Query& query, const std::optional<Value>& value) {
  value ? query.Bind(ByteView(*value)) : query.BindNull();
}

// Adopter records one adoption, within the caller's transaction.
class Adopter {
 public:
  Adopter(Connection& connection, const Adoption& adoption, std::int64_t fleet, Time now)
      : connection_(connection), adoption_(adoption), fleet_(fleet), now_(now) {}

  void AddRuns() {
    for (const AdoptedRun& run : adoption_.runs) {
      Query known(connection_, "SELECT commits FROM run WHERE token = ?");
      if (known.Bind(ByteView(run.token)).Step()) {
        if (known.Integer(0) >= static_cast<std::int64_t>(run.commits)) continue;
        Query(connection_, "UPDATE run SET commits = ? WHERE token = ?")
            .Bind(static_cast<std::int64_t>(run.commits))
            .Bind(ByteView(run.token))
            .Run();
        continue;
      }
      InsertRun(run);
    }
  }

  // `settings` gives the id of settings.
  template <typename SettingsId>
  void Take(const AdoptedCertificate& one, const SettingsId& settings) {
    const std::optional<Row> known = RowOf(one);
    if (known && !known->open) return;  // it is somebody's word, and better is known
    switch (one.as) {
      case As::kIssued:
        MakeIssued(one, known ? known->id : InsertReserved(one), settings(one.settings));
        return;
      case As::kAbandoned:
        if (known) return;  // recovery makes it that
        Query(connection_, "UPDATE certificate SET state = 'abandoned' WHERE id = ?")
            .Bind(InsertReserved(one))
            .Run();
        ++count_.abandoned;
        return;
      case As::kReported:
      case As::kFormer:
        Report(one, known ? known->id : InsertReserved(one));
        return;
    }
  }

  void TakeList(const SignedList& list) {
    for (const CrlEntry& entry : list.entries) TakeEntry(list, entry);
    Query(connection_,
          "INSERT INTO crl (scope, number, this_update) VALUES (?, ?, ?) ON CONFLICT (scope) DO "
          "UPDATE SET number = excluded.number, this_update = max(this_update, "
          "excluded.this_update) WHERE excluded.number > number")
        .Bind(ByteView(list.scope))
        .Bind(static_cast<std::int64_t>(list.stamp.number))
        .Bind(Unix(list.stamp.this_update))
        .Run();
  }

  // What an earlier adoption knew from a CRL alone may be known now.
  void RevokeListed() {
    Query query(connection_,
                "UPDATE certificate SET (revoked_at, reason) = (SELECT l.revoked_at, l.reason FROM "
                "listed l WHERE l.serial = certificate.serial) WHERE revoked_at IS NULL AND state "
                "IN ('issued', 'superseded', 'retired', 'reported') AND serial IN (SELECT serial "
                "FROM listed) RETURNING id");
    while (query.Step()) ++count_.revoked;
  }

  void MarkDelivered(const Serial& serial) {
    Query update(connection_,
                 "UPDATE certificate SET delivered_at = ? WHERE serial = ? AND state = 'issued' "
                 "AND delivered_at IS NULL RETURNING id");
    if (!update.Bind(Unix(now_)).Bind(ByteView(serial)).Step()) return;
    ++count_.delivered;
    update.Step();
  }

  const AdoptionCount& count() const { return count_; }

 private:
  std::int64_t InsertRun(const AdoptedRun& run) {
    Query insert(connection_,
                 "INSERT INTO run (fleet, token, selection, cutoff, commits, started_at, ended_at) "
                 "VALUES (?1, ?2, 'adopted', ?3, ?4, ?3, ?5) RETURNING id");
    insert.Bind(fleet_).Bind(ByteView(run.token)).Bind(Unix(run.started));
    insert.Bind(static_cast<std::int64_t>(run.commits)).Bind(Unix(run.ended)).Step();
    const std::int64_t id = insert.Integer(0);
    insert.Step();
    return id;
  }

  std::int64_t RunOf(const AdoptedCertificate& one) {
    const RunToken& token = one.run ? *one.run : adoption_.token;
    {
      Query query(connection_, "SELECT id FROM run WHERE token = ?");
      if (query.Bind(ByteView(token)).Step()) return query.Integer(0);
    }
    return InsertRun({token, 0, now_, now_});
  }

  struct Row {
    std::int64_t id = 0;
    bool open = false;  // nothing of it was issued
  };
  // The row of a serial that the ledger has, if it does.
  std::optional<Row> RowOf(const AdoptedCertificate& one) {
    Query query(connection_,
                "SELECT id, state IN ('reserved', 'abandoned'), fleet, endpoint = ? FROM "
                "certificate WHERE serial = ?");
    if (!query.Bind(one.endpoint).Bind(ByteView(one.serial)).Step()) return std::nullopt;
    const Row row{query.Integer(0), query.Integer(1) == 1};
    const bool same = query.Integer(2) == fleet_ && query.Integer(3) == 1;
    if (same && (row.open || one.as != As::kIssued)) return row;
    throw Error(ErrorKind::kLedger, "serial " + SerialHex(one.serial) + " of '" + one.endpoint +
                                        "' is another certificate's in ledger '" +
                                        connection_.path() + "'");
  }

  std::int64_t NextId() {
    Query last(connection_, "SELECT coalesce(max(id), 0) + 1 FROM certificate");
    last.Step();
    return last.Integer(0);
  }

  std::int64_t InsertReserved(const AdoptedCertificate& one) {
    const std::int64_t id = NextId();
    Query insert(connection_,
                 "INSERT INTO certificate (id, serial, run, fleet, endpoint, lineage, issuer, "
                 "end_bound, state, reserved_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                 "'reserved', ?9)");
    const auto line = LineOf(connection_, fleet_, one.endpoint);
    insert.Bind(id).Bind(ByteView(one.serial)).Bind(RunOf(one)).Bind(fleet_).Bind(one.endpoint);
    insert.Bind(line ? line->lineage : id).Bind(one.issuer).Bind(Unix(one.not_after));
    insert.Bind(Unix(one.issued_at)).Run();
    return id;
  }

  void MakeIssued(const AdoptedCertificate& one, std::int64_t id, std::int64_t settings) {
    const Succession succession = Succeed(connection_, fleet_, one.endpoint, one.formerly, id);
    InsertRecord(connection_, id, one.der, one.files);
    Query update(connection_,
                 "UPDATE certificate SET state = 'issued', issued_at = ?, not_after = ?, end_bound "
                 "= max(end_bound, ?2), settings = ?, sha1 = ?, sha256 = ?, spki_sha256 = ?, "
                 "lineage = ?, former = nullif(?, ''), supersedes = ?, delivered_at = ? WHERE id = "
                 "?");
    update.Bind(Unix(one.issued_at)).Bind(Unix(one.not_after)).Bind(settings);
    BindOptional(update, one.sha1);
    BindOptional(update, one.sha256);
    BindOptional(update, one.spki_sha256);
    update.Bind(succession.lineage).Bind(succession.former);
    succession.supersedes ? update.Bind(*succession.supersedes) : update.BindNull();
    one.delivered ? update.Bind(Unix(now_)) : update.BindNull();
    update.Bind(id).Run();
    if (succession.supersedes) RevokeAfter(one, id, *succession.supersedes);
    ++count_.issued;
  }

  // Who was revoked by this ledger after it was restored held this certificate by then.
  void RevokeAfter(const AdoptedCertificate& one, std::int64_t id, std::int64_t predecessor) {
    Query update(connection_,
                 "UPDATE certificate SET (revoked_at, reason) = (SELECT revoked_at, reason FROM "
                 "certificate WHERE id = ?1) WHERE id = ?2 AND revoked_at IS NULL AND EXISTS "
                 "(SELECT 1 FROM certificate WHERE id = ?1 AND revoked_at > ?3) RETURNING id");
    update.Bind(predecessor).Bind(id).Bind(Unix(one.issued_at));
    if (!update.Step()) return;
    ++count_.revoked;
    update.Step();
  }

  bool KeyIsAnothers(const AdoptedCertificate& one) {
    if (!one.spki_sha256) return false;
    Query query(connection_, "SELECT 1 FROM certificate WHERE spki_sha256 = ? AND serial <> ?");
    return query.Bind(ByteView(*one.spki_sha256)).Bind(ByteView(one.serial)).Step();
  }

  void Report(const AdoptedCertificate& one, std::int64_t id) {
    const auto line = LineOf(connection_, fleet_, one.endpoint);
    Succession succession;
    succession.lineage = line ? line->lineage : id;
    if (one.as == As::kReported) {
      succession = Succeed(connection_, fleet_, one.endpoint, {}, id);
    }
    Query update(connection_,
                 "UPDATE certificate SET state = 'reported', not_after = ?, end_bound = "
                 "max(end_bound, ?1), sha1 = ?, sha256 = ?, spki_sha256 = ?, lineage = ?, "
                 "supersedes = ? WHERE id = ?");
    update.Bind(Unix(one.not_after));
    BindOptional(update, one.sha1);
    BindOptional(update, one.sha256);
    BindOptional(update, KeyIsAnothers(one) ? std::nullopt : one.spki_sha256);
    update.Bind(succession.lineage);
    succession.supersedes ? update.Bind(*succession.supersedes) : update.BindNull();
    update.Bind(id).Run();
    if (succession.supersedes) RevokeAfter(one, id, *succession.supersedes);
    ++count_.reported;
  }

  void TakeEntry(const SignedList& list, const CrlEntry& entry) {
    Query row(connection_,
              "SELECT id, state, revoked_at IS NOT NULL FROM certificate WHERE "
              "serial = ?");
    if (row.Bind(ByteView(entry.serial)).Step() && row.TextView(1) != "void") {
      if (row.Integer(2) == 1 || row.TextView(1) == "abandoned") return;
      if (row.TextView(1) == "reserved") {
        Query(connection_, "UPDATE certificate SET state = 'abandoned' WHERE id = ?")
            .Bind(row.Integer(0))
            .Run();
        ++count_.abandoned;
        return;
      }
      Query(connection_, "UPDATE certificate SET revoked_at = ?, reason = ? WHERE id = ?")
          .Bind(Unix(entry.revoked_at))
          .Bind(std::int64_t{entry.reason})
          .Bind(row.Integer(0))
          .Run();
      ++count_.revoked;
      return;
    }
    if (TakeIssuer(entry)) return;
    Query insert(connection_,
                 "INSERT INTO listed (serial, scope, revoked_at, reason, end_bound) VALUES (?, ?, "
                 "?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1");
    insert.Bind(ByteView(entry.serial)).Bind(ByteView(list.scope)).Bind(Unix(entry.revoked_at));
    insert.Bind(std::int64_t{entry.reason}).Bind(Unix(list.end));
    if (insert.Step()) {
      ++count_.listed;
      insert.Step();
    }
  }

  // Whether the entry is a CA certificate's.
  bool TakeIssuer(const CrlEntry& entry) {
    Query row(connection_,
              "SELECT id, state, revoked_at IS NOT NULL, tier FROM issuer WHERE own_serial = ?");
    if (!row.Bind(ByteView(entry.serial)).Step()) return false;
    if (row.Integer(2) == 1 || row.TextView(1) == "abandoned") return true;
    if (row.TextView(1) == "current") {
      throw Error::WithHint(ErrorKind::kLedger,
                            "a CRL has the CA '" + row.Text(3) +
                                "' as revoked, which is the current one of ledger '" +
                                connection_.path() + "'",
                            "put a newer backup of the authority back: one that has the next "
                            "generation");
    }
    Query(connection_, "UPDATE issuer SET revoked_at = ?, reason = ? WHERE id = ?")
        .Bind(Unix(entry.revoked_at))
        .Bind(std::int64_t{entry.reason})
        .Bind(row.Integer(0))
        .Run();
    return true;
  }

  Connection& connection_;
  const Adoption& adoption_;
  const std::int64_t fleet_;
  const Time now_;
  AdoptionCount count_;
};

}  // namespace

AdoptionCount Ledger::Adopt(const Adoption& adoption, Time now) {
  Connection& connection = impl_->connection;
  Impl::KnownSettings known = impl_->known_settings;
  Transaction transaction(connection);
  BindOutput(adoption.fleet, adoption.output);
  Adopter adopter(connection, adoption, impl_->FleetId(adoption.fleet), now);
  adopter.AddRuns();
  const auto settings = [&](const SettingsRecord& record) {
    return impl_->SettingsId(record, known);
  };
  for (const AdoptedCertificate& one : adoption.certificates) adopter.Take(one, settings);
  for (const SignedList& list : adoption.lists) adopter.TakeList(list);
  adopter.RevokeListed();
  for (const Serial& serial : adoption.delivered) adopter.MarkDelivered(serial);
  Query(connection, "DELETE FROM unasked WHERE fleet = ?").Bind(adoption.fleet).Run();
  transaction.Commit();
  impl_->known_settings = std::move(known);
  return adopter.count();
}

void Ledger::AskFleets(std::string_view fleet) {
  Connection& connection = impl_->connection;
  {
    Query noted(connection, "SELECT 1 FROM unasked WHERE fleet = ?");
    if (noted.Bind(fleet).Step()) return;
  }
  Transaction transaction(connection);
  Query(connection,
        "INSERT INTO unasked (fleet) SELECT name FROM fleet WHERE true ON CONFLICT DO "
        "NOTHING")
      .Run();
  Query(connection, "INSERT INTO unasked (fleet) VALUES (?) ON CONFLICT DO NOTHING")
      .Bind(fleet)
      .Run();
  transaction.Commit();
}

bool Ledger::FleetAsked(std::string_view fleet) {
  {
    Query noted(impl_->connection, "SELECT 1 FROM unasked WHERE fleet = ?");
    if (!noted.Bind(fleet).Step()) return false;
  }
  Query(impl_->connection, "DELETE FROM unasked WHERE fleet = ?").Bind(fleet).Run();
  return true;
}

std::vector<std::string> Ledger::Unasked() const {
  Query query(impl_->connection, "SELECT fleet FROM unasked ORDER BY fleet");
  std::vector<std::string> fleets;
  while (query.Step()) fleets.push_back(query.Text(0));
  return fleets;
}

std::vector<LedgerRow> Ledger::Reported(std::string_view fleet) const {
  Query query(impl_->connection,
              "SELECT " FLEETMINT_ROWS
              " WHERE f.name = ? AND c.state = 'reported' AND NOT EXISTS (SELECT 1 FROM "
              "certificate n WHERE n.fleet = c.fleet AND n.endpoint = c.endpoint AND (n.state = "
              "'issued' OR (n.state IN ('superseded', 'retired', 'reported') AND n.id > c.id))) "
              "ORDER BY c.endpoint");
  query.Bind(fleet);
  std::vector<LedgerRow> rows;
  while (query.Step()) {
    LedgerRow row;
    static_cast<void>(ReadRow(query, row));  // what is damaged of it verify names
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace fleetmint
