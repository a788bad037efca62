// Vectors: a file of `Name = Value` lines for tests. Lines that begin with # are comments.
#pragma once

#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

namespace fleetmint {

// Throws std::runtime_error on a file that is missing or malformed, a name given twice or unknown.
class Vectors {
 public:
  explicit Vectors(const std::string& path) : path_(path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read '" + path + "'");
    for (std::string line; std::getline(file, line);) {
      if (line.empty() || line[0] == '#') continue;
      const std::size_t equals = line.find(" = ");
      if (equals == std::string::npos ||
          !values_.emplace(line.substr(0, equals), line.substr(equals + 3)).second) {
        throw std::runtime_error(path + ": bad line '" + line + "'");
      }
    }
  }
  // Take gives a value once.
  std::string Take(const std::string& name) {
    const auto node = values_.extract(name);
    if (node.empty()) throw std::runtime_error(path_ + " has no '" + name + "'");
    return node.mapped();
  }
  // Unused gives a name that nobody took, or "".
  std::string Unused() const { return values_.empty() ? "" : values_.begin()->first; }

 private:
  std::string path_;
  std::map<std::string, std::string> values_;
};

}  // namespace fleetmint
