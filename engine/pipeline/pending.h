// Pending files: a bundle's files between being written and being in place. commit.cc puts them in
// place, and recover.cc does it again after a crash: so each step here may be repeated, and may
// have been done already. Internal to pipeline/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// PendingBundle is an issued certificate whose files are durable, and not all in place yet.
struct PendingBundle {
  Serial serial{};
  std::string endpoint;
  std::optional<Serial> supersedes;
  std::vector<std::string> extensions;  // of all its files
};
PendingBundle PendingBundleOf(const LedgerRow& row);

// RemoveReplaced removes the files of the predecessor's bundle that this one does not overwrite:
// another format, or a name written otherwise. To be called before the last file is put in place;
// so a crash in between is followed by another call.
void RemoveReplaced(const PendingBundle& bundle, const Ledger& ledger,
                    const OutputDirectory& output);

// PutInPlace renames one pending file, and returns the directory that it is in now. What stood
// there before is replaced at this moment and not before.
Directory PutInPlace(const PendingBundle& bundle, const std::string& extension,
                     const OutputDirectory& output);

}  // namespace fleetmint
