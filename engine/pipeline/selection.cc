#include "engine/pipeline/selection.h"

#include <algorithm>

#include "engine/base/text.h"

namespace fleetmint {
namespace {

void SortUnique(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::binary_search(names.begin(), names.end(), name);
}

std::string WithNames(std::string text, const std::vector<std::string>& names) {
  for (const std::string& name : names) text += " " + name;
  return text;
}

}  // namespace

std::vector<CurrentName> NamesToSelectFrom(const Ledger& ledger, const std::string& fleet) {
  std::vector<CurrentName> names = ledger.CurrentNames(fleet);
  const std::size_t current = names.size();
  for (const LedgerRow& row : ledger.Reported(fleet)) {
    CurrentName name{AsciiLower(row.endpoint), 0, row.not_after, row.issuer, row.run};
    name.revoked = row.revoked_at.has_value();
    name.reported = true;
    names.push_back(std::move(name));
  }
  if (names.size() != current) {
    std::sort(names.begin(), names.end(), [](const CurrentName& a, const CurrentName& b) {
      return a.endpoint_key < b.endpoint_key;
    });
  }
  return names;
}

Selection Selection::Missing() { return {Kind::kMissing, "missing"}; }

Selection Selection::MissingOrLost(std::vector<std::string> lost) {
  Selection selection(Kind::kMissing, "missing or lost");
  selection.names_ = std::move(lost);
  SortUnique(selection.names_);
  return selection;
}

Selection Selection::Expiring(Seconds within, Time now) {
  Selection selection(Kind::kExpiring, "within " + FormatDuration(within));
  selection.cutoff_ = now + within;
  return selection;
}

Selection Selection::Changed(std::vector<std::string> keys) {
  SortUnique(keys);
  Selection selection(Kind::kChanged, WithNames("changed", keys));
  selection.names_ = std::move(keys);
  return selection;
}

Selection Selection::IssuerRetired(std::int64_t current_issuer) {
  Selection selection(Kind::kIssuerRetired, "issuer retired");
  selection.issuer_ = current_issuer;
  return selection;
}

Selection Selection::All() { return {Kind::kAll, "all"}; }

Selection Selection::Only(const std::vector<std::string>& names, bool reinstate) {
  Selection selection(Kind::kOnly, "");
  for (const std::string& name : names) selection.names_.push_back(AsciiLower(name));
  SortUnique(selection.names_);
  selection.text_ = WithNames(reinstate ? "only, reinstated" : "only", selection.names_);
  selection.reinstate_ = reinstate;
  return selection;
}

bool Selection::WantsRenewed(const Candidate& candidate) const {
  const CurrentName& current = *candidate.current;
  switch (kind_) {
    case Kind::kMissing:
      return Contains(names_, candidate.endpoint_key);
    case Kind::kExpiring:
      return current.not_after <= *cutoff_;
    case Kind::kChanged:
      return std::any_of(candidate.changes.begin(), candidate.changes.end(),
                         [&](const SettingChange& change) {
                           return names_.empty() || Contains(names_, change.key);
                         });
    case Kind::kIssuerRetired:
      return current.issuer != issuer_;
    case Kind::kAll:
      return true;
    case Kind::kOnly:
      return Contains(names_, candidate.endpoint_key);
  }
  return false;
}

bool Selection::Wants(const Candidate& candidate) const {
  if (candidate.current == nullptr) return kind_ == Kind::kMissing;
  if (candidate.current->revoked && !reinstate_) return false;
  if (resumes_ && candidate.current->run >= *resumes_) return false;
  return WantsRenewed(candidate);
}

}  // namespace fleetmint
