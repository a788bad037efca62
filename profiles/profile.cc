// Profile: applying patches, the rules a profile keeps, and its fingerprint.
#include "profiles/profile.h"

#include <algorithm>

#include "engine/base/bytes.h"

namespace fleetmint {
namespace {

bool IsCng(const std::string& csp) { return csp.ends_with("Key Storage Provider"); }

struct Rule {
  bool broken;
  const char* message;
  const char* hint;
};

// The rules that concern the settings among themselves and that are broken, without places; what a
// certificate must keep is ValidateSpec's.
std::vector<Fault> BrokenRules(const ProfileConfig& config) {
  std::vector<Fault> faults;
  if (const auto fault = KeySpecFault(config.key)) faults.push_back({*fault, {}, ""});
  const BundleSpec& bundle = config.bundle;
  const bool ecdsa = config.key.algorithm == KeyAlgorithm::kEcdsa;
  const bool key_spec = bundle.key_spec != WindowsKeySpec::kNone;
  const Rule rules[] = {
      {bundle.pfx && bundle.csp.empty(), "a PFX needs bundle.csp",
       "without it Windows picks an old provider that has no SHA-256"},
      {bundle.pfx && key_spec && IsCng(bundle.csp), "a CNG provider has no key spec",
       "set bundle.key_spec: none, or take the CSP \"Microsoft Enhanced RSA and AES Cryptographic "
       "Provider\""},
      {bundle.pfx && ecdsa && !bundle.csp.empty() && !IsCng(bundle.csp),
       "an ECDSA key needs a CNG provider",
       "set bundle.csp: \"Microsoft Software Key Storage Provider\""},
      {bundle.pfx && ecdsa && key_spec, "an ECDSA key has no key spec",
       "set bundle.key_spec: none"},
      {ecdsa && (config.key_usage & key_usage::kKeyEncipherment) != 0,
       "an ECDSA key cannot be used for key_encipherment", "leave it out of key_usage"},
      {config.validity.duration <= Seconds{0}, "validity is missing or nothing",
       "e.g. validity: 1y"},
      {config.validity.duration > Seconds{0} && config.validity.jitter > Seconds{0} &&
           config.validity.jitter >= config.validity.duration,
       "jitter is not shorter than validity", "set jitter: 0s for short-lived certificates"},
      {config.validity.backdate > std::chrono::days{1}, "backdate is longer than 1d",
       "10m is usual"},
      {config.key_usage == 0, "key_usage is empty", "e.g. [digital_signature]"},
  };
  for (const Rule& rule : rules) {
    if (rule.broken) faults.push_back({rule.message, {}, rule.hint});
  }
  return faults;
}

// The place of the setting that broke a rule: applied to `config` one after the other, it is the
// last that makes the fault appear. The last setting of all if the fault was there from the start.
Position PlaceOf(const std::string& message, ProfileConfig config,
                 std::span<const ProfilePatch* const> patches) {
  const auto broken = [&] {
    const std::vector<Fault> faults = BrokenRules(config);
    return std::any_of(faults.begin(), faults.end(),
                       [&](const Fault& fault) { return fault.message == message; });
  };
  bool before = broken();
  Position last, place;
  for (const ProfilePatch* patch : patches) {
    for (const ProfilePatch::Setting& setting : patch->settings) {
      setting.apply(config);
      const bool after = broken();
      if (after && !before) place = setting.where;
      before = after;
      last = setting.where;
    }
  }
  return place.line != 0 ? place : last;
}

}  // namespace

std::string Profile::Fingerprint() const { return ToHex(Sha256(AsBytes(Catalog::ToYaml(*this)))); }

std::optional<Profile> Profile::With(std::span<const ProfilePatch* const> patches,
                                     FaultList& faults) const {
  Profile result = *this;
  for (const ProfilePatch* patch : patches) {
    for (const ProfilePatch::Setting& setting : patch->settings) setting.apply(result.config_);
  }
  const std::vector<Fault> broken = BrokenRules(result.config_);
  for (const Fault& fault : broken) {
    faults.Add(PlaceOf(fault.message, config_, patches), fault.message, fault.hint);
  }
  if (!broken.empty()) return std::nullopt;
  return result;
}

}  // namespace fleetmint
