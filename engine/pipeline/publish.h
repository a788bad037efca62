// Publish: the ledger's truth becomes the files that are shipped beside the bundles.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/ledger/ledger.h"
#include "output/manifest.h"
#include "output/output_directory.h"

namespace fleetmint {

// PublishSink takes the published files one after another.
class PublishSink {
 public:
  virtual ~PublishSink() = default;
  // Begin starts the file `name` in `folder` ("": the output directory itself).
  virtual void Begin(const std::string& folder, const std::string& name) = 0;
  // Append adds text; `endpoint` says whose line it is, or is empty. `present` is false if a file
  // of its bundle is not there: the published file leaves the line out.
  virtual void Append(std::string_view text, const std::string& endpoint, bool present) = 0;
  virtual void End() = 0;
};

// ManifestEntryOf gives the manifest's view of a current row of `ledger`.
ManifestEntry ManifestEntryOf(const LedgerRow& row, const Ledger& ledger,
                              const OutputDirectory& output);

// PublishReport says what a manifest holds.
struct PublishReport {
  std::size_t endpoints = 0;  // lines of the manifest
  std::vector<std::string>
      missing;  // left out: endpoints without their bundle, or with a part of it
};

// RenderPublished gives `sink` manifest.jsonl, manifest.csv, chain.pem and rollout/ of the output's
// fleet as the ledger says they shall be.
PublishReport RenderPublished(const Ledger& ledger, const Authority& authority,
                              const OutputDirectory& output, PublishSink& sink);

// Publish writes these files, each replaced atomically and durably; one process at a time, the
// others wait. The manifest holds only what exists. Needs no private key.
PublishReport Publish(const Ledger& ledger, const Authority& authority,
                      const OutputDirectory& output);

}  // namespace fleetmint
