// When certificates of a plan end.
#include <algorithm>
#include <cmath>

#include "engine/authority/issuer.h"
#include "engine/pipeline/plan.h"

namespace fleetmint {

Seconds Plan::ShortestValidity() const {
  Seconds shortest = Seconds::max();
  for (const auto& [kind, number] : kinds_) {
    if (kind.end != 0) continue;
    shortest =
        std::min(shortest, Seconds{kind.validity - std::min(kind.jitter, kind.validity / 10)});
  }
  return shortest;
}

std::optional<std::pair<Time, Time>> Plan::Ends(Time now) const {
  std::optional<std::pair<Time, Time>> ends;
  const auto take = [&](Time end) {
    if (issuer_) end = std::min(end, issuer_->not_after);
    if (!ends) ends.emplace(end, end);
    ends->first = std::min(ends->first, end);
    ends->second = std::max(ends->second, end);
  };
  std::vector<const Kind*> kinds(kinds_.size());
  for (const auto& [kind, number] : kinds_) kinds[number] = &kind;
  std::vector<bool> seen(kinds_.size());
  for (const std::uint32_t index : to_issue_) {
    const std::uint32_t number = endpoints_[index].kind;
    if (seen[number]) continue;
    seen[number] = true;
    const Kind& kind = *kinds[number];
    const Validity validity = kind.ValidityAt(now);
    take(now + validity.duration);
    take(now + validity.duration - WidthOfJitter(validity));
  }
  return ends;
}

RenewalCalendar Plan::Renewals(Time now) const {
  RenewalCalendar calendar;
  std::vector<const Kind*> kinds(kinds_.size());
  for (const auto& [kind, number] : kinds_) kinds[number] = &kind;
  std::vector<std::size_t> fresh(kinds_.size());
  auto selected = to_issue_.begin();  // in the fleet's order
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const Endpoint& endpoint = endpoints_[i];
    if (selected != to_issue_.end() && *selected == i) {
      ++selected;
      ++fresh[endpoint.kind];
      continue;
    }
    if (endpoint.current == 0) continue;
    const CurrentName& current = current_[endpoint.current - 1];
    if (current.revoked || current.not_after < now) continue;
    const Kind& kind = *kinds[endpoint.kind];
    calendar.Add({kind.key, kind.slow_password}, current.not_after);
  }
  for (std::size_t number = 0; number < kinds.size(); ++number) {
    if (fresh[number] == 0) continue;
    const Kind& kind = *kinds[number];
    const RenewalCalendar::Work work{kind.key, kind.slow_password};
    const Validity validity = kind.ValidityAt(now);
    const Time last = now + validity.duration, first = last - WidthOfJitter(validity);
    const Time end = issuer_ ? std::min(last, issuer_->not_after) : last;
    // What would end after the issuing CA ends with it, all at once.
    std::size_t spread = 0;
    if (end > first) {
      const auto part =
          static_cast<double>((end - first).count()) / static_cast<double>((last - first).count());
      spread = static_cast<std::size_t>(std::llround(static_cast<double>(fresh[number]) * part));
      calendar.AddSpread(work, spread, first, end);
    }
    if (spread != fresh[number]) calendar.AddSpread(work, fresh[number] - spread, end, end);
  }
  return calendar;
}

bool Plan::GainsTooLittle(const CurrentName& current, const Kind& kind) const {
  const Seconds validity = kind.ValidityAt(now_).duration;
  if (EndsAsBefore(current, kind)) return true;
  return issuer_ && now_ + validity > issuer_->not_after &&
         issuer_->not_after - current.not_after < validity / 10;
}

}  // namespace fleetmint
