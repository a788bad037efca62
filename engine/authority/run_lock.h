// RunLock: one run at a time for an authority (flock on run.lock, so nothing stays behind a crash).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/base/durable_file.h"

namespace fleetmint {

class RunLock {
 public:
  // TryAcquire takes the lock, or nothing if another process holds it; `holder` then receives who
  // ("pid 4711 (fleetmint issue) since 2026-01-31T23:59:59Z"). Error(kAuthority) of cause
  // kUnsupported: the authority is on a medium that nobody can write.
  static std::optional<RunLock> TryAcquire(const Directory& authority, const std::string& what,
                                           std::string* holder);
  // Acquire throws Error(kBusy) that names the holder; its hint says what else the caller's command
  // can do, e.g. "give --wait".
  static RunLock Acquire(const Directory& authority, const std::string& what,
                         const std::string& instead = "");
  // Wait takes the lock when whoever holds it has let it go; `told` is called once, with the
  // holder, if there is one.
  static RunLock Wait(const Directory& authority, const std::string& what,
                      const std::function<void(const std::string& holder)>& told);

  static constexpr const char* kFile = "run.lock";

 private:
  explicit RunLock(Descriptor locked) : locked_(std::move(locked)) {}
  Descriptor locked_;
};

}  // namespace fleetmint
