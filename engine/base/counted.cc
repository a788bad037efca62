#include "engine/base/counted.h"

namespace fleetmint {

std::string Counted(std::uint64_t count, std::string_view one, std::string_view many) {
  std::string text = std::to_string(count) + " ";
  if (count == 1 || many.empty()) return text.append(one) + (count == 1 ? "" : "s");
  return text.append(many);
}

}  // namespace fleetmint
