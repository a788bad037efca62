// Reasons of a revocation, as people write them.
#pragma once

#include <string>

#include "engine/x509/tbs_cert_list.h"

namespace fleetmint::cli {

// ParseReason reads "key-compromise" and the like: those of RFC 5280 5.3.1 that cannot be taken
// back. Throws Error(kUsage).
CrlReason ParseReason(const std::string& name);

}  // namespace fleetmint::cli
