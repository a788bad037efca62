// Publish: the ledger's truth becomes the files that are shipped beside the bundles.
#pragma once

#include <cstddef>

#include "engine/authority/authority.h"
#include "engine/ledger/ledger.h"
#include "output/manifest.h"
#include "output/output_directory.h"

namespace fleetmint {

// ManifestEntryOf gives the manifest's view of a current row of `ledger`.
ManifestEntry ManifestEntryOf(const LedgerRow& row, const Ledger& ledger,
                              const OutputDirectory& output);

// Publish writes manifest.jsonl, manifest.csv, chain.pem and rollout/ of the output's fleet, each
// replaced atomically and durably. Needs no private key. Returns the number of lines.
std::size_t Publish(const Ledger& ledger, const Authority& authority, const OutputDirectory& output);

}  // namespace fleetmint
