// The texts of profiles/catalog/*.yaml as the build compiled them in (embed_catalog.cmake).
#pragma once

#include <string_view>
#include <vector>

namespace fleetmint {

struct CatalogFile {
  std::string_view name;  // "observeit-agent.yaml"
  std::string_view text;
};

const std::vector<CatalogFile>& CatalogFiles();

}  // namespace fleetmint
