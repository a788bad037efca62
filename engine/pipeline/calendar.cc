#include "engine/pipeline/calendar.h"

#include <algorithm>
#include <cmath>

namespace fleetmint {
namespace {

constexpr Seconds kDay = std::chrono::days{1};

double Total(const RenewalCalendar::Amount& amount) {
  double total = 0;
  for (const auto& [work, count] : amount) total += count;
  return total;
}

}  // namespace

std::int64_t RenewalCalendar::DayOf(Time time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

std::size_t RenewalCalendar::Window::Count() const {
  return static_cast<std::size_t>(std::ceil(Total(certificates) - 1e-6));
}

void RenewalCalendar::AddSpread(const Work& work, std::size_t count, Time first, Time last) {
  if (first >= last) {
    days_[DayOf(last)][work] += static_cast<double>(count);
    return;
  }
  const auto span = static_cast<double>((last - first).count());
  for (std::int64_t day = DayOf(first); day <= DayOf(last); ++day) {
    const Time begin{day * kDay};
    const Seconds part = std::min(begin + kDay, last) - std::max(begin, first);
    if (part <= Seconds{0}) continue;
    days_[day][work] += static_cast<double>(count) * static_cast<double>(part.count()) / span;
  }
}

std::optional<RenewalCalendar::Window> RenewalCalendar::Busiest(std::int64_t days) const {
  std::optional<Window> busiest;
  double most = 0, now = 0;
  auto leaving = days_.begin();
  for (auto day = days_.begin(); day != days_.end(); ++day) {
    now += Total(day->second);
    for (; leaving->first <= day->first - days; ++leaving) now -= Total(leaving->second);
    if (now <= most) continue;
    most = now;
    busiest.emplace(Window{Time{leaving->first * kDay}, {}});
  }
  if (!busiest) return busiest;
  const std::int64_t first = DayOf(busiest->begins);
  for (auto day = days_.find(first); day != days_.end() && day->first < first + days; ++day) {
    for (const auto& [work, count] : day->second) busiest->certificates[work] += count;
  }
  return busiest;
}

}  // namespace fleetmint
