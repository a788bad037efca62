// yaml_tree: what the strict reader sees, for tests/interop/yaml_test.sh to compare with another.
//
// Reads cases from stdin, each a 32-bit little-endian length and so many bytes of a document. For
// each it prints one line of JSON: {"tree": ...}, with texts as strings, lists as arrays, and
// mappings as {"keys": [...], "values": [...]} (so that order and repeated keys show), or
// {"fault": the report}. With --stream PATH, the items of such a list are streamed and put
// back: what is delivered must be what the tree has otherwise.
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/yaml.h"

namespace {

using fleetmint::yaml::Node;
using Json = nlohmann::ordered_json;

Json ToJson(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return nullptr;
    case Node::Kind::kScalar:
      return node.scalar;
    case Node::Kind::kSequence: {
      Json items = Json::array();
      for (const Node& item : node.items) items.push_back(ToJson(item));
      return items;
    }
    case Node::Kind::kMapping:
      break;
  }
  Json keys = Json::array();
  Json values = Json::array();
  for (const auto& entry : node.entries) {
    keys.push_back(entry.key);
    values.push_back(ToJson(entry.value));
  }
  return {{"keys", std::move(keys)}, {"values", std::move(values)}};
}

Json Read(const std::string& text) {
  fleetmint::FaultList faults("");
  const Node root = fleetmint::yaml::ReadText(text, faults);
  try {
    faults.ThrowIfAny();
  } catch (const fleetmint::Error& error) {
    return {{"fault", error.what()}};
  }
  return {{"tree", ToJson(root)}};
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::uint8_t size[4]; std::cin.read(reinterpret_cast<char*>(size), sizeof size);) {
    std::string text(size[0] | size[1] << 8U | size[2] << 16U | std::uint32_t{size[3]} << 24U,
                     '\0');
    if (!std::cin.read(text.data(), static_cast<std::streamsize>(text.size()))) return 1;
    std::cout << Read(text).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
  }
  return std::cout.flush() ? 0 : 1;
}
