#include "engine/pipeline/presence.h"

#include <algorithm>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/pipeline/pending.h"

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

std::vector<std::string> UnexplainedBundles(const Ledger& ledger, const OutputDirectory& output,
                                            const std::vector<std::string>& others) {
  std::unordered_set<std::string> known;
  const auto add = [&](const std::string& endpoint) {
    for (const char* extension : kBundleExtensions) {
      known.insert(output.BundlePath(endpoint, extension));
    }
  };
  const auto add_row = [&](const IssuedRow& row) { add(row.endpoint); };
  const auto add_damaged = [&](const LedgerRow& row, const std::string&) { add(row.endpoint); };
  ledger.ForEachCurrent(output.fleet(), add_row, add_damaged);
  ledger.ForEachRetired(output.fleet(), add_row, add_damaged);
  for (const LedgerRow& row : ledger.Reported(output.fleet())) add(row.endpoint);
  for (const std::string& endpoint : others) add(endpoint);
  std::vector<std::string> paths;
  const auto look = [&](const Directory& directory, const std::string& prefix) {
    for (const std::string& name : directory.List()) {
      if (!known.contains(prefix + name)) paths.push_back(prefix + name);
    }
  };
  if (output.layout() == Layout::kFlat) {
    look(output.bundles(), "bundles/");
    return paths;
  }
  for (const std::string& folder : output.bundles().List()) {
    if (!output.bundles().IsDirectory(folder)) continue;  // verify names it
    look(output.bundles().Subdirectory(folder), "bundles/" + folder + "/");
  }
  return paths;
}

}  // namespace fleetmint
