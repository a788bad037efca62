#include "engine/pipeline/claim.h"

#include "engine/authority/authority_file.h"
#include "engine/base/error.h"
#include "engine/pipeline/workspace.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMaking = ".making";  // there while the rest is not whole

void CheckApart(const std::string& directory) {
  CheckPlaceOfAuthority(directory);
  for (fs::path place = fs::absolute(directory).lexically_normal(); place.has_relative_path();
       place = place.parent_path()) {
    std::error_code error;
    if (!fs::exists(place / kAuthorityFile, error)) continue;
    throw Error::WithHint(ErrorKind::kUsage,
                          "'" + directory + "' lies within the authority '" + place.string() + "'",
                          "give --out a place of its own");
  }
}

}  // namespace

Claim::Claim(const std::string& path, std::vector<std::string> names)
    : path_(path), names_(std::move(names)) {
  CheckApart(path_);
  try {
    Take();
  } catch (...) {
    GiveBack();
    throw;
  }
}

Claim::~Claim() {
  if (!kept_) GiveBack();
}

void Claim::Keep() {
  kept_ = true;
  Directory::Open(path_).Remove(kMaking);
}

void Claim::Take() {
  fs::path place;
  for (const fs::path& part : fs::absolute(path_).lexically_normal()) {
    place /= part;
    std::error_code error;
    if (fs::create_directory(place, error)) made_.push_back(place);
  }
  const Directory directory = Directory::Open(path_);
  if (!made_.empty() && made_.back() == place) fs::permissions(place, fs::perms::owner_all);
  if (!directory.List().empty()) ThrowNotEmpty();
  try {
    directory.CreateDurably(kMaking, {});
  } catch (const Error&) {
    if (directory.Exists(kMaking)) ThrowNotEmpty();
    throw;
  }
  taken_ = true;
}

void Claim::ThrowNotEmpty() const {
  throw Error::WithHint(ErrorKind::kUsage, "'" + path_ + "' is not empty",
                        "a test fleet is made anew each time: remove it, or choose another --out");
}

void Claim::GiveBack() noexcept {
  std::error_code error;
  if (taken_) {
    for (const std::string& name : names_) fs::remove_all(fs::path(path_) / name, error);
    fs::remove(fs::path(path_) / kMaking, error);
  }
  for (auto place = made_.rbegin(); place != made_.rend(); ++place) fs::remove(*place, error);
}

}  // namespace fleetmint
