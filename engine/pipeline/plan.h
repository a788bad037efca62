// Plan: fleet x profiles x ledger -> jobs. Everything that can be wrong with an inventory is found
// here, before a serial is reserved or a byte written.
//
// A Plan holds 4 bytes an endpoint; jobs are made one at a time. For one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/authority/issuer.h"
#include "engine/ledger/ledger.h"
#include "engine/pipeline/bundle_passwords.h"
#include "engine/pipeline/job.h"
#include "inventory/fleet.h"

namespace fleetmint {

// PlanSummary is what `check` and `issue` tell before anything happens.
struct PlanSummary {
  std::size_t endpoints = 0;       // in the fleet
  std::size_t already_issued = 0;  // have a current certificate
  std::size_t older_profile = 0;   // of those: issued under other settings than today's
  std::size_t to_issue = 0;
  std::size_t replaced = 0;        // of to_issue: have a current certificate, whose bundle is lost
  std::size_t os_unknown = 0;      // of to_issue: `os` absent, so modern encryption
  std::size_t not_in_fleet = 0;    // current certificates whose endpoint the file no longer names
  std::size_t slow_passwords = 0;  // of to_issue: user-given passwords (100,000 iterations)
  std::map<std::string, std::size_t> by_profile;     // of to_issue
  std::map<KeySpec, std::size_t> by_key;             // of to_issue
  std::map<std::string, std::size_t> by_encryption;  // of to_issue: "modern", "legacy", "pem"
};

class Plan {
 public:
  // Make expands and validates every endpoint and finds out which are to be issued. `ledger` may be
  // null: nothing has been issued yet. Throws Error(kInput) with all faults: those of `faults`
  // (which Fleet::Load found) and its own. `fleet` and `catalog` must outlive the plan.
  // `replace`: endpoints (lower case, sorted) that are issued anew though they have a certificate.
  static Plan Make(const Fleet& fleet, const Catalog& catalog, const Ledger* ledger,
                   FaultList faults = FaultList(""), std::span<const std::string> replace = {});

  const PlanSummary& summary() const { return summary_; }
  const std::string& fleet_name() const { return fleet_->name(); }
  std::size_t size() const { return to_issue_.size(); }
  // LongestValidity is the longest validity asked for, for Issuer::CheckValidity.
  const Validity& longest_validity() const { return longest_validity_; }

  // MakeJob makes the job of number i in [0, size()).
  Job MakeJob(std::size_t i);

  const BundlePasswords& passwords() const { return passwords_; }

 private:
  Plan(const Fleet& fleet, const Catalog& catalog);
  // Expands endpoint `index` of the fleet; nothing if it added to `faults`.
  std::optional<Job> ExpandEndpoint(std::size_t index, FaultList& faults, bool* os_unknown);
  // The profile of `endpoint` with its patches applied, or null after a fault; kept for its layer.
  const Profile* ProfileOf(std::size_t index, const ResolvedEndpoint& endpoint, FaultList& faults);
  void Count(const Job& job, bool os_unknown);

  const Fleet* fleet_;
  const Catalog* catalog_;
  std::vector<std::uint32_t> to_issue_;  // indexes into the fleet
  PlanSummary summary_;
  Validity longest_validity_;
  BundlePasswords passwords_;
  // The layer seen last: neighbours mostly share it.
  std::optional<std::uint32_t> layer_;
  std::optional<Profile> layer_profile_;
  std::string layer_fingerprint_;
};

}  // namespace fleetmint
