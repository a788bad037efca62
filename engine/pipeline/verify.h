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
  std::size_t delivered = 0;  // of the endpoints: their bundles were shipped and taken away
  std::size_t profile_not_compared = 0;  // of the endpoints: other settings than the profile's own
  std::vector<Finding> findings;
};

// Verify checks, for each current certificate of the output's fleet: files present, sizes and
// hashes as recorded; bundle opens with its password (MAC); key matches certificate and the
// recorded key hash; certificate is the recorded one, signed by the chain up to the root, within
// its validity, with every recorded name, date and attribute; profile kept, where it was issued
// under what `catalog` calls its profile today; manifest line agrees. Over all: the chain by
// x509/chain.h; serials, keys and endpoint names unique; no bundle that the ledger does not know;
// the ledger's own integrity. `run_in_progress`: another process issues into this output. Then what
// is wrong with an endpoint is looked at again for some seconds before it is a finding, and
// published files and strangers, which follow the ledger, are not looked at. Precondition:
// authority.UnlockFleetKey. Uses `threads` threads.
VerifyReport Verify(const Ledger& ledger, const Authority& authority, const OutputDirectory& output,
                    const Catalog& catalog, const Clock& clock, unsigned threads,
                    bool run_in_progress, std::stop_token stop);

}  // namespace fleetmint
