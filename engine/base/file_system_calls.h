// File system calls that not every machine has, openat2 and syncfs, and what stands in for them.
// Internal to base/: others ask Directory.
//
// That a call is missing is a fact of the machine: it is found out at the first call and remembered
// for the process. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/descriptor.h"

namespace fleetmint {

// IsPlainName tells whether a name stays below a directory: one component, or several, without `.`
// and `..`, not absolute, without NUL. What a symbolic link would do it cannot tell.
bool IsPlainName(std::string_view name);

// OpenBeneath opens `name` below a directory with openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
// and close-on-exec; `mode` is for O_CREAT. Without openat2 (a kernel before 5.6, or a container's
// filter) only the last component is kept from being a symbolic link. Not open, with errno, where
// it fails; EINVAL for a name that is not plain.
Descriptor OpenBeneath(int directory, std::string_view name, int flags, unsigned mode = 0);

// HasOpenAt2 tells whether openat2 was there so far.
bool HasOpenAt2();

// DoubtOfSyncfs says why syncfs of this directory could hide an error, as far as it is known yet;
// nothing where it is relied on: kernels from 5.8 on report what could not be written back since
// the directory was opened (syncfs(2), "VERSIONS"), on the file systems that are known here.
std::optional<std::string> DoubtOfSyncfs(int directory);

// SyncFileSystemOf runs syncfs where it is not in doubt: true if all is durable, false if nothing
// was done. Errors: kDisk, naming `path`.
bool SyncFileSystemOf(int directory, const std::string& path);

}  // namespace fleetmint
