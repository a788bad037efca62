// EmbeddedFile: a file of the source tree whose text is compiled into the binary
// (embed_files.cmake).
#pragma once

#include <string_view>

namespace fleetmint {

struct EmbeddedFile {
  std::string_view name;  // without its folder
  std::string_view text;
};

}  // namespace fleetmint
