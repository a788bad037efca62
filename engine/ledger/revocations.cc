// Ledger: what is revoked, and what CRLs have to say of it.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/ledger/ledger_impl.h"
#include "engine/ledger/row.h"

namespace fleetmint {
namespace {

// What can be revoked: it was signed, and is in nobody's way to be signed yet. (What is abandoned
// is on its CRL as it is.)
#define FLEETMINT_REVOCABLE                                                                     \
  "SELECT c.id, c.serial, f.name, c.endpoint, c.state, coalesce(c.not_after, c.end_bound), "    \
  "c.revoked_at IS NOT NULL, c.settings, c.issued_at, c.lineage FROM certificate c JOIN fleet " \
  "f ON f.id = c.fleet WHERE coalesce(c.not_after, c.end_bound) > ? AND "
#define FLEETMINT_WAS_ISSUED "c.state IN ('issued', 'superseded', 'retired', 'reported')"

class Collector {
 public:
  Collector(Connection& connection, const RevocationFilter& filter, Time now)
      : connection_(connection), filter_(filter), now_(now) {}

  std::vector<RevocableRow> Collect() {
    for (const std::int64_t fleet : Fleets()) {
      for (const std::string& endpoint : filter_.endpoints) TakeLine(fleet, endpoint);
    }
    for (const Serial& serial : filter_.serials) {
      Query query(connection_, FLEETMINT_REVOCABLE "c.serial = ? AND " FLEETMINT_WAS_ISSUED);
      Take(query.Bind(Unix(now_)).Bind(ByteView(serial)));
    }
    if (filter_.endpoints.empty() && filter_.serials.empty()) {
      Query query(connection_, FLEETMINT_REVOCABLE FLEETMINT_WAS_ISSUED);
      Take(query.Bind(Unix(now_)));
    }
    // Who is named twice is hit once.
    std::sort(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    rows_.erase(std::unique(rows_.begin(), rows_.end(),
                            [](const auto& a, const auto& b) { return a.id == b.id; }),
                rows_.end());
    return std::move(rows_);
  }

 private:
  std::vector<std::int64_t> Fleets() {
    std::vector<std::int64_t> ids;
    if (filter_.endpoints.empty()) return ids;
    Query query(connection_, "SELECT id FROM fleet WHERE ?1 = '' OR name = ?1");
    query.Bind(filter_.fleet);
    while (query.Step()) ids.push_back(query.Integer(0));
    return ids;
  }

  // A name is the host that was last issued a certificate under it: hit are that one and all before
  // it of its line, those under former names too. What came after it under another name, or before
  // it to another host, is not meant.
  void TakeLine(std::int64_t fleet, const std::string& endpoint) {
    std::int64_t last = 0, lineage = 0;
    for (const char* sql :
         {"SELECT id, lineage FROM certificate WHERE fleet = ? AND endpoint = ? AND state = "
          "'issued'",
          "SELECT id, lineage FROM certificate WHERE fleet = ? AND endpoint = ? AND state IN "
          "('superseded', 'retired', 'reported') ORDER BY id DESC LIMIT 1"}) {
      Query query(connection_, sql);
      if (!query.Bind(fleet).Bind(endpoint).Step() || query.Integer(0) < last) continue;
      last = query.Integer(0);
      lineage = query.Integer(1);
    }
    Query own(connection_, FLEETMINT_REVOCABLE "c.id = ? AND c.state = 'issued'");
    Take(own.Bind(Unix(now_)).Bind(last));
    Query lines(connection_, FLEETMINT_PAST_LINES "SELECT line, before FROM past_line");
    lines.Bind(lineage).Bind(last + 1);
    while (lines.Step()) {
      Query line(connection_, FLEETMINT_REVOCABLE
                 "c.lineage = ? AND c.id < ? AND c.state IN ('superseded', 'retired', 'reported')");
      Take(line.Bind(Unix(now_)).Bind(lines.Integer(0)).Bind(lines.Integer(1)));
    }
  }

  void Take(Query& query) {
    while (query.Step()) {
      if (!filter_.fleet.empty() && query.TextView(2) != filter_.fleet) continue;
      if (filter_.under && (query.IsNull(7) || !filter_.under(query.Integer(7)))) continue;
      if (filter_.issued_before &&
          (query.IsNull(8) || FromUnix(query.Integer(8)) >= *filter_.issued_before)) {
        continue;
      }
      const CertificateState state =
          ParseState(query.TextView(4)).value_or(CertificateState::kReserved);
      if (filter_.superseded && state != CertificateState::kSuperseded) continue;
      const std::int64_t id = query.Integer(0);
      if (filter_.installed && !LaterIsInstalled(query.Integer(9), id)) continue;
      rows_.push_back({id, ReadArray<Serial>(query, 1), query.Text(2), query.Text(3), state,
                       FromUnix(query.Integer(5)), query.Integer(6) == 1});
    }
  }

  bool LaterIsInstalled(std::int64_t lineage, std::int64_t id) {
    Query query(connection_,
                "WITH RECURSIVE later(line, after) AS (VALUES (?1, ?2) UNION SELECT j.into_line, "
                "j.certificate - 1 FROM later l JOIN joined j ON j.line = l.line) SELECT 1 FROM "
                "later l JOIN certificate c ON c.lineage = l.line AND c.id > l.after WHERE "
                "c.installed_at IS NOT NULL LIMIT 1");
    return query.Bind(lineage).Bind(id).Step();
  }

  Connection& connection_;
  const RevocationFilter& filter_;
  const Time now_;
  std::vector<RevocableRow> rows_;
};

}  // namespace

std::vector<RevocableRow> Ledger::Revocable(const RevocationFilter& filter, Time now) const {
  return Collector(impl_->connection, filter, now).Collect();
}

namespace {

// Within the caller's transaction.
RevocationCount RevokeAll(Connection& connection, const RevocationFilter& filter, int reason,
                          Time now) {
  RevocationCount count;
  for (const RevocableRow& row : Collector(connection, filter, now).Collect()) {
    if (row.revoked) {
      ++count.already;
      continue;
    }
    Query(connection, "UPDATE certificate SET revoked_at = ?, reason = ? WHERE id = ?")
        .Bind(Unix(now))
        .Bind(std::int64_t{reason})
        .Bind(row.id)
        .Run();
    ++count.revoked;
  }
  return count;
}

}  // namespace

RevocationCount Ledger::Revoke(const RevocationFilter& filter, int reason, Time now) {
  Transaction transaction(impl_->connection);
  const RevocationCount count = RevokeAll(impl_->connection, filter, reason, now);
  transaction.Commit();
  return count;
}

RetiredCount Ledger::Retire(std::string_view fleet, const std::vector<std::string>& endpoints,
                            std::optional<int> reason, Time now) {
  Connection& connection = impl_->connection;
  Transaction transaction(connection);
  RetiredCount count;
  if (endpoints.empty()) return count;
  if (reason) {
    const RevocationFilter filter{
        .endpoints = endpoints, .serials = {}, .fleet = std::string(fleet), .issued_before = {}};
    count.revoked = RevokeAll(connection, filter, *reason, now).revoked;
  }
  for (const std::string& endpoint : endpoints) {
    Query update(connection,
                 "UPDATE certificate SET state = 'retired' WHERE fleet = (SELECT id FROM fleet "
                 "WHERE name = ?) AND endpoint = ? AND state = 'issued' RETURNING id");
    update.Bind(fleet).Bind(endpoint);
    if (!update.Step()) continue;
    ++count.retired;
    update.Step();
  }
  transaction.Commit();
  return count;
}

std::vector<LedgerRow> Ledger::FindByThumbprint(std::string_view prefix, std::size_t most) const {
  if (prefix.size() == 2 * Sha1Digest().size()) {  // all of a SHA-1: there is an index
    Query whole(impl_->connection, "SELECT " FLEETMINT_ROWS " WHERE c.sha1 = ? ORDER BY c.id");
    whole.Bind(ByteView(FromHex(prefix)));
    std::vector<LedgerRow> rows;
    while (rows.size() < most && whole.Step()) rows.push_back(WholeRow(whole));
    if (!rows.empty()) return rows;
  }
  Query query(impl_->connection, "SELECT " FLEETMINT_ROWS
                                 " WHERE (substr(lower(hex(c.sha1)), 1, ?1) = ?2 OR "
                                 "substr(lower(hex(c.sha256)), 1, ?1) = ?2) ORDER BY c.id");
  query.Bind(static_cast<std::int64_t>(prefix.size())).Bind(prefix);
  std::vector<LedgerRow> rows;
  while (rows.size() < most && query.Step()) rows.push_back(WholeRow(query));
  return rows;
}

std::vector<CrlEntry> Ledger::CrlEntries(const Sha256Digest& scope, Time not_ended) const {
  Query query(impl_->connection,
              "SELECT serial, coalesce(revoked_at, reserved_at), coalesce(reason, 0) FROM "
              "certificate WHERE issuer IN (SELECT id FROM issuer WHERE crl_scope = ?1) AND "
              "(revoked_at IS NOT NULL OR state = 'abandoned') AND coalesce(not_after, end_bound) "
              "> ?2 UNION ALL "
              "SELECT own_serial, coalesce(revoked_at, reserved_at), coalesce(reason, 0) FROM "
              "issuer WHERE parent IN (SELECT id FROM issuer WHERE crl_scope = ?1) AND own_serial "
              "IS NOT NULL AND (revoked_at IS NOT NULL OR state = 'abandoned') UNION ALL "
              "SELECT serial, revoked_at, reason FROM listed WHERE scope = ?1 AND end_bound > ?2 "
              "AND serial NOT IN (SELECT serial FROM certificate WHERE state <> 'void') ORDER BY "
              "1");
  query.Bind(ByteView(scope)).Bind(Unix(not_ended));
  std::vector<CrlEntry> entries;
  while (query.Step()) {
    entries.push_back({ReadArray<Serial>(query, 0), FromUnix(query.Integer(1)),
                       static_cast<int>(query.Integer(2))});
  }
  return entries;
}

bool Ledger::HasUnexpired(const Sha256Digest& scope, Time now) const {
  Query query(impl_->connection,
              "SELECT EXISTS (SELECT 1 FROM certificate WHERE issuer IN (SELECT id FROM issuer "
              "WHERE crl_scope = ?) AND state <> 'void' AND coalesce(not_after, end_bound) > ?)");
  query.Bind(ByteView(scope)).Bind(Unix(now)).Step();
  return query.Integer(0) == 1;
}

}  // namespace fleetmint
