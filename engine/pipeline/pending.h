// Pending files: a bundle's files between being written and being in place. commit.cc puts them in
// place, and recover.cc does it again after a crash: so each step here may be repeated, and may
// have been done already. Internal to pipeline/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/ledger/ledger.h"
#include "output/output_directory.h"

namespace fleetmint {

struct PendingFile {
  Serial serial{};
  std::string extension;
};

// PendingName gives the name in .pending/ of a bundle's file, "<serial hex>.<extension>";
// ParsePendingName is its inverse, and nothing for any other name.
std::string PendingName(const Serial& serial, std::string_view extension);
std::optional<PendingFile> ParsePendingName(const std::string& name);

// RemoveReplaced removes the files of the predecessor's bundle that the bundle of `row` does not
// overwrite: another format, or a name written otherwise. Precondition: `row` is issued, its files
// are durable, and not all of them are in place yet; so a crash in between is followed by another
// call.
void RemoveReplaced(const LedgerRow& row, const Ledger& ledger, const OutputDirectory& output);

// PutInPlace renames one pending file of `row`, and returns the directory that it is in now. What
// stood there before is replaced at this moment and not before.
Directory PutInPlace(const LedgerRow& row, const std::string& extension,
                     const OutputDirectory& output);

}  // namespace fleetmint
