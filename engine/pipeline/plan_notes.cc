// Plan: what it notes of fqdns that are shared, and of certificates that are asked for by their
// end.
#include <algorithm>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/pipeline/plan.h"

namespace fleetmint {

Validity Plan::Kind::ValidityAt(Time now) const {
  const Validity asked{.duration = Seconds{validity},
                       .backdate = Seconds{backdate},
                       .jitter = Seconds{jitter},
                       .end = end == 0 ? std::nullopt : std::optional(Time{Seconds{end}})};
  return fleetmint::ValidityAt(asked, now);
}

bool Plan::EndsAsBefore(const CurrentName& current, const Kind& kind) const {
  return selection_.by_end() && kind.end != 0 && Time{Seconds{kind.end}} <= current.not_after;
}

void Plan::NoteSameFqdns(const Fleet& fleet,
                         std::vector<std::pair<std::uint64_t, std::uint32_t>> fqdns) {
  constexpr std::size_t kMostNamed = 4;
  std::sort(fqdns.begin(), fqdns.end());
  std::vector<std::uint32_t> first;
  for (std::size_t i = 0; i < fqdns.size(); ++i) {
    const bool as_before = i != 0 && fqdns[i - 1].first == fqdns[i].first;
    const bool as_after = i + 1 != fqdns.size() && fqdns[i + 1].first == fqdns[i].first;
    if (as_before || as_after) first.push_back(fqdns[i].second);
  }
  summary_.same_fqdn = first.size();
  std::sort(first.begin(), first.end());
  if (first.size() > kMostNamed) first.resize(kMostNamed);
  for (const std::uint32_t index : first) summary_.same_fqdn_first.push_back(fleet.Name(index));
}

void Plan::ThrowPast(Time end, std::size_t count) {
  throw Error::WithHint(ErrorKind::kInput,
                        Counted(count, "endpoint") +
                            " would get a certificate that ends in the "
                            "past: not_after is " +
                            FormatRfc3339(end),
                        "give a later not_after, or validity: 1y in its place");
}

}  // namespace fleetmint
