// Presence: whether the bundles that the ledger knows are in the output directory.
#pragma once

#include <string>
#include <vector>

#include "engine/ledger/ledger.h"
#include "output/output_directory.h"

namespace fleetmint {

// IsPresent tells whether every file of a current certificate's bundle is there with its size,
// without opening it.
bool IsPresent(const LedgerRow& row, const OutputDirectory& output);

// IsWhole reads every file of the bundle: each is there and has the recorded hash.
bool IsWhole(const LedgerRow& row, const OutputDirectory& output);

// WasTakenAway: the bundle was delivered, and not all of its files are there any more. (All are
// gone, unless a removal has been cut short.)
bool WasTakenAway(const LedgerRow& row, const OutputDirectory& output);

// IsLost: the bundle is not whole, and was not delivered and taken away on purpose.
bool IsLost(const LedgerRow& row, const OutputDirectory& output);

// LostEndpoints gives the names (lower case, sorted) of the output's endpoints whose bundles are
// lost. Reads the whole output.
std::vector<std::string> LostEndpoints(const Ledger& ledger, const OutputDirectory& output);

// FilesPresent gives the paths of what is there of a bundle, whole or not, relative to the output
// directory.
std::vector<std::string> FilesPresent(const LedgerRow& row, const OutputDirectory& output);

// DeliveryReport says what Deliver did.
struct DeliveryReport {
  std::size_t delivered = 0;  // recorded now, or before
  std::size_t removed = 0;    // files
  std::vector<std::string>
      damaged;  // not recorded: their files are there, but are not what was issued
};

// Deliver records that bundles were shipped: of the endpoints `names` (lower case; each has a
// current certificate), or of all. A bundle that is not there any more counts as shipped if it is
// named. With `remove` the files are removed once that is durable. Precondition: the run lock is
// held.
DeliveryReport Deliver(Ledger& ledger, const OutputDirectory& output,
                       const std::vector<std::string>& names, bool remove, Time now);

}  // namespace fleetmint
