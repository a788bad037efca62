// Claim: a directory while a test fleet is made in it: one run's alone, and given back as it was if
// that fails. Internal to TestFleet. For one thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace fleetmint {

class Claim {
 public:
  // Takes `path`, which must be empty; makes it, and its parents, if it is absent. `names` is what
  // will be made in it. A file `.making` says that it is not whole. Errors: kUsage: it is not
  // empty, or lies in an authority, where plain keys have no place; kAuthority: in an output, which
  // is shipped; kDisk.
  Claim(const std::string& path, std::vector<std::string> names);
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  // Removes what Keep did not keep: `names` and the directories that it has made, nothing else.
  ~Claim();
  // Keep says that all is whole.
  void Keep();

 private:
  void Take();
  [[noreturn]] void ThrowNotEmpty() const;
  void GiveBack() noexcept;

  std::string path_;
  std::vector<std::string> names_;
  std::vector<std::filesystem::path> made_;
  bool taken_ = false, kept_ = false;
};

}  // namespace fleetmint
