// Hierarchy: an authority profile (profiles/) as what Authority::Init makes of it (authority/).
#pragma once

#include "engine/authority/authority.h"
#include "profiles/profile.h"

namespace fleetmint {

// HierarchyOf gives the tiers and the CRL's validity; the passphrase is the caller's to set.
InitOptions HierarchyOf(const AuthorityProfile& profile);

}  // namespace fleetmint
