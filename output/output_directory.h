// OutputDirectory: the directory that is shipped, its layout, and whose it is.
//
//   bundles/<endpoint>.<ext>   manifest.jsonl  manifest.csv  chain.pem  crl.pem  rollout/
//   .fleetmint                 authority id, fleet and layout, pinned by the first issue
//   .pending/                  files of chunks in flight: <serial>.<ext>
//
// Threads: const functions may be called from several threads at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/durable_file.h"

namespace fleetmint {

enum class Layout : std::uint8_t { kFlat, kHashed };

class OutputDirectory {
 public:
  // OpenOrCreate opens `path` for writing by this authority and fleet; makes and pins it if it is
  // new. Errors: kInput if it is pinned to another authority, fleet or layout, or if it is not
  // empty and has no .fleetmint; kDisk if it cannot be written.
  static OutputDirectory OpenOrCreate(const std::string& path, const std::string& authority_id,
                                      const std::string& fleet, std::optional<Layout> layout);
  // Open opens an existing one, to read or to repair. `authority_id` must match.
  static OutputDirectory Open(const std::string& path, const std::string& authority_id);

  const std::string& fleet() const { return fleet_; }
  Layout layout() const { return layout_; }
  const Directory& root() const { return root_; }
  const Directory& bundles() const { return bundles_; }
  const Directory& pending() const { return pending_; }

  // BundlePath gives the path of a bundle's file relative to the output directory.
  std::string BundlePath(std::string_view endpoint, std::string_view extension) const;
  // BundlePlace gives the directory of a bundle and the file's name in it.
  std::pair<Directory, std::string> BundlePlace(std::string_view endpoint,
                                                std::string_view extension) const;

 private:
  OutputDirectory(Directory root, Directory bundles, Directory pending, std::string fleet,
                  Layout layout)
      : root_(std::move(root)),
        bundles_(std::move(bundles)),
        pending_(std::move(pending)),
        fleet_(std::move(fleet)),
        layout_(layout) {}
  Directory root_;
  Directory bundles_;
  Directory pending_;
  std::string fleet_;
  Layout layout_;
};

}  // namespace fleetmint
