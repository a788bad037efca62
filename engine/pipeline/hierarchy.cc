#include "engine/pipeline/hierarchy.h"

namespace fleetmint {

InitOptions HierarchyOf(const AuthorityProfile& profile) {
  InitOptions options;
  for (const Tier& tier : profile.tiers) {
    options.tiers.push_back({tier.name, tier.certificate, tier.key});
  }
  options.root_crl_validity = profile.crl_validity;
  return options;
}

}  // namespace fleetmint
