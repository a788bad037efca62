// ReadManifest: manifest.jsonl as whoever rolls out reads it.
#pragma once

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace fleetmint {

// The lines by endpoint.
inline std::map<std::string, nlohmann::json> ReadManifest(const std::string& out) {
  std::map<std::string, nlohmann::json> lines;
  std::ifstream file(out + "/manifest.jsonl");
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json json = nlohmann::json::parse(line);
    lines.emplace(json.at("endpoint").get<std::string>(), json);
  }
  return lines;
}

}  // namespace fleetmint
