#include "profiles/authority_profile.h"

#include <algorithm>
#include <set>

#include "engine/x509/name.h"
#include "profiles/patch.h"
#include "profiles/profile_file.h"

namespace fleetmint {
namespace {

const std::vector<std::string> kAuthorityFileKeys{"authority", "summary", "crl_validity", "tiers"};
const std::vector<std::string> kTierKeys{"name",     "subject",     "key",          "validity",
                                         "backdate", "path_length", "permitted_dns"};
const std::vector<std::string> kTierSettings{"subject", "key", "validity",
                                             "backdate"};  // as profiles'

// One tier of an authority profile: a CA certificate, in the words of a profile.
Tier ReadTier(const yaml::Node& node, FaultList& faults) {
  Tier tier;
  yaml::CheckKeys(node, kTierKeys, faults);
  tier.name = TextOf(node, "name", faults);
  if (!IsProfileName(tier.name) && !(node.cut && tier.name.empty())) {
    faults.Add(node.where, "tier name '" + tier.name + "' is not of [a-z0-9-]",
               "e.g. root, issuing");
  }
  yaml::Node settings = node;
  std::erase_if(settings.entries, [](const yaml::Entry& entry) {
    const auto& shared = kTierSettings;
    return std::find(shared.begin(), shared.end(), entry.key) == shared.end();
  });
  const ProfilePatch patch = ParseProfilePatch(settings, {}, faults);
  ProfileConfig config;
  config.key = {KeyAlgorithm::kRsa, 3072};
  config.validity.backdate =
      std::chrono::days{1};  // other machines' clocks; the CA is older than its leaves
  for (const ProfilePatch::Setting& setting : patch.settings) Apply(setting, config);
  CertificateSpec& certificate = tier.certificate;
  certificate.subject = Name::Parse(config.subject);
  certificate.validity = config.validity;
  certificate.is_ca = true;
  certificate.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign;
  tier.key = config.key;
  if (const yaml::Node* length = node.Find("path_length")) {
    if (const auto value = yaml::AsInteger(*length, "'path_length'", 0, 10, faults)) {
      certificate.path_length = static_cast<std::uint32_t>(*value);
    }
  }
  if (const yaml::Node* names = node.Find("permitted_dns")) {
    certificate.permitted_dns = yaml::AsTextList(*names, "'permitted_dns'", faults);
  }
  if (node.cut) return tier;
  if (const auto fault = KeySpecFault(tier.key)) faults.Add(node.where, *fault);
  for (const Fault& fault : ValidateSpec(certificate))
    faults.Add(node.where, fault.message, fault.hint);
  return tier;
}

}  // namespace

AuthorityProfile ReadAuthorityProfile(const yaml::Node& root, FaultList& faults) {
  AuthorityProfile profile;
  yaml::CheckKeys(root, kAuthorityFileKeys, faults);
  profile.name = TextOf(root, "authority", faults);
  profile.summary = TextOf(root, "summary", faults);
  profile.crl_validity = std::chrono::days{365};
  if (!IsProfileName(profile.name)) {
    faults.Add(root.Find("authority")->where,
               "authority profile name '" + profile.name + "' is not of [a-z0-9-]");
  }
  if (const std::string crl = TextOf(root, "crl_validity", faults); !crl.empty()) {
    try {
      profile.crl_validity = ParseDuration(crl);
    } catch (const Error& error) {
      faults.AddAt(root.Find("crl_validity")->where, "'crl_validity'", error);
    }
  }
  const yaml::Node* const tiers = root.Find("tiers");
  if (tiers == nullptr || !tiers->IsSequence() || tiers->items.empty()) {
    if (!root.cut)
      faults.Add(root.where, "'tiers' is missing", "a list of CA certificates, the root first");
    return profile;
  }
  // Each tier is two files of the authority, beside those that every authority has.
  std::set<std::string> taken{"fleet", "ledger", "authority", "run", "crl"};
  for (const yaml::Node& node : tiers->items) {
    Tier tier = ReadTier(node, faults);
    if (!taken.insert(tier.name).second) {
      faults.Add(node.where, "the tier name '" + tier.name + "' is taken",
                 "by another tier, or by a file of the authority: choose another name");
    }
    profile.tiers.push_back(std::move(tier));
  }
  return profile;
}

}  // namespace fleetmint
