// OpenOutput: the output directory that belongs to an authority and a fleet, or an error.
//
// Three things hold an output together: its pin names authority and fleet (output_directory.h), the
// ledger names the id of the directory that holds a fleet's bundles, and neither directory lies
// within the other, because one is secret and the other is shipped.
#pragma once

#include <optional>
#include <string>

#include "engine/authority/authority.h"
#include "engine/base/random.h"
#include "engine/ledger/ledger.h"
#include "output/output_directory.h"

namespace fleetmint {

// OpenOutputToIssue opens the directory for a run of `fleet`, makes it if it is new, and records in
// the ledger that the fleet is there. Precondition: the run lock is held. A crash on the way leaves
// what the next call finishes: the pin is durable before the ledger knows it, and the ledger's
// record binds once a certificate was issued. Errors: kInput, with nothing written, if the fleet's
// bundles are elsewhere (unless `make_again`: the directory was lost, and `path`, new or empty,
// takes its place) or the directory is another one's; kDisk; kLedger.
OutputDirectory OpenOutputToIssue(const std::string& path, const Authority& authority,
                                  Ledger& ledger, const std::string& fleet,
                                  std::optional<Layout> layout, RandomSource& random,
                                  bool make_again = false);

// CheckPlaceOfAuthority throws Error(kAuthority) if a new authority in `path` would lie within an
// output directory, and so be shipped.
void CheckPlaceOfAuthority(const std::string& path);

// OpenOutput opens an existing one. Errors: kInput, as above; kFindings if it is damaged.
OutputDirectory OpenOutput(const std::string& path, const Authority& authority,
                           const Ledger& ledger);

}  // namespace fleetmint
