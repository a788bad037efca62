#include "engine/ledger/migrations.h"

namespace fleetmint {

std::int64_t SchemaVersion(Connection& connection) {
  Query version(connection, "PRAGMA user_version");
  version.Step();
  return version.Integer(0);
}

void SetSchemaVersion(Connection& connection, std::int64_t version) {
  connection.Execute(("PRAGMA user_version=" + std::to_string(version)).c_str());
}

void Migrate(Connection& connection, std::int64_t oldest, std::span<const char* const> migrations) {
  const auto newest = oldest + static_cast<std::int64_t>(migrations.size());
  for (;;) {
    Transaction transaction(connection);  // BEGIN IMMEDIATE: one process at a time
    const std::int64_t version = SchemaVersion(connection);
    if (version >= newest) return;
    connection.Execute(migrations[static_cast<std::size_t>(version - oldest)]);
    SetSchemaVersion(connection, version + 1);
    transaction.Commit();
  }
}

}  // namespace fleetmint
