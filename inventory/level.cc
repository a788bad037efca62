// ParseLevel: the keys that defaults, groups, endpoints and overrides share.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/x509/san.h"
#include "inventory/fleet_impl.h"
#include "profiles/target.h"

namespace fleetmint {
namespace {

const std::vector<std::string> kLevelKeys{"profile", "os", "domain", "fqdn", "vars"};
const std::vector<std::string> kReservedVariables{"host", "fqdn", "fleet", "group"};

bool IsVariableName(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void ReadVars(const yaml::Node& node, Level& level, FaultList& faults) {
  if (!node.IsMapping()) {
    if (node.cut) return;
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
      level.vars.emplace_back(entry.key, *value);
    }
  }
}

// The DNS name that `entry` says, or the IPv4 address as an fqdn; "" and a fault if it is none.
std::string DnsNameOf(const yaml::Entry& entry, const std::string& name, FaultList& faults) {
  const auto fault = DnsNameFault(name, false);
  if (!fault || (entry.key == "fqdn" && IsIpv4(name))) return name;
  const bool dotted = name.starts_with('.') || name.ends_with('.');
  faults.Add(entry.value.where, entry.key + " '" + name + "': " + *fault,
             entry.key == "domain" && !dotted ? kDnsLabelsHint : DnsNameHint(name));
  return "";
}

void ReadText(const yaml::Entry& entry, const Catalog& catalog, Level& level, FaultList& faults) {
  const auto text = yaml::AsText(entry.value, "'" + entry.key + "'", faults);
  if (!text) return;
  if (entry.key == "domain") level.domain = DnsNameOf(entry, *text, faults);
  if (entry.key == "fqdn") level.fqdn = DnsNameOf(entry, *text, faults);
  if (entry.key == "os") {
    if (TargetOf(*text)) {
      level.os = *text;
    } else {
      faults.Add(entry.value.where, "unknown os '" + *text + "'", OsHint(*text));
    }
  }
  if (entry.key == "profile") {
    level.profile = *text;  // an unknown one too: its endpoints are not those of an outer profile
    if (catalog.Find(*text) == nullptr) {
      faults.Add(entry.value.where, "unknown profile '" + *text + "'",
                 DidYouMean(*text, catalog.Names()));
    }
  }
}

}  // namespace

Level ParseLevel(const yaml::Node& mapping, std::span<const std::string> others,
                 const Catalog& catalog, FaultList& faults) {
  Level level;
  std::vector<std::string> ignore(others.begin(), others.end());
  ignore.insert(ignore.end(), kLevelKeys.begin(), kLevelKeys.end());
  level.patch = ParseProfilePatch(mapping, ignore, faults);
  for (const yaml::Entry& entry : mapping.entries) {
    const bool own = std::find(others.begin(), others.end(), entry.key) == others.end();
    if (!own || entry.value.IsNull()) continue;
    if (entry.key == "vars") {
      ReadVars(entry.value, level, faults);
      continue;
    }
    const auto& keys = kLevelKeys;
    if (std::find(keys.begin(), keys.end(), entry.key) == keys.end()) continue;
    ReadText(entry, catalog, level, faults);
  }
  return level;
}

}  // namespace fleetmint
