// Migrations: what brings a ledger of an older schema up to the next one, each in one transaction.
// Internal to ledger/. kMigrations[v - 1] makes version v + 1 of version v; a schema that was once
// written is never changed, it gets another migration.
#pragma once

#include <array>

namespace fleetmint {

inline constexpr std::array<const char*, 1> kMigrations{
    // 2: bundles that were shipped.
    "ALTER TABLE certificate ADD COLUMN delivered_at INTEGER "
    "CHECK (delivered_at IS NULL OR issued_at IS NOT NULL)",
};

}  // namespace fleetmint
