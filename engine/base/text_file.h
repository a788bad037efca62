// Text files as people have them: with a byte-order mark, from Windows, in UTF-16. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace fleetmint {

// WithoutMark gives the text without UTF-8's byte-order mark, which some editors write.
std::string_view WithoutMark(std::string_view text);

// Utf16Fault says that the file `path` is in UTF-16, and by which command it becomes UTF-8; nothing
// if it is not: it has neither of UTF-16's byte-order marks, nor is every other byte of its
// beginning zero. `secret`: the command makes a file that others cannot read.
std::optional<Fault> Utf16Fault(std::string_view content, const std::string& path,
                                bool secret = false);

// TextOf gives the content of the text file `path` without byte-order mark. Throws Error(kind) if
// it is in UTF-16.
std::string_view TextOf(std::string_view content, const std::string& path, ErrorKind kind,
                        bool secret = false);

}  // namespace fleetmint
