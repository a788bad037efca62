// Pending files: a bundle's files between being written and being in place. commit.cc puts them in
// place, and recover.cc does it again after a crash: so each step here may be repeated, and may
// have been done already. Internal to pipeline/.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ledger/ledger.h"
#include "output/output_directory.h"

namespace fleetmint {

// What a bundle's file may be called behind the endpoint's name.
inline constexpr std::array<const char*, 4> kBundleExtensions{"pfx", "key.pem", "crt.pem",
                                                              "chain.pem"};

// What a file is renamed to that is named as ours, and is not what the ledger has recorded.
inline constexpr std::string_view kRejectedPrefix = "rejected-";

struct PendingFile {
  Serial serial{};
  std::string extension;
};

// PendingName gives the name in .pending/ of a bundle's file, "<serial hex>.<extension>";
// ParsePendingName is its inverse, and nothing for any other name.
std::string PendingName(const Serial& serial, std::string_view extension);
std::optional<PendingFile> ParsePendingName(const std::string& name);
// ParseSerial reads 32 hexadecimal digits.
std::optional<Serial> ParseSerial(std::string_view hex);

// PendingBundle is an issued certificate whose files are durable, and not all in place yet.
struct PendingBundle {
  Serial serial{};
  std::string endpoint;
  std::vector<BundleFileRecord> files;
};

// RemoveReplaced removes the files of the replaced bundle that the new one does not overwrite:
// another format, or a name written otherwise. To be called before the last file is put in place;
// so a crash in between is followed by another call.
void RemoveReplaced(const PendingBundle& bundle, const ReplacedBundle& replaced,
                    const OutputDirectory& output);

// WhatIsInTheWay says, if so, that a directory stands where a file of the endpoint's bundle may go,
// or a file where its folder does: no rename replaces it. It is somebody's, and never removed.
std::optional<std::string> WhatIsInTheWay(const std::string& endpoint,
                                          const OutputDirectory& output);

// RejectedName gives the name that a pending file is set aside under: one that is free.
std::string RejectedName(const std::string& name, const Directory& pending);

// PutInPlace renames one pending file, and gives the directory that it is in now. What stood there
// before is replaced at this moment and not before.
const Directory& PutInPlace(const PendingBundle& bundle, const std::string& extension,
                            const OutputDirectory& output);

}  // namespace fleetmint
