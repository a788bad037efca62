// Ledger: what is asked of endpoint certificates. Nothing here writes.
#include <functional>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/ledger/ledger_impl.h"
#include "engine/ledger/row.h"

namespace fleetmint {
namespace {

// Gives each row of the query to `visit`, or to `damaged`.
void VisitIssued(Query& query, const std::function<void(const IssuedRow&)>& visit,
                 const Ledger::DamageVisitor& damaged) {
  while (query.Step()) {
    IssuedRow row;
    const std::string damage = ReadIssuedRow(query, row);
    if (damage.empty()) {
      visit(row);
    } else {
      damaged(row, damage);
    }
  }
}

}  // namespace

std::optional<LedgerRow> Ledger::Find(const Serial& serial) const {
  Query query(impl_->connection, "SELECT " FLEETMINT_ROWS " WHERE c.serial = ?");
  if (!query.Bind(ByteView(serial)).Step()) return std::nullopt;
  return WholeRow(query);
}

std::optional<IssuedRow> Ledger::FindIssued(const Serial& serial) const {
  Query query(impl_->connection,
              "SELECT " FLEETMINT_ISSUED_ROWS " WHERE c.serial = ? AND c.issued_at IS NOT NULL");
  if (!query.Bind(ByteView(serial)).Step()) return std::nullopt;
  return WholeIssuedRow(query);
}

std::optional<IssuedRow> Ledger::FindIssued(std::int64_t id) const {
  Query query(impl_->connection,
              "SELECT " FLEETMINT_ISSUED_ROWS " WHERE c.id = ? AND c.issued_at IS NOT NULL");
  if (!query.Bind(id).Step()) return std::nullopt;
  return WholeIssuedRow(query);
}

std::optional<IssuedRow> Ledger::Current(std::string_view fleet, std::string_view endpoint) const {
  Query query(impl_->connection, "SELECT " FLEETMINT_ISSUED_ROWS
                                 " WHERE f.name = ? AND c.endpoint = ? AND c.state = 'issued'");
  if (!query.Bind(fleet).Bind(endpoint).Step()) return std::nullopt;
  return WholeIssuedRow(query);
}

std::optional<std::int64_t> Ledger::CurrentId(std::string_view fleet,
                                              std::string_view endpoint) const {
  Query query(impl_->connection,
              "SELECT id FROM certificate WHERE fleet = (SELECT id FROM fleet WHERE name = ?) AND "
              "endpoint = ? AND state = 'issued'");
  if (!query.Bind(fleet).Bind(endpoint).Step()) return std::nullopt;
  return query.Integer(0);
}

std::vector<CurrentName> Ledger::CurrentNames(std::string_view fleet) const {
  Query query(impl_->connection,
              "SELECT c.endpoint, c.settings, c.not_after, c.issuer, c.run, c.revoked_at IS NOT "
              "NULL FROM certificate c JOIN fleet f ON f.id = c.fleet WHERE f.name = ? AND c.state "
              "= 'issued' ORDER BY c.endpoint");
  query.Bind(fleet);
  std::set<std::int64_t> revoked;
  Query issuers(impl_->connection, "SELECT id FROM issuer WHERE revoked_at IS NOT NULL");
  while (issuers.Step()) revoked.insert(issuers.Integer(0));
  std::vector<CurrentName> names;
  while (query.Step()) {
    names.push_back({AsciiLower(query.TextView(0)), query.Integer(1), FromUnix(query.Integer(2)),
                     query.Integer(3), query.Integer(4), query.Integer(5) == 1,
                     revoked.contains(query.Integer(3))});
  }
  return names;
}

void Ledger::ForEachCurrent(std::string_view fleet,
                            const std::function<void(const IssuedRow&)>& visit,
                            const DamageVisitor& damaged) const {
  std::vector<std::string> fleets{std::string(fleet)};
  if (fleet.empty()) fleets = Fleets();
  for (const std::string& name : fleets) {
    Query query(impl_->connection, "SELECT " FLEETMINT_ISSUED_ROWS
                                   " WHERE c.fleet = (SELECT id FROM fleet WHERE name = ?) AND "
                                   "c.state = 'issued' ORDER BY c.endpoint");
    query.Bind(name);
    VisitIssued(query, visit, damaged);
  }
}

void Ledger::ForEachFormer(const std::function<void(const IssuedRow&)>& visit,
                           const DamageVisitor& damaged) const {
  Query query(impl_->connection, "SELECT " FLEETMINT_ISSUED_ROWS
                                 " WHERE c.issued_at IS NOT NULL AND c.state <> 'issued' ORDER BY "
                                 "c.id");
  VisitIssued(query, visit, damaged);
}

void Ledger::ForEachRetired(std::string_view fleet,
                            const std::function<void(const IssuedRow&)>& visit,
                            const DamageVisitor& damaged) const {
  Query query(impl_->connection,
              "SELECT " FLEETMINT_ISSUED_ROWS
              " WHERE f.name = ? AND c.state = 'retired' AND NOT EXISTS (SELECT 1 FROM certificate "
              "n WHERE n.fleet = c.fleet AND n.endpoint = c.endpoint AND n.state = 'issued') AND "
              "NOT EXISTS (SELECT 1 FROM certificate n WHERE n.fleet = c.fleet AND n.endpoint = "
              "c.endpoint AND n.state IN ('superseded', 'retired', 'reported') AND n.id > c.id)");
  query.Bind(fleet);
  VisitIssued(query, visit, damaged);
}

void Ledger::ForEach(const std::function<void(const LedgerRow&)>& visit,
                     const DamageVisitor& damaged) const {
  Query query(impl_->connection, "SELECT " FLEETMINT_ROWS " ORDER BY c.id");
  while (query.Step()) {
    LedgerRow row;
    const std::string damage = ReadRow(query, row);
    if (!damage.empty()) damaged(row, damage);
    visit(row);
  }
}

std::vector<Predecessor> Ledger::Predecessors(const LedgerRow& row) const {
  std::vector<Predecessor> predecessors;
  if (!row.issued_at) return predecessors;
  Query query(
      impl_->connection, FLEETMINT_PAST_LINES
      "SELECT c.serial, c.sha1, c.sha256 FROM past_line p JOIN certificate c ON c.lineage = "
      "p.line AND c.id < p.before WHERE c.state IN ('superseded', 'retired', 'reported') AND "
      "c.id <> ?3 AND c.not_after > ?4 ORDER BY c.id");
  query.Bind(row.lineage).Bind(row.id + 1).Bind(row.id).Bind(Unix(*row.issued_at));
  while (query.Step()) {
    predecessors.push_back({ReadArray<Serial>(query, 0), ReadArray<Sha1Digest>(query, 1),
                            ReadArray<Sha256Digest>(query, 2)});
  }
  return predecessors;
}

std::vector<std::int64_t> Ledger::Superseded(const LedgerRow& row) const {
  std::vector<std::int64_t> ids;
  if (row.supersedes) ids.push_back(*row.supersedes);
  Query joined(
      impl_->connection,
      "SELECT superseded FROM joined WHERE into_line = ? AND certificate = ? AND superseded "
      "IS NOT NULL ORDER BY superseded");
  joined.Bind(row.lineage).Bind(row.id);
  while (joined.Step()) ids.push_back(joined.Integer(0));
  return ids;
}

SettingsRecord Ledger::SettingsOf(std::int64_t id) const {
  Query query(impl_->connection, "SELECT format, profile, grp, body FROM settings WHERE id = ?");
  if (!query.Bind(id).Step()) {
    throw Error::OfCause(
        ErrorKind::kLedger, ErrorCause::kDamaged,
        "the ledger is damaged: the record of settings " + std::to_string(id) + " is missing",
        "restore the ledger from a backup of the authority");
  }
  return {static_cast<int>(query.Integer(0)), query.Text(1), query.Text(2), query.Text(3)};
}

std::vector<std::pair<std::int64_t, SettingsRecord>> Ledger::AllSettings() const {
  Query query(impl_->connection, "SELECT id, format, profile, grp, body FROM settings ORDER BY id");
  std::vector<std::pair<std::int64_t, SettingsRecord>> all;
  while (query.Step()) {
    all.emplace_back(query.Integer(0), SettingsRecord{static_cast<int>(query.Integer(1)),
                                                      query.Text(2), query.Text(3), query.Text(4)});
  }
  return all;
}

Counts Ledger::Count() const {
  Query query(impl_->connection, "SELECT state, count(*) FROM certificate GROUP BY state");
  std::map<std::string, std::uint64_t> counts;
  while (query.Step()) counts[query.Text(0)] = static_cast<std::uint64_t>(query.Integer(1));
  return {counts["reserved"],  counts["issued"], counts["superseded"],
          counts["abandoned"], counts["void"],   counts["retired"]};
}

}  // namespace fleetmint
