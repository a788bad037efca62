// OutputDirectory: the directory that is shipped, its layout, and whose it is.
//
//   bundles/<endpoint>.<ext>   manifest.jsonl  manifest.csv  chain.pem  rollout/
//   .fleetmint                 authority id, fleet, layout and the directory's own random id,
//                              pinned by the first issue: the directory may be moved
//   .pending/                  files of chunks in flight: <serial>.<ext>
//   .head  .runs/<token>       the last run, and what each run has recorded (run_records.h)
//
// Threads: const functions may be called from several threads at once.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/durable_file.h"
#include "engine/base/random.h"

namespace fleetmint {

enum class Layout : std::uint8_t { kFlat, kHashed };

class OutputDirectory {
 public:
  // Owner is whose an output is to be.
  struct Owner {
    std::string authority;  // id
    std::string fleet;
    std::optional<Layout> layout;   // of a new one; another layout of one that exists is refused
    std::optional<std::string> id;  // of the directory that holds the fleet's bundles already
    // That one was lost: a new or empty one becomes it. Or its .fleetmint was: it is written again.
    bool make_again = false;
  };
  // OpenOrCreate opens `path` for writing by its owner; makes and pins it if it is new. Errors:
  // kInput, before anything is written, if it is pinned to another authority, fleet or layout, has
  // another id, or is not empty and has no .fleetmint; kDisk if it cannot be written.
  static OutputDirectory OpenOrCreate(const std::string& path, const Owner& owner,
                                      RandomSource& random);
  // IsOne says whether `path` is an output directory, no matter whose.
  static bool IsOne(const std::string& path);
  // Open opens an existing one, to read or to repair. Errors: kInput if it is none, or another
  // authority's; kFindings if .fleetmint or one of its folders is damaged.
  static OutputDirectory Open(const std::string& path, const std::string& authority_id);

  const std::string& id() const { return id_; }
  const std::string& fleet() const { return fleet_; }
  Layout layout() const { return layout_; }
  const Directory& root() const { return root_; }
  const Directory& bundles() const { return bundles_; }
  const Directory& pending() const { return pending_; }
  const Directory& runs() const { return runs_; }

  // LockForPublishing waits until no other process publishes here. (It locks .fleetmint, which is
  // never replaced.)
  FileLock LockForPublishing() const;
  // Holds tells whether a file of a bundle is there with its size, without opening it.
  bool Holds(std::string_view endpoint, std::string_view extension, std::uint64_t bytes) const;

  // Exists tells whether anything stands in the place of a file of a bundle.
  bool Exists(std::string_view endpoint, std::string_view extension) const;

  // BundlePath gives the path of a bundle's file relative to the output directory.
  std::string BundlePath(std::string_view endpoint, std::string_view extension) const;
  // BundlePlace gives the directory of a bundle, which lives as long as this object, and the file's
  // name in it.
  std::pair<const Directory&, std::string> BundlePlace(std::string_view endpoint,
                                                       std::string_view extension) const;

 private:
  struct Pin;
  OutputDirectory(Directory root, const Pin& pin);
  static Pin ReadPin(const Directory& root, ErrorKind kind);
  static void WritePin(const Directory& root, const Pin& pin);
  Directory root_;
  Directory bundles_;
  Directory pending_;
  Directory runs_;
  struct Folders {  // of the hashed layout, each opened once
    std::mutex mutex;
    std::map<std::string, Directory> open;
  };
  std::unique_ptr<Folders> folders_ = std::make_unique<Folders>();
  std::string id_;
  std::string fleet_;
  Layout layout_;
};

}  // namespace fleetmint
