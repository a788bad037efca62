// Clock, points in time and durations, as certificates know them: whole seconds, UTC.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace fleetmint {

using Seconds = std::chrono::seconds;
using Time = std::chrono::sys_seconds;

// Clock tells the wall time. Implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time Now() const override;
};

// FixedClock stands still.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(Time now) : now_(now) {}
  Time Now() const override { return now_; }

 private:
  Time now_;
};

// FormatRfc3339 gives "2026-01-31T23:59:59Z", for years 0 to 9999.
std::string FormatRfc3339(Time time);

// ParseRfc3339 reads "2026-01-31T23:59:59Z"; only Z as offset, no fractions. Throws Error(kInput).
Time ParseRfc3339(std::string_view text);

// ParseDuration reads a whole number, not negative, and one unit of s m h d w y (w = 7d, y = 365d),
// up to 100 years, e.g. "14d". Throws Error(kInput) with a hint.
Seconds ParseDuration(std::string_view text);

// FormatDuration gives the largest unit that divides exactly: 604800 s -> "1w", 90 s -> "90s". What
// ParseDuration has read, it reads again as the same.
std::string FormatDuration(Seconds duration);

}  // namespace fleetmint
