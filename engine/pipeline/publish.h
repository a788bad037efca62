// Publish: the ledger's truth becomes the files that are shipped beside the bundles.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

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
  // Append adds text; `endpoint` says whose line it is, or is empty.
  virtual void Append(std::string_view text, const std::string& endpoint) = 0;
  virtual void End() = 0;
};

// ManifestEntryOf gives the manifest's view of a current row of `ledger`.
ManifestEntry ManifestEntryOf(const LedgerRow& row, const Ledger& ledger,
                              const OutputDirectory& output);

// RenderPublished gives `sink` manifest.jsonl, manifest.csv, chain.pem and rollout/ of the output's
// fleet as the ledger says they shall be. Returns the number of the manifest's endpoints.
std::size_t RenderPublished(const Ledger& ledger, const Authority& authority,
                            const OutputDirectory& output, PublishSink& sink);

// Publish writes these files, each replaced atomically and durably. Needs no private key. Returns
// what RenderPublished does.
std::size_t Publish(const Ledger& ledger, const Authority& authority,
                    const OutputDirectory& output);

}  // namespace fleetmint
