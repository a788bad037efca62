#include "engine/pipeline/workspace.h"

#include <algorithm>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/pipeline/head.h"

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

// One is secret, and the other is shipped.
void CheckApart(const std::string& output, const std::string& authority) {
  const fs::path out = Resolved(output), ca = Resolved(authority);
  if (!IsWithin(out, ca) && !IsWithin(ca, out)) return;
  throw Error::WithHint(
      ErrorKind::kInput,
      "output '" + output + "' and authority '" + authority + "' lie within each other",
      "the output is shipped and the authority is secret: give --out a place of its own");
}

}  // namespace

OutputDirectory OpenOutput(const std::string& path, const Authority& authority) {
  CheckApart(path, authority.directory().path());
  OutputDirectory output = OutputDirectory::Open(path, authority.id());
  const auto bound = authority.ledger().OutputOf(output.fleet());
  if (bound && *bound != output.id()) {
    throw Error::WithHint(ErrorKind::kInput,
                          "'" + path + "' does not hold the bundles of fleet '" + output.fleet() +
                              "': they are in another output directory",
                          "give the --out that the fleet was issued into");
  }
  return output;
}

void CheckPlaceOfAuthority(const std::string& path, const std::string& option) {
  fs::path place = Resolved(path);
  for (; place.has_relative_path(); place = place.parent_path()) {
    if (!OutputDirectory::IsOne(place.string())) continue;
    throw Error::WithHint(
        ErrorKind::kAuthority,
        "'" + path + "' lies within the output directory '" + place.string() + "'",
        "the output is shipped and the authority is secret: give " + option +
            " a place of its own");
  }
}

std::string FleetFolder(const Authority& authority, const std::string& fleet) {
  const fs::path folder =
      Resolved(authority.directory().path()) / authority.ledger().FolderOf(fleet);
  return folder.lexically_normal().string();
}

LockedAuthority LockedAuthority::Acquire(const std::string& ca, const std::string& command,
                                         const std::string& instead) {
  AuthorityDirectory directory = AuthorityDirectory::Open(ca);
  RunLock lock = RunLock::Acquire(directory.directory(), command, instead);
  return {std::move(directory), std::move(lock)};
}

LockedAuthority LockedAuthority::Wait(const std::string& ca, const std::string& command,
                                      const std::function<void(const std::string& holder)>& told) {
  AuthorityDirectory directory = AuthorityDirectory::Open(ca);
  RunLock lock = RunLock::Wait(directory.directory(), command, told);
  return {std::move(directory), std::move(lock)};
}

std::optional<LockedAuthority> LockedAuthority::TryAcquire(const std::string& ca,
                                                           const std::string& command,
                                                           std::string* holder) {
  AuthorityDirectory directory = AuthorityDirectory::Open(ca);
  auto lock = RunLock::TryAcquire(directory.directory(), command, holder);
  if (!lock) return std::nullopt;
  return LockedAuthority(std::move(directory), std::move(*lock));
}

ReadingWorkspace ReadingWorkspace::Open(const std::string& ca, const std::string& out) {
  Authority authority = Authority::Open(ca);
  OutputDirectory output = OpenOutput(out, authority);
  return {std::move(authority), std::move(output)};
}

Workspace::Workspace(LockedAuthority locked, OutputDirectory output, const Clock& clock, Log& log)
    : locked_(std::move(locked)), output_(std::move(output)) {
  JudgeHead(ledger(), output_, authority().directory().path());
  AlignHead(ledger(), output_);
  recovered_ = Recover(ledger(), output_, clock.Now(), log);
}

Workspace Workspace::Open(LockedAuthority locked, const std::string& out, const Clock& clock,
                          Log& log) {
  OutputDirectory output = OpenOutput(out, locked.authority());
  return {std::move(locked), std::move(output), clock, log};
}

IssuingWorkspace IssuingWorkspace::Open(LockedAuthority locked, UnlockedAuthority unlocked,
                                        const OutputRequest& request, RandomSource& random,
                                        const Clock& clock, Log& log) {
  Authority& authority = locked.authority();
  if (!request.test) authority.CheckNotTest();
  CheckApart(request.path, authority.directory().path());
  OutputDirectory output =
      OutputDirectory::OpenOrCreate(request.path,
                                    {.authority = authority.id(),
                                     .fleet = request.fleet,
                                     .layout = request.layout,
                                     .id = authority.ledger().OutputOf(request.fleet),
                                     .make_again = request.make_again},
                                    random);
  IssuingWorkspace workspace(std::move(locked), std::move(output), clock, log, std::move(unlocked));
  workspace.ledger().BindOutput(request.fleet, workspace.output().id());
  const fs::path ca = Resolved(workspace.authority().directory().path());
  const fs::path folder = Resolved(request.folder).lexically_relative(ca);
  workspace.ledger().SetFolder(request.fleet, folder.string());
  return workspace;
}

}  // namespace fleetmint
