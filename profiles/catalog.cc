// Catalog: profile files -> validated profiles, each with what it inherits.
#include "profiles/catalog.h"

#include <algorithm>
#include <filesystem>

#include "engine/base/durable_file.h"
#include "engine/base/text.h"
#include "profiles/catalog_data.h"
#include "profiles/patch.h"
#include "profiles/profile_file.h"

namespace fleetmint {
namespace {

const std::vector<std::string> kProfileFileKeys{"profile", "extends", "summary", "abstract"};
constexpr std::size_t kMostBytes = std::size_t{1} << 20U;

}  // namespace

void Catalog::Add(const yaml::Node& root, FaultList& faults) {
  if (!root.IsMapping()) return;
  if (root.Find("authority") != nullptr) {
    AuthorityProfile profile = ReadAuthorityProfile(root, faults);
    if (authorities_.contains(profile.name)) {
      faults.Add(root.where, "authority profile '" + profile.name + "' exists already");
    }
    if (faults.empty()) authorities_.emplace(profile.name, std::move(profile));
    return;
  }
  Profile profile;
  profile.name_ = TextOf(root, "profile", faults);
  if (const yaml::Node* const name = root.Find("profile"); name == nullptr) {
    if (!root.cut) {  // else it may come later
      faults.Add(root.where, "a profile file needs 'profile: NAME', NAME of [a-z0-9-]");
    }
  } else if ((name->IsScalar() || name->IsNull()) && !IsProfileName(profile.name_)) {
    faults.Add(name->where, "profile name '" + profile.name_ + "' is not of [a-z0-9-]",
               "a profile file needs 'profile: NAME', 1 to 63 of these characters");
  }
  if (profiles_.contains(profile.name_)) {
    faults.Add(root.where, "profile '" + profile.name_ + "' exists already", "choose another name");
  }
  const std::string parent_name = TextOf(root, "extends", faults);
  if (!parent_name.empty()) {
    const auto found = profiles_.find(parent_name);
    const Profile* const parent = found == profiles_.end() ? nullptr : &found->second;
    if (parent == nullptr) {
      faults.Add(root.Find("extends")->where, "unknown profile '" + parent_name + "'",
                 DidYouMean(parent_name, Names()));
    } else {
      profile.config_ = parent->config_;
      profile.lineage_ = parent->lineage_;
    }
  }
  profile.summary_ = TextOf(root, "summary", faults);
  if (const yaml::Node* node = root.Find("abstract")) {
    profile.abstract_ = yaml::AsBool(*node, "'abstract'", faults).value_or(false);
  }
  profile.lineage_.insert(profile.lineage_.begin(), profile.name_);
  const ProfilePatch patch = ParseProfilePatch(root, kProfileFileKeys, faults);
  const ProfilePatch* const patches[] = {&patch};
  // How the settings go together cannot be said of a part of them.
  const bool orphan = !parent_name.empty() && profile.lineage_.size() == 1;
  if (root.cut || orphan) return;
  auto complete = profile.With(patches, faults);
  if (complete && faults.empty()) profiles_.emplace(complete->name(), std::move(*complete));
}

Catalog Catalog::Builtin() {
  Catalog catalog;
  // A file may extend one that comes later: pass over the rest until nothing is left.
  std::vector<const EmbeddedFile*> rest;
  for (const EmbeddedFile& file : CatalogFiles()) rest.push_back(&file);
  while (!rest.empty()) {
    std::vector<const EmbeddedFile*> later;
    for (const EmbeddedFile* file : rest) {
      FaultList faults(std::string(file->name));
      const yaml::Node root = yaml::ReadText(file->text, faults);
      const yaml::Node* const parent = root.Find("extends");
      if (parent != nullptr && !catalog.profiles_.contains(parent->scalar) &&
          later.size() < rest.size() - 1) {
        later.push_back(file);
        continue;
      }
      catalog.Add(root, faults);
      faults.ThrowIfAny();
    }
    rest = std::move(later);
  }
  return catalog;
}

void Catalog::AddFile(const std::string& path, FaultList& faults) {
  FaultList own(path);
  try {
    const Bytes content = ReadWholeFile(path, kMostBytes);
    const yaml::Node root = yaml::ReadText(AsText(content), own);
    if (own.empty() && !root.IsMapping())
      own.Add(root.where, "a profile file is a mapping of keys");
    Add(root, own);
    own.ThrowIfAny();
  } catch (const Error& error) {
    faults.AddAll(error);
  }
}

void Catalog::AddDirectory(const std::string& path, FaultList& faults) {
  struct File {
    std::string path, name, parent;
    Position extends;
  };
  std::vector<File> files;
  for (const std::string& name : Directory::Open(path).List()) {
    if (!name.ends_with(".yaml") && !name.ends_with(".yml")) continue;
    const std::string file = (std::filesystem::path(path) / name).string();
    FaultList ignored(file);  // AddFile reports them
    const Bytes content = ReadWholeFile(file, kMostBytes);
    const yaml::Node root = yaml::ReadText(AsText(content), ignored);
    const yaml::Node* const extends = root.Find("extends");
    files.push_back({file, TextOf(root, "profile", ignored), TextOf(root, "extends", ignored),
                     extends == nullptr ? Position{} : extends->where});
  }
  // Parents first; what is left at the end is a circle.
  while (!files.empty()) {
    auto next = std::find_if(files.begin(), files.end(), [&](const File& file) {
      return std::none_of(files.begin(), files.end(), [&](const File& other) {
        return other.name == file.parent && !other.name.empty();
      });
    });
    if (next == files.end()) {
      for (const File& file : files) {
        faults.AddAll(Error(ErrorKind::kInput, "'extends: " + file.parent + "' leads in a circle",
                            Location{file.path, file.extends},
                            "let one of these profiles extend a built-in one, or none"));
      }
      return;
    }
    AddFile(next->path, faults);
    files.erase(next);
  }
}

const Profile* Catalog::Find(std::string_view name) const {
  const auto place = profiles_.find(name);
  return place == profiles_.end() || place->second.abstract_ ? nullptr : &place->second;
}

const AuthorityProfile* Catalog::FindAuthority(std::string_view name) const {
  const auto place = authorities_.find(name);
  return place == authorities_.end() ? nullptr : &place->second;
}

std::vector<std::string> Catalog::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, profile] : profiles_) {
    if (!profile.abstract_) names.push_back(name);
  }
  return names;
}

std::vector<std::string> Catalog::AuthorityNames() const {
  std::vector<std::string> names;
  for (const auto& [name, profile] : authorities_) names.push_back(name);
  return names;
}

}  // namespace fleetmint
