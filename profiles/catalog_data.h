// The texts of profiles/catalog/*.yaml as the build compiled them in.
#pragma once

#include <vector>

#include "engine/base/embedded_file.h"

namespace fleetmint {

const std::vector<EmbeddedFile>& CatalogFiles();

}  // namespace fleetmint
