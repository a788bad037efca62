#include "engine/pipeline/selection.h"

#include <algorithm>

namespace fleetmint {

Selection::Selection(std::string text, std::vector<std::string> lost)
    : text_(std::move(text)), lost_(std::move(lost)) {
  std::sort(lost_.begin(), lost_.end());
}

Selection Selection::Missing() { return {"missing", {}}; }

Selection Selection::MissingOrLost(std::vector<std::string> lost) {
  return {"missing or lost", std::move(lost)};
}

bool Selection::Wants(std::string_view endpoint_key, bool issued) const {
  return !issued || std::binary_search(lost_.begin(), lost_.end(), endpoint_key);
}

}  // namespace fleetmint
