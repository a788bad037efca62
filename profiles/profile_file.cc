#include "profiles/profile_file.h"

#include <algorithm>

namespace fleetmint {

bool IsProfileName(const std::string& name) {
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string TextOf(const yaml::Node& node, const char* key, FaultList& faults) {
  const yaml::Node* const value = node.Find(key);
  if (value == nullptr || value->IsNull()) return "";
  return yaml::AsText(*value, "'" + std::string(key) + "'", faults).value_or("");
}

}  // namespace fleetmint
