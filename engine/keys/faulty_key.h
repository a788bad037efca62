// ThrowFaultyKey: how a check of keys/ says that a key it has just seen made is wrong. Internal to
// keys/.
#pragma once

#include <string>

#include "engine/base/error.h"

namespace fleetmint {

// ThrowFaultyKey throws Error(kIntegrity): what made the key must make no other.
[[noreturn]] inline void ThrowFaultyKey(const std::string& what) {
  throw Error::WithHint(ErrorKind::kIntegrity, "a generated key " + what,
                        "do not resume on this machine: its processor or memory is faulty");
}

inline constexpr const char* kFailsConsistency = "fails its pairwise consistency test";

}  // namespace fleetmint
