#include "engine/pipeline/open_output.h"

#include <filesystem>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

namespace fs = std::filesystem;

// Symbolic links resolved as far as the path exists.
fs::path Resolved(const std::string& path) {
  std::error_code error;
  fs::path resolved = fs::weakly_canonical(fs::absolute(path, error), error);
  if (!resolved.has_filename()) resolved = resolved.parent_path();  // a/ is a
  return resolved;
}

bool IsWithin(const fs::path& inner, const fs::path& outer) {
  const auto [end, ignored] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return end == outer.end();
}

void CheckApart(const std::string& output, const std::string& authority) {
  const fs::path out = Resolved(output), ca = Resolved(authority);
  if (!IsWithin(out, ca) && !IsWithin(ca, out)) return;
  throw Error::WithHint(
      ErrorKind::kInput,
      "output '" + output + "' and authority '" + authority + "' lie within each other",
      "the output is shipped and the authority is secret: give --out a place of its own");
}

}  // namespace

OutputDirectory OpenOutputToIssue(const std::string& path, const Authority& authority,
                                  Ledger& ledger, const std::string& fleet,
                                  std::optional<Layout> layout, RandomSource& random,
                                  bool make_again) {
  CheckApart(path, authority.directory().path());
  OutputDirectory output = OutputDirectory::OpenOrCreate(
      path, authority.id(), fleet, layout, ledger.OutputOf(fleet), random, make_again);
  ledger.BindOutput(fleet, output.id());
  return output;
}

void CheckPlaceOfAuthority(const std::string& path) {
  fs::path place = Resolved(path);
  for (; place.has_relative_path(); place = place.parent_path()) {
    if (!OutputDirectory::IsOne(place.string())) continue;
    throw Error::WithHint(
        ErrorKind::kAuthority,
        "'" + path + "' lies within the output directory '" + place.string() + "'",
        "the output is shipped and the authority is secret: give --ca a place of "
        "its own");
  }
}

OutputDirectory OpenOutput(const std::string& path, const Authority& authority,
                           const Ledger& ledger) {
  CheckApart(path, authority.directory().path());
  OutputDirectory output = OutputDirectory::Open(path, authority.id());
  const auto bound = ledger.OutputOf(output.fleet());
  if (bound && *bound != output.id()) {
    throw Error::WithHint(ErrorKind::kInput,
                          "'" + path + "' does not hold the bundles of fleet '" + output.fleet() +
                              "': they are in another output directory",
                          "give the --out that the fleet was issued into");
  }
  return output;
}

}  // namespace fleetmint
