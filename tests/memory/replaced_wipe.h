// ReplacedWipe: this program's own functions of engine/base/wipe.h (wipe.cc is not linked), which a
// test can switch off, and which say what they were asked for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fleetmint {

struct ReplacedWipe {
  bool memory = true, stack = true;  // what is wiped

  // Of the last WipeStack: how many bytes, and from which address downwards.
  std::size_t asked = 0;
  std::uintptr_t from = 0;

  void Reset() { *this = ReplacedWipe(); }
};

ReplacedWipe& TheWipe();

}  // namespace fleetmint
