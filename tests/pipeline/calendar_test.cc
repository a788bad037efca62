// The calendar of a fleet's renewals: which day and which week have most to do, and how much.
#include "engine/pipeline/calendar.h"

#include "engine/pipeline/plan.h"
#include "tests/pipeline/fleet_fixture.h"

namespace fleetmint {
namespace {

constexpr Seconds kDay = std::chrono::days{1};
const Time kMidnight = ParseRfc3339("2026-03-01T00:00:00Z");
const RenewalCalendar::Work kWork{{KeyAlgorithm::kRsa, 2048}, false};
const RenewalCalendar::Work kOther{{KeyAlgorithm::kEcdsa, 256}, true};

TEST(RenewalCalendar, FindsTheBusiestDayAndWeek) {
  RenewalCalendar calendar;
  EXPECT_FALSE(calendar.Busiest(1));
  for (int i = 0; i < 3; ++i) calendar.Add(kWork, kMidnight + Seconds{i});
  for (int i = 0; i < 2; ++i) calendar.Add(kOther, kMidnight + 9 * kDay + Seconds{i});
  for (int i = 0; i < 2; ++i) calendar.Add(kWork, kMidnight + 15 * kDay + 23 * Seconds{3600});
  const auto day = calendar.Busiest(1);
  EXPECT_EQ(day->begins, kMidnight);
  EXPECT_EQ(day->Count(), 3U);
  const auto week = calendar.Busiest(7);
  EXPECT_EQ(week->begins, kMidnight + 9 * kDay);
  EXPECT_EQ(week->Count(), 4U);
  EXPECT_EQ(week->certificates, (RenewalCalendar::Amount{{kWork, 2.0}, {kOther, 2.0}}));
  EXPECT_EQ(calendar.Busiest(6)->Count(), 3U) << "the two days are seven apart";
}

TEST(RenewalCalendar, SpreadsEvenlyOverTheJittersWidth) {
  RenewalCalendar calendar;
  calendar.AddSpread(kWork, 1400, kMidnight + kDay / 2, kMidnight + kDay / 2 + 14 * kDay);
  EXPECT_EQ(calendar.Busiest(1)->Count(), 100U);
  EXPECT_EQ(calendar.Busiest(1)->begins, kMidnight + kDay) << "the first one is half a day";
  EXPECT_EQ(calendar.Busiest(7)->Count(), 700U);
  EXPECT_EQ(calendar.Busiest(100)->Count(), 1400U);
  RenewalCalendar at_once;
  at_once.AddSpread(kWork, 1400, kMidnight, kMidnight);
  EXPECT_EQ(at_once.Busiest(1)->Count(), 1400U);
}

class CalendarTest : public FleetFixture {};

// Who has a certificate counts on the day on which it ends; who gets one, as its profile's jitter
// spreads it; the revoked do not count.
TEST_F(CalendarTest, CountsWhatIsAndWhatWillBe) {
  RunHosts("h-[1-4]");
  Authority authority = Authority::Open(dir_ / "ca");
  RevocationFilter filter;
  filter.endpoints = {"h-1"};
  authority.ledger().Revoke(filter, 1, clock_.Now());
  Plan plan = MakePlan("h-[1-104]");
  EXPECT_EQ(plan.Renewals(clock_.Now()).Busiest(1000)->Count(), 104U) << "nobody has one yet";
  plan.Compare(authority.ledger(), clock_.Now());
  const RenewalCalendar calendar = plan.Renewals(clock_.Now());
  EXPECT_EQ(calendar.Busiest(1000)->Count(), 103U);
  EXPECT_EQ(plan.Renewals(clock_.Now() + 400 * kDay).Busiest(1000)->Count(), 100U) << "expired";
  // What would outlive the issuing CA ends with it, all at once: no jitter helps.
  plan.Compare(authority.ledger(), clock_.Now(), IssuerThatEnds(clock_.Now() + 100 * kDay));
  const auto day = plan.Renewals(clock_.Now()).Busiest(1);
  EXPECT_EQ(day->Count(), 100U);
  EXPECT_EQ(day->begins, std::chrono::floor<std::chrono::days>(clock_.Now() + 100 * kDay));
}

}  // namespace
}  // namespace fleetmint
