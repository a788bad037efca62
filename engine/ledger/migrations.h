// Migrations: what brings a ledger of an older schema up to the next one, each in one transaction.
// Internal to ledger/.
//
// kMigrations[i] makes version kOldestSchema + i + 1 of version kOldestSchema + i; a schema that
// was once written is never changed, it gets another migration. Ledgers before kOldestSchema are
// refused: versions 1 and 2 did not keep the certificates.
#pragma once

#include <span>

#include "engine/ledger/sqlite.h"

namespace fleetmint {

inline constexpr std::int64_t kOldestSchema = 3;
inline constexpr std::span<const char* const> kMigrations{};

// SchemaVersion reads a database's version, SetSchemaVersion writes it.
std::int64_t SchemaVersion(Connection& connection);
void SetSchemaVersion(Connection& connection, std::int64_t version);

// Migrate takes the database through `migrations`, of which the first one is for `oldest`. Of two
// processes the second one finds it done.
void Migrate(Connection& connection, std::int64_t oldest, std::span<const char* const> migrations);

}  // namespace fleetmint
