// The jitter: how evenly a fleet's certificates end, and so how much the busiest day of its
// renewals has to do.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "engine/authority/issuer.h"

namespace fleetmint {
namespace {

constexpr Seconds kDay = std::chrono::days{1};

struct Kind {
  const char* name;
  Validity validity;
  Seconds width;  // of the jitter: at most a tenth of the validity
};

// The longest and the shortest validity that are in use, with the jitter of the profiles.
const Kind kKinds[] = {
    {"365 days", {365 * kDay, Seconds{600}, 14 * kDay}, 14 * kDay},
    {"47 days", {47 * kDay, Seconds{600}, 14 * kDay}, 47 * kDay / 10},
};

// A fleet, as the rows that it has in the ledger and when each was issued.
class Fleet {
 public:
  explicit Fleet(const Kind& kind) : kind_(kind) {}

  // Runs `count` endpoints; the run begins at `start`, and issues 400 endpoints a second.
  void Run(std::int64_t first_row, std::int64_t count, Time start) {
    for (std::int64_t i = 0; i < count; ++i) {
      ends_.push_back(DatesOf(kind_.validity, first_row + i, start + Seconds{i / 400}).not_after);
    }
  }

  // The most certificates that end within 24 hours, wherever these begin, to the mean of a day.
  double Busiest() {
    std::sort(ends_.begin(), ends_.end());
    std::size_t most = 0, last = 0;
    for (std::size_t first = 0; first < ends_.size(); ++first) {
      while (last < ends_.size() && ends_[last] < ends_[first] + kDay) ++last;
      most = std::max(most, last - first);
    }
    const double days =
        static_cast<double>(kind_.width.count()) / static_cast<double>(kDay.count());
    return static_cast<double>(most) / (static_cast<double>(ends_.size()) / days);
  }

 private:
  const Kind& kind_;
  std::vector<Time> ends_;
};

constexpr std::int64_t kSizes[] = {1000, 1001, 2500, 5000, 20000, 100000, 1000000};
const Time kStart = ParseRfc3339("2026-03-01T12:00:00Z");

TEST(Jitter, BusiestDayIsAtMostElevenTenthsOfTheMean) {
  for (const Kind& kind : kKinds) {
    for (const std::int64_t size : kSizes) {
      for (const std::int64_t first_row : {3, 1000, 77777, 123456789}) {
        Fleet fleet(kind);
        fleet.Run(first_row, size, kStart);
        EXPECT_LE(fleet.Busiest(), 1.1) << kind.name << ", " << size << " from " << first_row;
      }
    }
  }
}

// In several runs, each a day later, with the rows of other fleets between them.
TEST(Jitter, SoItIsForAFleetThatWasIssuedInSeveralRuns) {
  for (const Kind& kind : kKinds) {
    for (const std::int64_t size : {1000, 2500, 5000, 20000, 100000}) {
      for (const std::int64_t others : {0, 1, 37, 1000, 77777}) {
        for (const Seconds pause : {Seconds{0}, Seconds{3600}, Seconds{kDay}}) {
          Fleet fleet(kind);
          std::int64_t row = 3;
          for (int run = 0; run < 4; ++run) {
            fleet.Run(row, size / 4, kStart + run * pause);
            row += size / 4 + others;
          }
          EXPECT_LE(fleet.Busiest(), 1.1) << kind.name << ", " << size << ", " << others
                                          << " others, " << pause.count() << " s";
        }
      }
    }
  }
}

// Renewed as its certificates end, every day those of one day, in the order of the fleet file: the
// rows of a day are neighbours again, in an order that has nothing to do with the last one.
TEST(Jitter, SoItIsWhenTheFleetIsRenewedDayByDay) {
  constexpr std::int64_t kSize = 20000;
  for (const Kind& kind : kKinds) {
    std::vector<Time> ends;
    for (std::int64_t i = 0; i < kSize; ++i) {
      ends.push_back(DatesOf(kind.validity, 3 + i, kStart).not_after);
    }
    std::int64_t row = 3 + kSize;
    const Time begin = *std::min_element(ends.begin(), ends.end());
    Fleet fleet(kind);
    for (Time day = begin; day < begin + kind.width; day += kDay) {
      const auto count = std::count_if(ends.begin(), ends.end(),
                                       [&](Time end) { return end >= day && end < day + kDay; });
      fleet.Run(row, count, day - std::chrono::days{30});
      row += count;
    }
    EXPECT_LE(fleet.Busiest(), 1.1) << kind.name;
  }
}

// What the row's multiple of the golden ratio is for: by chance (a hash of the serial) it would not
// do.
TEST(Jitter, ChanceWouldNotDo) {
  std::mt19937_64 chance(1);
  Fleet fleet(kKinds[0]);
  for (int i = 0; i < 1000; ++i) fleet.Run(static_cast<std::int64_t>(chance() >> 2U), 1, kStart);
  EXPECT_GT(fleet.Busiest(), 1.1);
}

}  // namespace
}  // namespace fleetmint
