#include "engine/ledger/ledger.h"

#include <utility>

#include "engine/base/error.h"
#include "engine/ledger/ledger_impl.h"
#include "engine/ledger/migrations.h"

namespace fleetmint {
namespace {

constexpr const char* kSchema =
#include "engine/ledger/schema.sql"
    ;

static_assert(kOldestSchema + kMigrations.size() == Ledger::kSchemaVersion);

void CheckVersion(const std::string& path, std::int64_t found) {
  if (found > Ledger::kSchemaVersion) {
    throw Error::OfCause(ErrorKind::kLedger, ErrorCause::kUnsupported,
                         "ledger '" + path + "' has schema version " + std::to_string(found) +
                             "; this program knows version " +
                             std::to_string(Ledger::kSchemaVersion),
                         "use the newer fleetmint that wrote it");
  }
  if (found < 1) {
    throw Error::OfCause(ErrorKind::kLedger, ErrorCause::kDamaged,
                         "'" + path + "' is not a fleetmint ledger");
  }
  if (found < kOldestSchema) {
    throw Error::OfCause(
        ErrorKind::kLedger, ErrorCause::kUnsupported,
        "ledger '" + path + "' is of schema version " + std::to_string(found) +
            ", which did not keep the certificates themselves and cannot be carried over",
        "keep the fleetmint that wrote it for this authority, or issue from a new one");
  }
}

// What no constraint of one row can say: the endpoints of rows that do not fit those they refer to.
constexpr std::pair<const char*, const char*> kMisfits[] = {
    {"SELECT c.endpoint FROM certificate c LEFT JOIN certificate f ON f.id = c.lineage WHERE "
     "f.lineage IS NOT c.lineage OR f.fleet IS NOT c.fleet OR c.lineage > c.id",
     "its lineage is not that of an earlier certificate of its own"},
    {"SELECT c.endpoint FROM certificate c JOIN certificate p ON p.id = c.supersedes WHERE "
     "p.lineage <> c.lineage OR p.id >= c.id OR p.state = 'issued' OR (p.endpoint <> c.endpoint "
     "AND p.endpoint IS NOT c.former)",
     "what it supersedes is not an earlier certificate of its own"},
    {"SELECT c.endpoint FROM certificate c LEFT JOIN certificate p ON p.id = c.supersedes WHERE "
     "c.former IS NOT NULL AND c.issued_at IS NOT NULL AND p.endpoint IS NOT c.former",
     "what it supersedes is not under the name that its host had"},
    {"SELECT endpoint FROM certificate WHERE state = 'superseded' AND id NOT IN (SELECT supersedes "
     "FROM certificate WHERE supersedes IS NOT NULL) AND id NOT IN (SELECT superseded FROM joined "
     "WHERE superseded IS NOT NULL)",
     "nothing supersedes its former certificate"},
    {"SELECT c.endpoint FROM joined j JOIN certificate c ON c.id = j.certificate LEFT JOIN "
     "certificate p ON p.id = j.superseded WHERE c.lineage <> j.into_line OR c.issued_at IS NULL "
     "OR "
     "p.lineage <> j.line OR p.state <> 'superseded' OR p.id >= c.id",
     "what was joined to its line is not an earlier one of its own"},
    {"SELECT c.endpoint FROM certificate c JOIN run r ON r.id = c.run WHERE r.fleet <> c.fleet",
     "its run is one of another fleet"},
    {"SELECT c.endpoint FROM certificate c JOIN issuer i ON i.id = c.issuer WHERE i.leaves <> 1",
     "its issuer is one that signs no endpoints"},
};

}  // namespace

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

Ledger Ledger::Create(const std::string& path, std::string_view authority) {
  auto impl = std::make_unique<Impl>(path, authority, true);
  Transaction transaction(impl->connection);
  impl->connection.Execute(kSchema);
  SetSchemaVersion(impl->connection, kSchemaVersion);
  Query(impl->connection, "INSERT INTO ledger (one, authority, fleet_key) VALUES (1, ?, ?)")
      .Bind(authority)
      .Bind(std::string_view(kFirstFleetKey))
      .Run();
  transaction.Commit();
  return Ledger(std::move(impl));
}

Ledger Ledger::Open(const std::string& path, std::string_view authority) {
  auto impl = std::make_unique<Impl>(path, authority, false);
  const std::int64_t found = SchemaVersion(impl->connection);
  CheckVersion(path, found);
  Query whose(impl->connection, "SELECT authority FROM ledger");
  if (!whose.Step() || whose.Text(0) != authority) {
    throw Error::WithHint(ErrorKind::kLedger, "ledger '" + path + "' is that of another authority",
                          "restore the one that belongs to this authority from its backup");
  }
  if (found < kSchemaVersion) Migrate(impl->connection, kOldestSchema, kMigrations);
  return Ledger(std::move(impl));
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

std::vector<std::string> Ledger::IntegrityFaults() const {
  std::vector<std::string> faults;
  Query check(impl_->connection, "PRAGMA integrity_check");
  while (check.Step()) {
    if (check.TextView(0) != "ok") faults.push_back(check.Text(0));
  }
  Query keys(impl_->connection, "PRAGMA foreign_key_check");
  while (keys.Step()) faults.push_back("a reference of table " + keys.Text(0) + " leads nowhere");
  return faults;
}

std::vector<std::string> Ledger::Misfits() const {
  std::vector<std::string> faults;
  for (const auto& [sql, fault] : kMisfits) {
    Query misfits(impl_->connection, sql);
    while (misfits.Step()) faults.push_back("endpoint '" + misfits.Text(0) + "': " + fault);
  }
  return faults;
}

}  // namespace fleetmint
