#include "engine/base/clock.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};

constexpr std::array<Unit, 6> kUnits{
    {{'y', 365LL * 86400}, {'w', 7LL * 86400}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
constexpr std::int64_t kLongestSeconds = 100LL * 365 * 86400;

[[noreturn]] void BadDuration(std::string_view text) {
  throw Error::WithHint(ErrorKind::kInput, "'" + std::string(text) + "' is not a duration",
                        "write a whole number and a unit of s m h d w y, at most 100y, e.g. 14d");
}

}  // namespace

Time SystemClock::Now() const {
  return std::chrono::floor<Seconds>(std::chrono::system_clock::now());
}

std::string FormatRfc3339(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

Time ParseRfc3339(std::string_view text) {
  const std::string copy(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  char z = 0;
  const int fields = std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%c%n", &year, &month, &day,
                                 &hour, &minute, &second, &z, &used);
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  // scanf would take a sign or a space for a digit.
  const bool digits =
      std::count_if(copy.begin(), copy.end(), [](char c) { return c >= '0' && c <= '9'; }) == 14;
  const bool ok = digits && fields == 7 && z == 'Z' && copy.size() == 20 && used == 20 &&
                  date.ok() && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 &&
                  second >= 0 && second < 60;
  if (!ok) {
    throw Error::WithHint(ErrorKind::kInput, "'" + copy + "' is not a point in time",
                          "write UTC as 2026-01-31T23:59:59Z");
  }
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         Seconds{second};
}

Seconds ParseDuration(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest + 1 != end || number < 0) BadDuration(text);
  for (const Unit& unit : kUnits) {
    if (unit.letter != *rest) continue;
    if (number > kLongestSeconds / unit.seconds) BadDuration(text);
    return Seconds{number * unit.seconds};
  }
  BadDuration(text);
}

std::string FormatDuration(Seconds duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (count % unit.seconds == 0) return std::to_string(count / unit.seconds) + unit.letter;
  }
  return std::to_string(count) + "s";
}

}  // namespace fleetmint
