// Selection: which endpoints of a fleet a run is for. A value; any thread.
//
// `issue`, `issue --replace-damaged` and `renew` are the same run with another selection. An
// endpoint without a current certificate is for `issue` alone. One whose current certificate was
// revoked is nobody's, unless it is named and to be reinstated: a renewal must not give a lost host
// its access back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/ledger/ledger.h"
#include "profiles/settings.h"

namespace fleetmint {

// Candidate is what a selection asks of an endpoint of the fleet.
struct Candidate {
  std::string_view endpoint_key;           // lower case
  const CurrentName* current = nullptr;    // its current certificate, if it has one
  std::span<const SettingChange> changes;  // today's settings against those of that one
};

// NamesToSelectFrom gives the current certificates of a fleet (Ledger::CurrentNames), and those
// that are known from a manifest alone: they may be in use, and are not issued anew unasked. Sorted
// by name.
std::vector<CurrentName> NamesToSelectFrom(const Ledger& ledger, const std::string& fleet);

class Selection {
 public:
  // Missing: those without a current certificate.
  static Selection Missing();
  // MissingOrLost: these, and those of `lost` (lower case), whose bundles are gone.
  static Selection MissingOrLost(std::vector<std::string> lost);

  // The renewals. Expiring: those that end within a duration from `now`.
  static Selection Expiring(Seconds within, Time now);
  // Changed: those issued under other settings than today's; with `keys`, if one of these differs.
  static Selection Changed(std::vector<std::string> keys);
  // IssuerRetired: those of another issuer than the current one.
  static Selection IssuerRetired(std::int64_t current_issuer);
  // All, and Only those named (in any case of letters), revoked ones too with `reinstate`.
  static Selection All();
  static Selection Only(const std::vector<std::string>& names, bool reinstate);

  // Resume leaves out what this renewal has done already, if its first run was `first`. For All and
  // Only, whose own result does not tell.
  void Resume(std::int64_t first) { resumes_ = first; }

  bool Wants(const Candidate& candidate) const;

  // renews: it selects among current certificates alone. must_resume: see Resume.
  bool renews() const { return kind_ != Kind::kMissing; }
  bool must_resume() const { return kind_ == Kind::kAll || kind_ == Kind::kOnly; }
  // names_hosts: Only. Who names a host knows why: its key may be gone.
  bool names_hosts() const { return kind_ == Kind::kOnly; }
  // by_end: Expiring. It has a reason no more where a new certificate ends with the old one.
  bool by_end() const { return kind_ == Kind::kExpiring; }
  // Names gives those of Only, in lower case, sorted.
  const std::vector<std::string>& names() const { return names_; }

  // Text is how the ledger records it, and Purpose with what else a run that begins `now` has to
  // say of it.
  const std::string& text() const { return text_; }
  RunPurpose Purpose(Time now) const {
    return {text_, cutoff_.value_or(now), resumes_, reinstate_};
  }

 private:
  enum class Kind : std::uint8_t { kMissing, kExpiring, kChanged, kIssuerRetired, kAll, kOnly };

  Selection(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  bool WantsRenewed(const Candidate& candidate) const;

  Kind kind_;
  std::string text_;
  std::vector<std::string> names_;  // lost ones, settings' keys or endpoints; sorted
  std::optional<Time> cutoff_;      // of kExpiring
  std::int64_t issuer_ = 0;         // of kIssuerRetired
  bool reinstate_ = false;
  std::optional<std::int64_t> resumes_;
};

}  // namespace fleetmint
