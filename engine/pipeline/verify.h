// Verify: every bundle is opened again and everything that can be checked is checked.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/base/clock.h"
#include "engine/ledger/ledger.h"
#include "output/output_directory.h"
#include "profiles/profile.h"

namespace fleetmint {

// Finding is one thing that is not as the ledger says.
struct Finding {
  std::string endpoint;  // "" where it is no endpoint's
  std::string path;      // relative to the output directory, or ""
  std::string message;
};

struct VerifyReport {
  std::size_t endpoints = 0;  // current certificates looked at
  std::size_t files = 0;
  std::vector<Finding> findings;
};

// Verify checks, for each current certificate of the output's fleet: files present, sizes and
// hashes as recorded; bundle opens with its password (MAC); key matches certificate and the
// recorded key hash; certificate is the recorded one, signed by the chain up to the root, within
// its validity, with the recorded names, and with the key usages of its profile where `catalog`
// knows it; manifest line agrees. Over all: serials, keys and endpoint names unique; no bundle that
// the ledger does not know; the ledger's own integrity. Precondition: authority.UnlockFleetKey.
// Uses `threads` threads.
VerifyReport Verify(const Ledger& ledger, const Authority& authority, const OutputDirectory& output,
                    const Catalog& catalog, const Clock& clock, unsigned threads,
                    std::stop_token stop);

}  // namespace fleetmint
