// Job: one endpoint, fully expanded. Whoever gets a job needs no profile and no inventory.
#pragma once

#include <string>

#include "engine/ledger/rows.h"
#include "profiles/endpoint_template.h"

namespace fleetmint {

struct Job {
  std::string endpoint;      // its name, as in the fleet file
  ExpandedProfile expanded;  // certificate, key, bundle, password
  SettingsRecord settings;   // that it is issued under, as the ledger keeps them
};

}  // namespace fleetmint
