// Profile: applying patches, the rules a profile keeps, and its fingerprint.
#include "profiles/profile.h"

#include "engine/base/bytes.h"

namespace fleetmint {
namespace {

bool IsCng(const std::string& csp) { return csp.ends_with("Key Storage Provider"); }

struct Rule {
  bool broken;
  const char* message;
  const char* hint;
};

// The rules that concern the settings among themselves; what a certificate must keep is ValidateSpec's.
void CheckConfig(const ProfileConfig& config, Position where, FaultList& faults) {
  if (const auto fault = KeySpecFault(config.key)) faults.Add(where, *fault);
  const BundleSpec& bundle = config.bundle;
  const bool ecdsa = config.key.algorithm == KeyAlgorithm::kEcdsa;
  const bool key_spec = bundle.key_spec != WindowsKeySpec::kNone;
  const Rule rules[] = {
      {bundle.pfx && bundle.csp.empty(), "a PFX needs bundle.csp",
       "without it Windows picks an old provider that has no SHA-256"},
      {bundle.pfx && key_spec && IsCng(bundle.csp), "a CNG provider has no key spec",
       "set bundle.key_spec: none, or take the CSP \"Microsoft Enhanced RSA and AES Cryptographic Provider\""},
      {bundle.pfx && ecdsa && !bundle.csp.empty() && !IsCng(bundle.csp),
       "an ECDSA key needs a CNG provider", "set bundle.csp: \"Microsoft Software Key Storage Provider\""},
      {bundle.pfx && ecdsa && key_spec, "an ECDSA key has no key spec", "set bundle.key_spec: none"},
      {ecdsa && (config.key_usage & key_usage::kKeyEncipherment) != 0,
       "an ECDSA key cannot be used for key_encipherment", "leave it out of key_usage"},
      {config.validity.duration <= Seconds{0}, "validity is missing", "e.g. validity: 1y"},
      {config.validity.jitter > Seconds{0} && config.validity.jitter >= config.validity.duration,
       "jitter is not shorter than validity", "set jitter: 0s for short-lived certificates"},
      {config.validity.backdate > std::chrono::days{1}, "backdate is longer than 1d", "10m is usual"},
      {config.key_usage == 0, "key_usage is empty", "e.g. [digital_signature]"},
  };
  for (const Rule& rule : rules) {
    if (rule.broken) faults.Add(where, rule.message, rule.hint);
  }
}

}  // namespace

std::string Profile::Fingerprint() const { return ToHex(Sha256(AsBytes(Catalog::ToYaml(*this)))); }

std::optional<Profile> Profile::With(std::span<const ProfilePatch* const> patches,
                                     FaultList& faults) const {
  Profile result = *this;
  Position where;
  for (const ProfilePatch* patch : patches) {
    for (const ProfilePatch::Setting& setting : patch->settings) {
      setting.apply(result.config_);
      where = setting.where;
    }
  }
  const std::size_t before = faults.size();
  CheckConfig(result.config_, where, faults);
  if (faults.size() != before) return std::nullopt;
  return result;
}

}  // namespace fleetmint
