// Selection: which endpoints of a fleet a run is for. A value; any thread.
//
// `issue` and `issue --replace-damaged` are the same run with another selection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fleetmint {

class Selection {
 public:
  // Missing: those without a current certificate.
  static Selection Missing();
  // MissingOrLost: these, and those of `lost` (lower case), whose bundles are gone.
  static Selection MissingOrLost(std::vector<std::string> lost);

  // Wants tells whether an endpoint (lower case) belongs to the run; `issued`: it has a current
  // certificate.
  bool Wants(std::string_view endpoint_key, bool issued) const;

  // Text is how the ledger records it.
  const std::string& text() const { return text_; }

 private:
  Selection(std::string text, std::vector<std::string> lost);
  std::string text_;
  std::vector<std::string> lost_;  // sorted
};

}  // namespace fleetmint
