// Ledger: what became of what was issued: receipts of hosts, counts.
#include <algorithm>

#include "engine/ledger/ledger_impl.h"
#include "engine/ledger/row.h"

namespace fleetmint {
namespace {

constexpr std::int64_t kWeek = std::int64_t{7} * 24 * 3600;

ReceiptVerdict Take(Connection& connection, std::span<const std::int64_t> fleets,
                    const Receipt& receipt) {
  auto verdict = ReceiptVerdict::kUnknownEndpoint;
  for (const std::int64_t fleet : fleets) {
    for (const char* sql :
         {"SELECT id, sha1, sha256, installed_at FROM certificate WHERE fleet = ?1 "
          "AND endpoint = ?2 AND state = 'issued'",
          // A host that was renamed may still have what it was given under its former name.
          "SELECT id, sha1, sha256, installed_at FROM certificate WHERE lineage IN (SELECT lineage "
          "FROM certificate WHERE fleet = ?1 AND endpoint = ?2 AND state = 'issued' UNION SELECT "
          "lineage FROM certificate WHERE fleet = ?1 AND endpoint = ?2 AND state IN ('superseded', "
          "'retired', 'reported')) AND state IN ('superseded', 'retired', 'reported')"}) {
      Query query(connection, sql);
      query.Bind(fleet).Bind(receipt.endpoint);
      while (query.Step()) {
        verdict = ReceiptVerdict::kOther;
        if (receipt.sha1 && ReadArray<Sha1Digest>(query, 1) != *receipt.sha1) continue;
        if (receipt.sha256 && ReadArray<Sha256Digest>(query, 2) != *receipt.sha256) continue;
        const bool known = !query.IsNull(3);
        if (!known || query.Integer(3) > Unix(receipt.time)) {
          Query(connection, "UPDATE certificate SET installed_at = ? WHERE id = ?")
              .Bind(Unix(receipt.time))
              .Bind(query.Integer(0))
              .Run();
        }
        return known ? ReceiptVerdict::kKnown : ReceiptVerdict::kNew;
      }
    }
  }
  return verdict;
}

// For each fleet that has the endpoint: the name is the host's in all of them.
ReceiptVerdict TakeTrust(Connection& connection, std::span<const std::int64_t> fleets,
                         const Receipt& receipt) {
  auto verdict = ReceiptVerdict::kUnknownEndpoint;
  for (const std::int64_t fleet : fleets) {
    Query query(connection,
                "SELECT lineage FROM certificate WHERE fleet = ? AND endpoint = ? AND state = "
                "'issued'");
    query.Bind(fleet).Bind(receipt.endpoint);
    if (!query.Step()) continue;
    Query insert(connection,
                 "INSERT INTO trusted (lineage, issuer, at) VALUES (?1, ?2, ?3) ON CONFLICT DO "
                 "NOTHING RETURNING 1");
    insert.Bind(query.Integer(0)).Bind(*receipt.trusts).Bind(Unix(receipt.time));
    if (insert.Step()) {
      insert.Step();
      verdict = ReceiptVerdict::kNew;
    } else if (verdict != ReceiptVerdict::kNew) {
      verdict = ReceiptVerdict::kKnown;
    }
  }
  return verdict;
}

std::size_t Size(const Query& query, int column) {
  return static_cast<std::size_t>(query.Integer(column));
}

}  // namespace

std::vector<ReceiptVerdict> Ledger::TakeReceipts(std::span<const Receipt> receipts) {
  Connection& connection = impl_->connection;
  Transaction transaction(connection);
  std::vector<std::int64_t> fleets;
  {
    Query query(connection, "SELECT id FROM fleet");
    while (query.Step()) fleets.push_back(query.Integer(0));
  }
  std::vector<ReceiptVerdict> verdicts;
  verdicts.reserve(receipts.size());
  for (const Receipt& receipt : receipts) {
    verdicts.push_back(receipt.trusts ? TakeTrust(connection, fleets, receipt)
                                      : Take(connection, fleets, receipt));
  }
  transaction.Commit();
  return verdicts;
}

TrustCount Ledger::CountTrust(std::int64_t issuer, Time now) const {
  Query query(impl_->connection,
              "SELECT count(*), count(t.lineage) FROM certificate c LEFT JOIN trusted t ON "
              "t.lineage = c.lineage AND t.issuer = ? WHERE c.state = 'issued' AND c.revoked_at IS "
              "NULL AND c.not_after >= ?");
  query.Bind(issuer).Bind(Unix(now)).Step();
  return {Size(query, 0), Size(query, 1)};
}

std::vector<FleetStatus> Ledger::Status(Time now) const {
  Query query(
      impl_->connection,
      "SELECT f.name, s.profile, count(*), count(c.revoked_at), total(c.revoked_at IS NULL "
      "AND c.not_after < ?1), count(c.delivered_at), count(c.installed_at), "
      "count(c.supersedes), total(c.supersedes IS NOT NULL AND c.installed_at IS NOT NULL), "
      "min(CASE WHEN c.revoked_at IS NULL AND c.not_after >= ?1 THEN c.not_after END), "
      "total(c.revoked_at IS NULL AND c.not_after >= ?1 AND c.issuer IN (SELECT id FROM issuer "
      "WHERE revoked_at IS NOT NULL)) FROM "
      "certificate c JOIN fleet f ON f.id = c.fleet JOIN settings s ON s.id = c.settings "
      "WHERE c.state = 'issued' GROUP BY f.name, s.profile ORDER BY f.name, s.profile");
  query.Bind(Unix(now));
  std::vector<FleetStatus> fleets;
  while (query.Step()) {
    FleetStatus status;
    status.fleet = query.Text(0);
    status.profile = query.Text(1);
    status.current = Size(query, 2);
    status.revoked = Size(query, 3);
    status.expired = Size(query, 4);
    status.delivered = Size(query, 5);
    status.installed = Size(query, 6);
    status.renewed = Size(query, 7);
    status.renewed_installed = Size(query, 8);
    status.issuer_revoked = Size(query, 10);
    if (!query.IsNull(9)) status.next_end = FromUnix(query.Integer(9));
    fleets.push_back(std::move(status));
  }
  Query weeks(
      impl_->connection,
      "SELECT f.name, s.profile, (c.not_after - ?1) / ?2 AS week, count(*) FROM certificate "
      "c JOIN fleet f ON f.id = c.fleet JOIN settings s ON s.id = c.settings WHERE c.state "
      "= 'issued' AND c.revoked_at IS NULL AND c.not_after >= ?1 GROUP BY f.name, "
      "s.profile, week");
  weeks.Bind(Unix(now)).Bind(kWeek);
  while (weeks.Step()) {
    const auto place = std::find_if(fleets.begin(), fleets.end(), [&](const FleetStatus& status) {
      return status.fleet == weeks.TextView(0) && status.profile == weeks.TextView(1);
    });
    if (place != fleets.end()) place->weeks[weeks.Integer(2)] += Size(weeks, 3);
  }
  return fleets;
}

}  // namespace fleetmint
