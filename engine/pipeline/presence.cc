#include "engine/pipeline/presence.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace fleetmint {

bool IsPresent(const IssuedRow& row, const OutputDirectory& output) {
  return std::all_of(row.files.begin(), row.files.end(), [&](const BundleFileRecord& file) {
    return output.Holds(row.endpoint, file.extension, file.bytes);
  });
}

bool IsWhole(const IssuedRow& row, const OutputDirectory& output) {
  if (!IsPresent(row, output)) return false;
  return std::all_of(row.files.begin(), row.files.end(), [&](const BundleFileRecord& file) {
    const auto [directory, name] = output.BundlePlace(row.endpoint, file.extension);
    return Sha256(directory.Read(name)) == file.sha256;
  });
}

std::vector<std::string> FilesPresent(const IssuedRow& row, const OutputDirectory& output) {
  std::vector<std::string> paths;
  for (const BundleFileRecord& file : row.files) {
    if (output.Exists(row.endpoint, file.extension))
      paths.push_back(output.BundlePath(row.endpoint, file.extension));
  }
  return paths;
}

bool WasTakenAway(const IssuedRow& row, const OutputDirectory& output) {
  return row.delivered_at && FilesPresent(row, output).size() < row.files.size();
}

bool IsLost(const IssuedRow& row, const OutputDirectory& output) {
  return !IsWhole(row, output) && !WasTakenAway(row, output);
}

std::vector<std::string> LostEndpoints(const Ledger& ledger, const OutputDirectory& output) {
  std::vector<std::string> lost;
  ledger.ForEachCurrent(
      output.fleet(),
      [&](const IssuedRow& row) {
        if (IsLost(row, output)) lost.push_back(AsciiLower(row.endpoint));
      },
      [&](const LedgerRow& row, const std::string&) { lost.push_back(AsciiLower(row.endpoint)); });
  return lost;
}

}  // namespace fleetmint
