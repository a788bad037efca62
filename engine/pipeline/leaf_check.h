// LeafCheck: which endpoints of a plan their CA may not sign, counted by reason. Internal to plan.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/pipeline/plan.h"
#include "engine/x509/leaf_rules.h"

namespace fleetmint {

class LeafCheck {
 public:
  // Nothing is refused where the CA's rules are not known. Neither is owned.
  LeafCheck(const LeafRules* rules, PlanSummary& summary) : rules_(rules), summary_(summary) {}

  // Refuses gives the reason why the CA may not sign what `expand` makes of the next endpoint, and
  // counts it. Where names do not matter, one endpoint of a layer answers for its neighbours.
  std::optional<std::string> Refuses(std::uint32_t layer,
                                     const std::function<bool(ExpandedProfile&)>& expand);

 private:
  void Count(const Fault& fault);

  const LeafRules* rules_;
  PlanSummary& summary_;
  std::optional<std::uint32_t> layer_;  // that faults_ are of
  std::vector<Fault> faults_;
  ExpandedProfile expanded_;
  std::size_t last_ = 0;  // the endpoint that was counted last, and the rule
  std::string_view last_rule_;
};

}  // namespace fleetmint
