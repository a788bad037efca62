// What an exception of Botan means: its decoders put whatever was thrown into an exception of their
// own, lack of memory included, and tell it in the text alone. Any thread.
#pragma once

#include <botan/exceptn.h>

#include <new>
#include <string_view>

namespace fleetmint {

// ThrowIfOutOfMemory throws bad_alloc if that was the cause. To be called wherever an exception of
// Botan is taken for a verdict on the data.
inline void ThrowIfOutOfMemory(const Botan::Exception& error) {
  if (std::string_view(error.what()).find("bad_alloc") != std::string_view::npos) {
    throw std::bad_alloc();
  }
}

}  // namespace fleetmint
