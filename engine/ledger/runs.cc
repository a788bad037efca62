// Ledger: runs, and how far each fleet has come.
#include <algorithm>

#include "engine/ledger/ledger_impl.h"
#include "engine/ledger/row.h"

namespace fleetmint {
namespace {

RunPosition ReadPosition(const Query& query) {
  return {query.Integer(0), ReadArray<RunToken>(query, 1),
          static_cast<std::uint64_t>(query.Integer(2))};
}

}  // namespace

Run Ledger::BeginRun(std::string_view fleet, const RunPurpose& purpose, RandomSource& random,
                     Time now) {
  Run run;
  run.fleet = fleet;
  run.reinstates = purpose.reinstates;
  random.Fill(run.token);
  Query insert(impl_->connection,
               "INSERT INTO run (fleet, token, selection, cutoff, resumes, started_at) VALUES (?, "
               "?, ?, ?, ?, ?) RETURNING id");
  insert.Bind(impl_->FleetId(fleet)).Bind(ByteView(run.token)).Bind(purpose.selection);
  insert.Bind(Unix(purpose.cutoff));
  if (purpose.resumes) {
    insert.Bind(*purpose.resumes);
  } else {
    insert.BindNull();
  }
  insert.Bind(Unix(now)).Step();
  run.id = insert.Integer(0);
  insert.Step();  // to its end, so that it is committed
  return run;
}

void Ledger::EndRun(const Run& run, Time now) {
  Query(impl_->connection, "UPDATE run SET ended_at = ? WHERE id = ?")
      .Bind(Unix(now))
      .Bind(run.id)
      .Run();
}

std::optional<PastRun> Ledger::LastRunOf(std::string_view fleet, std::string_view selection) const {
  Query query(impl_->connection,
              "SELECT first.id, first.started_at, r.complete FROM run r JOIN fleet f ON f.id = "
              "r.fleet JOIN run first ON first.id = coalesce(r.resumes, r.id) WHERE f.name = ? AND "
              "r.selection = ? ORDER BY r.id DESC LIMIT 1");
  if (!query.Bind(fleet).Bind(selection).Step()) return std::nullopt;
  return PastRun{query.Integer(0), FromUnix(query.Integer(1)), query.Integer(2) == 1};
}

void Ledger::Complete(std::string_view fleet, std::string_view selection) {
  Query(impl_->connection,
        "UPDATE run SET complete = 1 WHERE complete = 0 AND id = (SELECT max(r.id) FROM run r JOIN "
        "fleet f ON f.id = r.fleet WHERE f.name = ? AND r.selection = ?)")
      .Bind(fleet)
      .Bind(selection)
      .Run();
}

std::optional<RunPosition> Ledger::HeadOf(std::string_view fleet) const {
  Query query(impl_->connection,
              "SELECT r.id, r.token, r.commits FROM run r JOIN fleet f ON f.id = r.fleet WHERE "
              "f.name = ? AND r.commits > 0 ORDER BY r.id DESC LIMIT 1");
  if (!query.Bind(fleet).Step()) return std::nullopt;
  return ReadPosition(query);
}

std::optional<RunPosition> Ledger::FindRun(const RunToken& token, std::string_view fleet) const {
  Query query(impl_->connection,
              "SELECT r.id, r.token, r.commits FROM run r JOIN fleet f ON f.id = r.fleet WHERE "
              "r.token = ? AND f.name = ?");
  if (!query.Bind(ByteView(token)).Bind(fleet).Step()) return std::nullopt;
  return ReadPosition(query);
}

namespace {

std::vector<RunToken> Tokens(Query& query) {
  std::vector<RunToken> tokens;
  while (query.Step()) tokens.push_back(ReadArray<RunToken>(query, 0));
  return tokens;
}

}  // namespace

std::vector<RunToken> Ledger::EndedRuns() const {
  Query query(impl_->connection,
              "SELECT token FROM run WHERE ended_at IS NOT NULL AND backed_up = 0");
  return Tokens(query);
}

void Ledger::MarkBackedUp(std::span<const RunToken> runs) {
  Transaction transaction(impl_->connection);
  for (const RunToken& token : runs) {
    Query(impl_->connection, "UPDATE run SET backed_up = 1 WHERE token = ?")
        .Bind(ByteView(token))
        .Run();
  }
  transaction.Commit();
}

std::vector<RunToken> Ledger::BackedUpRuns(std::string_view fleet) const {
  Query query(impl_->connection,
              "SELECT r.token FROM run r JOIN fleet f ON f.id = r.fleet WHERE f.name = ? AND "
              "r.backed_up = 1");
  query.Bind(fleet);
  return Tokens(query);
}

std::optional<Time> Ledger::LatestTime() const {
  Query query(
      impl_->connection,
      "SELECT max(m) FROM (SELECT max(started_at) AS m FROM run UNION ALL SELECT "
      "max(ended_at) FROM run UNION ALL SELECT max(reserved_at, coalesce(issued_at, 0)) FROM "
      "certificate WHERE id = (SELECT max(id) FROM certificate))");
  query.Step();
  if (query.IsNull(0)) return std::nullopt;
  return FromUnix(query.Integer(0));
}

}  // namespace fleetmint
