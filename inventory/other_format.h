// What people hand in as a fleet file though it is none: INI and CSV. Internal to inventory/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace fleetmint {

// OtherFormat says that the file `path` is in UTF-16, in INI or CSV, with a command that makes a
// fleet file of it or of its hosts; nothing where its first line may begin a fleet file. Any
// thread.
std::optional<Fault> OtherFormat(std::string_view text, const std::string& path);

}  // namespace fleetmint
