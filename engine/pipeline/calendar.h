// Calendar: when a fleet's certificates end, and so what the days of its renewals have to do.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "engine/base/clock.h"
#include "engine/keys/key_spec.h"

namespace fleetmint {

// RenewalCalendar counts certificates by the day (UTC) on which they end. For one thread.
class RenewalCalendar {
 public:
  // What the work of a renewal depends on.
  struct Work {
    KeySpec key;
    bool slow_password = false;
    friend auto operator<=>(const Work&, const Work&) = default;
  };
  // How many of each; parts of one where ends are known by their distribution only.
  using Amount = std::map<Work, double>;

  struct Window {
    Time begins;  // a day's begin
    Amount certificates;
    std::size_t Count() const;
  };

  // Add counts one that ends at `end`; AddSpread `count` that end evenly between `first` and
  // `last`.
  void Add(const Work& work, Time end) { days_[DayOf(end)][work] += 1; }
  void AddSpread(const Work& work, std::size_t count, Time first, Time last);

  // Busiest gives the `days` days in a row on which most end; nothing where none ends.
  std::optional<Window> Busiest(std::int64_t days) const;

 private:
  static std::int64_t DayOf(Time time);
  std::map<std::int64_t, Amount> days_;  // by the number of the day, from 1970 on
};

}  // namespace fleetmint
