// PasswordSource: where a bundle's password comes from; never the password itself. A value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fleetmint {

struct PasswordSource {
  enum class Kind : std::uint8_t {
    kDerived,  // HKDF under the authority's fleet key
    kFile,     // the first line of the file at `path`
    kCsv,      // the row of `path` (CSV: endpoint,password) that names the endpoint
  };
  Kind kind = Kind::kDerived;
  std::string path;
  friend bool operator==(const PasswordSource&, const PasswordSource&) = default;

  // Parse reads "derived", "file:PATH" or "csv:PATH". Throws Error(kInput) with a hint.
  static PasswordSource Parse(std::string_view text);
  // ToString is its inverse.
  std::string ToString() const;
};

}  // namespace fleetmint
