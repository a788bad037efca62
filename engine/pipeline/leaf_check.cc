#include "engine/pipeline/leaf_check.h"

#include <algorithm>

namespace fleetmint {

std::optional<std::string> LeafCheck::Refuses(std::uint32_t layer,
                                              const std::function<bool(ExpandedProfile&)>& expand) {
  if (rules_ == nullptr) return std::nullopt;
  if (layer_ != layer || rules_->BindNames()) {
    layer_ = layer;
    faults_.clear();
    if (!expand(expanded_)) return std::nullopt;
    faults_ = rules_->Faults(expanded_.certificate);
  }
  if (faults_.empty()) return std::nullopt;
  ++summary_.refused;
  for (const Fault& fault : faults_) Count(fault);
  return faults_.front().message;
}

void LeafCheck::Count(const Fault& fault) {
  auto known = std::find_if(summary_.refusals.begin(), summary_.refusals.end(),
                            [&](const auto& other) { return other.fault.rule == fault.rule; });
  if (known == summary_.refusals.end()) known = summary_.refusals.insert(known, {fault});
  known->alike = known->alike && known->fault.message == fault.message;
  // Of an endpoint with two names outside: once.
  if (last_ != summary_.refused || last_rule_ != fault.rule) ++known->endpoints;
  last_ = summary_.refused;
  last_rule_ = fault.rule;
}

}  // namespace fleetmint
