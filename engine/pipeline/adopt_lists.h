// Signed lists: the CRLs of ours that are out, read for a ledger that may be older than they are.
// Internal to adopt.
#pragma once

#include <vector>

#include "engine/pipeline/adopt_judge.h"

namespace fleetmint {

struct SignedLists {
  std::vector<SignedList> lists;  // of every one whose CA has signed it
  // The newest of each CA, where that is newer than what the authority has in crl/.
  struct Newer {
    std::string file;  // there
    Bytes der;
  };
  std::vector<Newer> newer;
  std::vector<Refused> refused;
};

// ReadSignedLists reads crl.der and crl.pem of the output and the authority's own. A CRL that no CA
// of this ledger has signed is refused; one of an organization's CA, with whose numbers and serials
// this ledger has nothing to do, is passed over.
SignedLists ReadSignedLists(const Authority& authority, const Directory& output);

}  // namespace fleetmint
