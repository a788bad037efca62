// What a Ledger holds, and what its parts share. Internal to ledger/.
#pragma once

#include <map>

#include "engine/ledger/ledger.h"
#include "engine/ledger/sqlite.h"

namespace fleetmint {

inline std::int64_t Unix(Time time) { return time.time_since_epoch().count(); }
inline Time FromUnix(std::int64_t seconds) { return Time{Seconds{seconds}}; }

struct Ledger::Impl {
  Impl(const std::string& path, std::string_view whose, bool create)
      : connection(path, create), authority(whose) {}
  // The id of a fleet that BindOutput knows.
  std::int64_t FleetId(std::string_view fleet);

  // What was recorded last: neighbours mostly share their layer.
  using KnownSettings = std::optional<std::pair<SettingsRecord, std::int64_t>>;
  // The id of settings, which are recorded if they are new. Within a transaction.
  std::int64_t SettingsId(const SettingsRecord& settings, KnownSettings& known);

  Connection connection;
  std::string authority;
  KnownSettings known_settings;  // of the last transaction that was committed
};

}  // namespace fleetmint
