// A layer for tests of settings, made from the texts of its patches.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profiles/catalog.h"
#include "profiles/endpoint_template.h"
#include "profiles/patch.h"
#include "profiles/resolve.h"

namespace fleetmint::test {

inline const Catalog& Builtin() {
  static const Catalog catalog = Catalog::Builtin();
  return catalog;
}

// The variables and the domain that a layer has where a test says nothing else.
inline LayerInput PlainInput() {
  LayerInput input;
  input.variables = {{"fleet", "f"}, {"group", "g"}, {"application_server", "itm.corp.example"}};
  input.group = "g";
  input.target = Target::kModernWindows;
  input.domain = "corp.example";
  return input;
}

// The settings of `profile` with a patch for each text, at line 7, column 3 of fleet.yaml. Throws
// the faults.
inline Settings Resolved(const Profile& profile, const std::vector<std::string>& texts,
                         LayerInput input = PlainInput()) {
  FaultList faults("fleet.yaml");
  std::vector<ProfilePatch> patches;
  for (const std::string& text : texts) {
    patches.push_back(ParseProfilePatch(yaml::ReadText(text, faults), {}, faults));
  }
  std::vector<const ProfilePatch*> pointers;
  for (const ProfilePatch& patch : patches) pointers.push_back(&patch);
  input.patches = pointers;
  const auto settings = ResolveSettings(profile, input, {7, 3}, faults);
  faults.ThrowIfAny();
  return settings.value();
}

// What `host` gets of the settings. Throws the faults.
inline ExpandedProfile ExpandedOf(const Settings& settings, const std::string& host) {
  std::vector<Fault> faults;
  const auto expanded = EndpointTemplate(settings).Expand(host, faults);
  if (!faults.empty()) throw Error(ErrorKind::kInput, faults);
  return expanded.value();
}

inline ExpandedProfile Expanded(std::string_view profile, const std::string& text,
                                const LayerInput& input = PlainInput(),
                                const std::string& host = "ws-1") {
  return ExpandedOf(Resolved(*Builtin().Find(profile), {text}, input), host);
}

}  // namespace fleetmint::test
