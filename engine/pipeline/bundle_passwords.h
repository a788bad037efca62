// BundlePasswords: the password of any bundle, wherever its source says it comes from.
//
// Files and CSVs are read once, when Load first names them. Get is safe from several threads.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/authority/passwords.h"
#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/base/serial.h"
#include "profiles/password_source.h"

namespace fleetmint {

class BundlePasswords {
 public:
  // `folder`: where relative paths of sources start.
  explicit BundlePasswords(std::string folder) : folder_(std::move(folder)) {}

  // Load makes sure that `source` can give a password for `endpoint`. Throws Error(kInput): file
  // absent, looser than 0600, CSV without a row for the endpoint, a password that importers
  // misread.
  void Load(const PasswordSource& source, std::string_view endpoint);

  // shortest gives the length of the shortest password that was loaded; nothing where none was.
  std::optional<std::size_t> shortest() const { return shortest_; }

  // HasFiles tells whether any source is a file.
  bool HasFiles() const { return !files_.empty() || !csvs_.empty(); }

  // Get gives the password. `derived` serves PasswordSource::kDerived. Precondition: Load for
  // others.
  SecretBytes Get(const PasswordSource& source, std::string_view endpoint, const Serial& serial,
                  const PasswordMaker& derived) const;

  // Iterations gives the KDF iterations that suit the source: few for 130 random bits, many for
  // what a person chose. Nobody's secret is in a bundle of a test authority: few for any.
  static std::uint32_t Iterations(const PasswordSource& source, bool test);

 private:
  using Table = std::map<std::string, SecretBytes, std::less<>>;  // lower-case endpoint -> password
  std::string PathOf(const PasswordSource& source) const;
  const Table& ReadCsv(const std::string& path);
  static Table ParseCsv(const std::string& path);

  void Check(const SecretBytes& password);

  std::string folder_;
  std::optional<std::size_t> shortest_;
  std::map<std::string, SecretBytes, std::less<>> files_;
  std::map<std::string, Table, std::less<>> csvs_;
  std::map<std::string, Error, std::less<>> faulty_csvs_;  // read once, whatever the endpoints
};

}  // namespace fleetmint
