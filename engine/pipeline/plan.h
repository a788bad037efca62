// Plan: fleet x profiles x ledger -> jobs. Everything that can be wrong with an inventory is found
// here, before a serial is reserved or a byte written.
//
// Made in three steps, so that each can be looked at before the next: Make expands and validates
// every endpoint, Compare holds them against the ledger, Select decides which a run is for.
//
// A Plan holds some bytes an endpoint; jobs are made when they are needed. MakeJob is safe from
// several threads at once, everything else is for one.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/authority/issuer.h"
#include "engine/ledger/ledger.h"
#include "engine/pipeline/bundle_passwords.h"
#include "engine/pipeline/calendar.h"
#include "engine/pipeline/job.h"
#include "engine/pipeline/selection.h"
#include "inventory/fleet.h"
#include "profiles/settings.h"

namespace fleetmint {

// PlanChange is a setting that differs from what endpoints were issued under.
struct PlanChange {
  std::string key;
  std::string before, now;              // of the first of them
  bool alike = true;                    // the same values for all of them
  std::size_t endpoints = 0;            // how many
  std::vector<std::string> names = {};  // of the first of them
  static constexpr std::size_t kMostNames = 3;
};

// PlanRefusal is a reason why certificates would be refused below the CA.
struct PlanRefusal {
  Fault fault;                // of the first endpoint
  bool alike = true;          // the same words for all of them
  std::size_t endpoints = 0;  // how many
};

// PlanSummary is what `check` and `issue` tell before anything happens.
struct PlanSummary {
  std::size_t endpoints = 0;       // in the fleet
  std::size_t already_issued = 0;  // have a current certificate, and are not issued now
  std::size_t expired = 0;         // of those: it has expired, and was not revoked
  std::size_t changed = 0;         // of those: issued under other settings than today's
  std::size_t revoked = 0;         // it was revoked (or that under a former name): not issued anew
  std::size_t reported = 0;        // of already_issued: known from a manifest alone (`ca adopt`)
  std::size_t held_back = 0;       // of those: selected, but would gain too little (Select)
  std::size_t at_end = 0;          // of held_back: not_after is what they have already
  std::size_t to_issue = 0;
  std::size_t replaced = 0;        // of to_issue: have a current certificate
  std::size_t os_unknown = 0;      // of to_issue: `os` absent, so modern encryption
  std::size_t not_in_fleet = 0;    // current certificates whose endpoint the file no longer names
  std::size_t no_crl_url = 0;      // of to_issue: their certificates name no place of a CRL
  std::size_t slow_passwords = 0;  // of to_issue: user-given passwords (100,000 iterations)
  std::map<std::string, std::size_t> by_profile;     // of to_issue
  std::map<KeySpec, std::size_t> by_key;             // of to_issue
  std::map<std::string, std::size_t> by_encryption;  // of to_issue: "modern", "legacy", "pem"
  std::vector<PlanChange> changes;                   // of the changed ones, by key
  std::size_t refused = 0;  // selected, but no verifier would take what the CA would sign: left out
  std::vector<PlanRefusal> refusals;         // why, by rule
  std::size_t same_fqdn = 0;                 // in the fleet: have the fqdn of another one
  std::vector<std::string> same_fqdn_first;  // the first of them, by name
};

// PlanLayer is the layer that was resolved last: neighbours mostly share it. For one thread.
class PlanLayer {
 private:
  friend class Plan;
  struct Resolved {
    Settings settings;
    EndpointTemplate endpoints;
    SettingsRecord record;
    bool os_unknown = false;
  };
  std::optional<std::uint32_t> layer_;
  std::optional<Resolved> resolved_;  // nothing: it is faulty
};

// PlanOptions is what a test fleet has otherwise.
struct PlanOptions {
  // What a layer's endpoints are issued under, instead of its settings. Safe from any thread.
  std::function<Settings(const Settings&)> adjust = nullptr;
  std::string folder = {};  // where paths of password files start; "": the fleet file's
};

class Plan {
 public:
  // Make expands and validates every endpoint. Throws Error(kInput) with all faults: those that
  // the draft has and its own. `catalog` must outlive the plan.
  static Plan Make(FleetDraft draft, const Catalog& catalog, const PlanOptions& options = {});

  // Compare finds out which endpoints have a current certificate at `now`, and how the settings of
  // those differ. `issuer` is the issuing CA, where it is known: what ends with it, and what it may
  // not issue.
  void Compare(const Ledger& ledger, Time now,
               std::optional<IssuerCertificate> issuer = std::nullopt);

  // Select decides which endpoints the run is for (before: those that Selection::Missing selects).
  // What no verifier would take below the issuing CA is left out (PlanSummary::refused).
  // A renewal holds back an endpoint whose successor would end with the issuing CA, less than a
  // tenth of its validity later than its current certificate: that is no renewal.
  void Select(const Selection& selection);

  // NotInFleet gives the names of those with a current certificate that the file does not name,
  // neither as an endpoint nor as the former name of one that has none.
  // Find looks some names up: which of them the file names, and with what current certificate, if
  // any. All names in lower case and sorted.
  const std::vector<std::string>& NotInFleet() const { return not_in_fleet_; }
  std::map<std::string, const CurrentName*> Find(const std::vector<std::string>& names) const;

  const PlanSummary& summary() const { return summary_; }
  const std::string& fleet_name() const { return fleet_->name(); }
  const Selection& selection() const { return selection_; }
  std::size_t size() const { return to_issue_.size(); }
  // longest_validity is the longest validity that the selected ones ask for; ShortestValidity the
  // shortest that any endpoint of the fleet may get that is not asked for by its end.
  const Validity& longest_validity() const { return longest_validity_; }
  Seconds ShortestValidity() const;
  // Ends gives the first and the last moment at which certificates of the selected ones may end, if
  // they are issued at `now`; nothing where none is selected.
  std::optional<std::pair<Time, Time>> Ends(Time now) const;
  // Renewals tells when certificates of the fleet end: those that endpoints have and keep, and
  // those that are issued to the selected ones, if that is at `now`. Revoked and expired ones are
  // nobody's to renew.
  RenewalCalendar Renewals(Time now) const;

  // EndpointName gives the name of number i in [0, size()), and MakeJob its job.
  std::string EndpointName(std::size_t i) const { return fleet_->Name(to_issue_.at(i)); }
  // FormerNames gives the names that its host had (Fleet::Formerly).
  std::vector<std::string> FormerNames(std::size_t i) const {
    return fleet_->Formerly(to_issue_.at(i));
  }
  // Refused gives the name of each endpoint that was left out so, with the reason.
  std::vector<std::pair<std::string, std::string>> Refused() const;
  Job MakeJob(std::size_t i, PlanLayer& layer) const;
  // JobOf gives the job of any endpoint of the fleet, by its number there: of those with a fault
  // (Fleet::Fault), too, for which no run is.
  Job JobOf(std::size_t index, PlanLayer& layer) const;
  const Fleet& fleet() const { return *fleet_; }

  const BundlePasswords& passwords() const { return passwords_; }
  // folder is where the paths of password files start: the fleet file's, or PlanOptions'.
  const std::string& folder() const { return folder_; }

 private:
  // What a summary counts, the same for many endpoints.
  struct Kind {
    std::string profile;
    KeySpec key;
    std::string encryption;
    bool os_unknown = false;
    bool slow_password = false;
    bool no_crl_url = false;
    std::int64_t validity = 0, backdate = 0, jitter = 0;  // seconds
    std::int64_t end = 0;  // seconds since 1970, instead of validity and jitter; 0: none
    Validity ValidityAt(Time now) const;
    friend auto operator<=>(const Kind&, const Kind&) = default;
  };
  struct Endpoint {
    std::uint32_t kind = 0;
    std::uint32_t current = 0;    // 1 + index into current_; 0: there is none
    std::uint32_t changes = 0;    // index into changes_
    bool former_revoked = false;  // it has none, and that under its former name was revoked
  };

  Plan(const Catalog& catalog, const PlanOptions& options)
      : catalog_(&catalog), options_(options) {}
  const PlanLayer::Resolved* Resolve(const Fleet& fleet, std::size_t index, PlanLayer& layer,
                                     FaultList& faults) const;
  // What the validation of some neighbouring endpoints finds.
  struct Block {
    explicit Block(std::string file) : faults(std::move(file)) {}
    FaultList faults;
    std::map<Kind, std::uint32_t> kinds;
    std::vector<std::pair<std::uint32_t, PasswordSource>> passwords;  // those to be loaded
    std::vector<std::pair<std::uint64_t, std::uint32_t>> fqdns;       // hash and endpoint
  };
  // Expands the endpoints from `begin` on; their kinds are numbered within the block.
  Block Validate(const Fleet& fleet, std::size_t begin, std::size_t end);
  // Says that `count` certificates would end in the past.
  [[noreturn]] static void ThrowPast(Time end, std::size_t count);
  // Notes the endpoints that share an fqdn. (Equal hashes of 64 bits are taken for equal names.)
  void NoteSameFqdns(const Fleet& fleet,
                     std::vector<std::pair<std::uint64_t, std::uint32_t>> fqdns);
  // Numbers them for the plan, and makes sure that each password can be had.
  void Take(const Fleet& fleet, std::size_t begin, std::size_t end, Block&& block,
            FaultList& faults);
  static Kind KindOf(const ExpandedProfile& expanded, const PlanLayer::Resolved& layer);
  void AddChanges(const std::vector<SettingChange>& changes, std::size_t index);
  bool EndsAsBefore(const CurrentName& current, const Kind& kind) const;
  bool GainsTooLittle(const CurrentName& current, const Kind& kind) const;

  const Catalog* catalog_;
  PlanOptions options_;
  std::optional<Fleet> fleet_;
  Selection selection_ = Selection::Missing();
  std::vector<Endpoint> endpoints_;                      // of the fleet
  std::vector<CurrentName> current_;                     // of the ledger, sorted by name
  std::vector<std::vector<SettingChange>> changes_{{}};  // the first: none
  std::vector<std::string> not_in_fleet_;
  Time now_;
  std::optional<IssuerCertificate> issuer_;
  std::vector<std::uint32_t> to_issue_;                         // indexes into the fleet
  std::vector<std::pair<std::uint32_t, std::string>> refused_;  // likewise, with the reason
  std::map<Kind, std::uint32_t> kinds_;
  PlanSummary summary_;
  Validity longest_validity_;
  std::string folder_;  // of the fleet file
  BundlePasswords passwords_{""};
};

}  // namespace fleetmint
