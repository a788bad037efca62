#include "engine/ledger/succession.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/ledger/row.h"

namespace fleetmint {

std::optional<Line> LineOf(Connection& connection, std::int64_t fleet, const std::string& name) {
  Query current(connection,
                "SELECT lineage FROM certificate WHERE fleet = ? AND endpoint = ? AND state = "
                "'issued'");
  if (current.Bind(fleet).Bind(name).Step()) return Line{current.Integer(0), name, true};
  Query last(connection,
             "SELECT lineage, state = 'superseded' OR lineage IN (SELECT line FROM joined) FROM "
             "certificate WHERE fleet = ? AND endpoint = ? AND state IN ('superseded', 'retired', "
             "'reported') ORDER BY id DESC LIMIT 1");
  // Where another name has taken its line along, the host was renamed, and this is another host.
  if (!last.Bind(fleet).Bind(name).Step() || last.Integer(1) == 1) return std::nullopt;
  return Line{last.Integer(0), name, false};
}

Ancestry AncestryOf(Connection& connection, std::int64_t fleet, const std::string& endpoint,
                    std::span<const std::string> formerly) {
  Ancestry ancestry{LineOf(connection, fleet, endpoint), {}};
  if (ancestry.own && ancestry.own->current) return ancestry;
  for (const std::string& name : formerly) {
    auto line = LineOf(connection, fleet, name);
    if (!line) continue;
    if (line->current && !(ancestry.own && ancestry.own->current)) std::swap(ancestry.own, line);
    if (line) ancestry.others.push_back(std::move(*line));
  }
  return ancestry;
}

bool HasItsOwn(const Ancestry& ancestry, const std::string& endpoint) {
  return ancestry.own && ancestry.own->current && ancestry.own->name == endpoint;
}

std::optional<Superseded> Supersede(Connection& connection, std::int64_t fleet,
                                    const std::string& endpoint) {
  Query update(connection,
               "UPDATE certificate SET state = 'superseded' WHERE fleet = ? AND endpoint = ? AND "
               "state = 'issued' RETURNING id, endpoint, revoked_at IS NOT NULL, reason");
  update.Bind(fleet).Bind(endpoint);
  if (!update.Step()) return std::nullopt;
  Superseded superseded{update.Integer(0), {update.Text(1), {}}, std::nullopt};
  if (update.Integer(2) == 1) superseded.revoked = update.Integer(3);
  update.Step();
  Query files(connection, "SELECT files FROM record WHERE id = ?");
  if (!files.Bind(superseded.id).Step()) return superseded;
  try {
    superseded.bundle.files = SplitFiles(files.TextView(0));
  } catch (const Error& error) {  // what it leaves behind verify finds
    if (error.cause() != ErrorCause::kDamaged) throw;
  }
  return superseded;
}

std::optional<std::int64_t> Succession::Take(std::optional<Superseded> old) {
  if (!old) return std::nullopt;
  if (!revoked) revoked = old->revoked;
  replaced.push_back(std::move(old->bundle));
  return old->id;
}

Succession Succeed(Connection& connection, std::int64_t fleet, const std::string& endpoint,
                   std::span<const std::string> formerly, std::int64_t id) {
  Succession succession;
  const Ancestry ancestry = AncestryOf(connection, fleet, endpoint, formerly);
  succession.lineage = ancestry.own ? ancestry.own->lineage : id;
  if (ancestry.own && ancestry.own->current) {
    succession.supersedes = succession.Take(Supersede(connection, fleet, ancestry.own->name));
    if (ancestry.own->name != endpoint) succession.former = ancestry.own->name;
  }
  for (const Line& line : ancestry.others) {
    if (line.lineage == succession.lineage) continue;  // two names of one line
    Query join(connection,
               "INSERT INTO joined (line, into_line, certificate, superseded) VALUES (?, ?, ?, ?)");
    join.Bind(line.lineage).Bind(succession.lineage).Bind(id);
    const auto superseded = succession.Take(Supersede(connection, fleet, line.name));
    superseded ? join.Bind(*superseded) : join.BindNull();
    join.Run();
  }
  return succession;
}

void InsertRecord(Connection& connection, std::int64_t id, ByteView der,
                  const std::vector<BundleFileRecord>& files) {
  Query(connection, "INSERT INTO record (id, der, files) VALUES (?, ?, ?)")
      .Bind(id)
      .Bind(der)
      .Bind(JoinFiles(files))
      .Run();
}

}  // namespace fleetmint
