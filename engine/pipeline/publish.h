// Publish: the ledger's truth becomes the files that are shipped beside the bundles.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/pipeline/records.h"
#include "output/manifest.h"
#include "output/output_directory.h"

namespace fleetmint {

// PublishedFile takes the text of one file, piece by piece.
class PublishedFile {
 public:
  virtual ~PublishedFile() = default;
  // Append adds text; `endpoint` says whose line it is, or is empty. `present` is false if a file
  // of its bundle is not there: the published file leaves the line out.
  virtual void Append(std::string_view text, const std::string& endpoint, bool present) = 0;
  void Append(std::string_view text) { Append(text, "", true); }
  // AppendUnknown stands for a line that cannot be told, since the ledger's record is damaged.
  virtual void AppendUnknown() {}
  virtual void End() = 0;
};

// PublishSink takes the published files; several may be open at once.
class PublishSink {
 public:
  virtual ~PublishSink() = default;
  // Begin starts the file `name` in `folder` ("": the output directory itself).
  virtual std::unique_ptr<PublishedFile> Begin(const std::string& folder,
                                               const std::string& name) = 0;
};

// PublishReport says what a manifest holds.
struct PublishReport {
  std::size_t endpoints = 0;  // lines of the manifest
  std::vector<std::string>
      missing;  // left out: endpoints without their bundle, or with a part of it
  std::vector<std::string> damaged;  // left out: endpoints whose record in the ledger is damaged
  bool complete() const { return missing.empty() && damaged.empty(); }
};

// RenderPublished gives `sink` manifest.jsonl, manifest.csv, chain.pem, trust.pem (of `now`:
// Authority::TrustDers), rollout/ and, once there is one, crl.der and crl.pem of the output's fleet
// as the ledger says they shall be.
PublishReport RenderPublished(const Authority& authority, const OutputDirectory& output, Time now,
                              PublishSink& sink);

// Publish writes these files, each replaced atomically and durably, and only if it is to change;
// one process at a time, the others wait. The manifest holds only what exists. Needs no private
// key.
PublishReport Publish(const Authority& authority, const OutputDirectory& output, Time now);

}  // namespace fleetmint
