// TempDir: a directory of its own for one test, removed with everything in it. For one thread.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"

namespace fleetmint {

class TempDir {
 public:
  TempDir() {
    path_ = (std::filesystem::temp_directory_path() / "fleetmint-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary directory");
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  // Write creates a file (and its folders, and replaces what is there); gives its path.
  std::string Write(std::string_view name, ByteView content, mode_t mode = 0600) const {
    std::string path = *this / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
    file.close();
    ::chmod(path.c_str(), mode);
    return path;
  }
  std::string Write(std::string_view name, std::string_view text, mode_t mode = 0600) const {
    return Write(name, AsBytes(text), mode);
  }

 private:
  std::string path_;
};

// ReadFileBytes gives a whole file; throws if there is none.
inline Bytes ReadFileBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("no file " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string ReadFileText(const std::string& path) {
  return std::string(AsText(ReadFileBytes(path)));
}

// ListTree gives every entry below `path`, relative to it, sorted: what a command left behind.
inline std::vector<std::string> ListTree(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    names.push_back(std::filesystem::relative(entry.path(), path).generic_string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// ModeOf gives the permission bits of a file or directory.
inline unsigned ModeOf(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw std::runtime_error("no file " + path);
  return status.st_mode & 07777U;
}

}  // namespace fleetmint
