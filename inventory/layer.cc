// ParseLayer: the keys that defaults, groups, endpoints and overrides share.
#include <algorithm>

#include "engine/base/text.h"
#include "inventory/fleet_impl.h"

namespace fleetmint {
namespace {

const std::vector<std::string> kLayerKeys{"profile", "os", "domain", "fqdn", "vars"};
const std::vector<std::string> kReservedVariables{"host", "fqdn", "fleet", "group"};

bool IsVariableName(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void ReadVars(const yaml::Node& node, Layer& layer, FaultList& faults) {
  if (!node.IsMapping()) {
    faults.Add(node.where,
               "'vars' is a " + std::string(yaml::KindName(node.kind)) + "; a mapping was expected",
               "e.g. vars: {application_server: itm.example.com}");
    return;
  }
  for (const yaml::Entry& entry : node.entries) {
    const auto& reserved = kReservedVariables;
    if (std::find(reserved.begin(), reserved.end(), entry.key) != reserved.end()) {
      faults.Add(entry.key_where, "the variable '" + entry.key + "' is fleetmint's own",
                 "choose another name");
    } else if (!IsVariableName(entry.key)) {
      faults.Add(entry.key_where, "'" + entry.key + "' is no name of a variable",
                 "letters, digits and _");
    }
    if (const auto value = yaml::AsText(entry.value, "'vars." + entry.key + "'", faults)) {
      if (value->find_first_of("{}") != std::string::npos) {
        faults.Add(entry.value.where,
                   "the variable '" + entry.key + "' holds a brace: '" + *value + "'",
                   "variables are filled in once; a variable within a variable is not");
      }
      layer.vars.emplace_back(entry.key, *value);
    }
  }
}

}  // namespace

Layer ParseLayer(const yaml::Node& mapping, std::span<const std::string> others,
                 const Catalog& catalog, FaultList& faults) {
  Layer layer;
  std::vector<std::string> ignore(others.begin(), others.end());
  ignore.insert(ignore.end(), kLayerKeys.begin(), kLayerKeys.end());
  layer.patch = ParseProfilePatch(mapping, ignore, faults);
  for (const yaml::Entry& entry : mapping.entries) {
    const bool own = std::find(others.begin(), others.end(), entry.key) == others.end();
    if (!own || entry.value.IsNull()) continue;
    if (entry.key == "vars") {
      ReadVars(entry.value, layer, faults);
      continue;
    }
    if (std::find(kLayerKeys.begin(), kLayerKeys.end(), entry.key) == kLayerKeys.end()) continue;
    const auto text = yaml::AsText(entry.value, "'" + entry.key + "'", faults);
    if (!text) continue;
    if (entry.key == "profile") {
      layer.profile = *text;
      if (catalog.Find(layer.profile) == nullptr) {
        faults.Add(entry.value.where, "unknown profile '" + layer.profile + "'",
                   DidYouMean(layer.profile, catalog.Names()));
      }
    } else if (entry.key == "os") {
      layer.os = *text;
      if (!TargetOf(layer.os)) {
        faults.Add(entry.value.where, "unknown os '" + layer.os + "'",
                   DidYouMean(layer.os, OsNames()));
      }
    } else if (entry.key == "domain") {
      layer.domain = *text;
      if (const auto fault = DnsNameFault(layer.domain, false)) {
        faults.Add(entry.value.where, "domain '" + layer.domain + "': " + *fault, kDnsNameHint);
      }
    } else if (entry.key == "fqdn") {
      layer.fqdn = *text;
      if (const auto fault = DnsNameFault(layer.fqdn, false)) {
        faults.Add(entry.value.where, "fqdn '" + layer.fqdn + "': " + *fault, kDnsNameHint);
      }
    }
  }
  return layer;
}

}  // namespace fleetmint
