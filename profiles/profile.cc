// Profile: applying patches, and the rules that its settings keep among themselves.
#include "profiles/profile.h"

#include <algorithm>

#include "profiles/patch.h"

namespace fleetmint {
namespace {

bool IsCng(const std::string& csp) { return csp.ends_with("Key Storage Provider"); }

struct Rule {
  const char* name;
  bool broken;
  const char* message;
  const char* hint;
};

// What ValidateSpec says of the part of the certificate that has no templates; the subject's
// alternative name stands for the rest.
std::vector<Fault> CertificateFaults(const ProfileConfig& config) {
  CertificateSpec spec;
  spec.san.dns = {"endpoint.example"};
  spec.key_usage = config.key_usage;
  spec.extended_key_usage = config.extended_key_usage;
  spec.validity = config.validity;
  // A validity of nothing is one fault, not one of the jitter too.
  if (spec.validity.duration <= Seconds{0}) spec.validity.jitter = Seconds{0};
  return ValidateSpec(spec);
}

// The rules that are broken, without places.
std::vector<Fault> BrokenRules(const ProfileConfig& config) {
  std::vector<Fault> faults = CertificateFaults(config);
  if (const auto fault = KeySpecFault(config.key)) faults.push_back({*fault, {}, "", "key"});
  const BundleSpec& bundle = config.bundle;
  const bool ecdsa = config.key.algorithm == KeyAlgorithm::kEcdsa;
  const bool key_spec = bundle.key_spec != WindowsKeySpec::kNone;
  const Rule rules[] = {
      {"pfx_csp", bundle.pfx && bundle.csp.empty(), "a PFX needs bundle.csp",
       "without it Windows picks an old provider that has no SHA-256"},
      {"cng_key_spec", bundle.pfx && key_spec && IsCng(bundle.csp),
       "a CNG provider has no key spec",
       "set bundle.key_spec: none, or take the CSP \"Microsoft Enhanced RSA and AES Cryptographic "
       "Provider\""},
      {"ecdsa_csp", bundle.pfx && ecdsa && !bundle.csp.empty() && !IsCng(bundle.csp),
       "an ECDSA key needs a CNG provider",
       "set bundle.csp: \"Microsoft Software Key Storage Provider\""},
      {"ecdsa_key_spec", bundle.pfx && ecdsa && key_spec, "an ECDSA key has no key spec",
       "set bundle.key_spec: none"},
      {"ecdsa_key_encipherment", ecdsa && (config.key_usage & key_usage::kKeyEncipherment) != 0,
       "an ECDSA key cannot be used for key_encipherment", "leave it out of key_usage"},
  };
  for (const Rule& rule : rules) {
    if (rule.broken) faults.push_back({rule.message, {}, rule.hint, rule.name});
  }
  return faults;
}

// The place of the setting that broke a rule: applied to `config` one after the other, it is the
// last that makes the fault appear. The last setting of all if the fault was there from the start.
Position PlaceOf(std::string_view rule, ProfileConfig config,
                 std::span<const ProfilePatch* const> patches) {
  const auto broken = [&] {
    const std::vector<Fault> faults = BrokenRules(config);
    return std::any_of(faults.begin(), faults.end(),
                       [&](const Fault& fault) { return fault.rule == rule; });
  };
  bool before = broken();
  Position last, place;
  for (const ProfilePatch* patch : patches) {
    for (const ProfilePatch::Setting& setting : patch->settings) {
      Apply(setting, config);
      const bool after = broken();
      if (after && !before) place = setting.where;
      before = after;
      last = setting.where;
    }
  }
  return place.line != 0 ? place : last;
}

}  // namespace

std::optional<Profile> Profile::With(std::span<const ProfilePatch* const> patches,
                                     FaultList& faults) const {
  Profile result = *this;
  for (const ProfilePatch* patch : patches) {
    for (const ProfilePatch::Setting& setting : patch->settings) Apply(setting, result.config_);
  }
  const std::vector<Fault> broken = BrokenRules(result.config_);
  for (const Fault& fault : broken) {
    faults.Add(PlaceOf(fault.rule, config_, patches), fault.message, fault.hint);
  }
  if (!broken.empty()) return std::nullopt;
  return result;
}

}  // namespace fleetmint
