// ThrowFaultyKey: how a check of keys/ says that a key it has just seen made is wrong. Internal to
// keys/.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"

namespace fleetmint {

inline constexpr const char* kFaultyMachineHint =
    "do not resume on this machine: its processor or memory is faulty";

// ThrowFaultyKey throws Error(kIntegrity): what made the key must make no other.
[[noreturn]] inline void ThrowFaultyKey(const std::string& what) {
  throw Error::WithHint(ErrorKind::kIntegrity, "a generated key " + what, kFaultyMachineHint);
}

// The same for what a reader says of the key.
[[noreturn]] inline void ThrowFaultyKey(const std::string& what, const Error& error) {
  std::vector<Fault> faults =
      Error::About(ErrorKind::kIntegrity, "a generated key " + what, error).faults();
  faults.front().hint = kFaultyMachineHint;
  throw Error(ErrorKind::kIntegrity, std::move(faults));
}

inline constexpr const char* kFailsConsistency = "fails its pairwise consistency test";

}  // namespace fleetmint
