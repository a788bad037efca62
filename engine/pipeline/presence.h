// Presence: whether the bundles that the ledger knows are in the output directory. Const access
// from any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/ledger/ledger.h"
#include "output/output_directory.h"

namespace fleetmint {

// IsPresent tells whether every file of a current certificate's bundle is there with its size,
// without opening it.
bool IsPresent(const IssuedRow& row, const OutputDirectory& output);

// IsWhole reads every file of the bundle: each is there and has the recorded hash.
bool IsWhole(const IssuedRow& row, const OutputDirectory& output);

// WasTakenAway: the bundle was delivered, and not all of its files are there any more. (All are
// gone, unless a removal has been cut short.)
bool WasTakenAway(const IssuedRow& row, const OutputDirectory& output);

// IsLost: the bundle is not whole, and was not delivered and taken away on purpose.
bool IsLost(const IssuedRow& row, const OutputDirectory& output);

// LostEndpoints gives the names (lower case) of the output's endpoints whose bundles are lost, or
// cannot be told to be whole since the ledger's record of them is damaged. Reads the whole output.
std::vector<std::string> LostEndpoints(const Ledger& ledger, const OutputDirectory& output);

// FilesPresent gives the paths of what is there of a bundle, whole or not, relative to the output
// directory.
std::vector<std::string> FilesPresent(const IssuedRow& row, const OutputDirectory& output);

// UnexplainedBundles gives the paths of files in the places of bundles that are of no endpoint
// which the ledger has a current, a retired or a reported certificate of, nor one of `others`.
std::vector<std::string> UnexplainedBundles(const Ledger& ledger, const OutputDirectory& output,
                                            const std::vector<std::string>& others);

}  // namespace fleetmint
