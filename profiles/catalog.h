// Catalog: profiles and authority profiles by name. The built-in ones are compiled into the binary.
//
// Const access from several threads is safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/yaml.h"
#include "profiles/authority_profile.h"
#include "profiles/profile.h"

namespace fleetmint {

class Catalog {
 public:
  // Builtin gives the catalog of profiles/catalog/.
  static Catalog Builtin();

  // AddFile adds the profile (or authority profile) of a file; its name must be new. AddDirectory
  // adds every *.yaml in a directory, in an order that satisfies `extends`. All faults are
  // collected.
  void AddFile(const std::string& path, FaultList& faults);
  void AddDirectory(const std::string& path, FaultList& faults);

  // Find and Names leave out profiles with `abstract: true`, which are there to be extended.
  const Profile* Find(std::string_view name) const;
  const AuthorityProfile* FindAuthority(std::string_view name) const;
  std::vector<std::string> Names() const;
  std::vector<std::string> AuthorityNames() const;

  // ToYaml renders a profile completely, as a profile file that reads back to the same value.
  static std::string ToYaml(const Profile& profile);
  static std::string ToYaml(const AuthorityProfile& profile);

 private:
  std::map<std::string, Profile, std::less<>> profiles_;
  std::map<std::string, AuthorityProfile, std::less<>> authorities_;
  void Add(const yaml::Node& root, FaultList& faults);
};

}  // namespace fleetmint
