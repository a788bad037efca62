// AuthorityProfile: the hierarchy of CA certificates that `ca init` makes. Values; any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/yaml.h"
#include "engine/keys/key_spec.h"
#include "engine/x509/certificate_spec.h"

namespace fleetmint {

// Tier is one CA certificate.
struct Tier {
  std::string name;  // "root", "issuing"
  CertificateSpec certificate;
  KeySpec key;
};

// AuthorityProfile: `tiers[0]` is self-signed, each other one is issued by the one before it.
struct AuthorityProfile {
  std::string name;
  std::string summary;  // one line for `fleetmint profiles`
  std::vector<Tier> tiers;
  Seconds crl_validity{0};  // of the root's CRL
};

// ReadAuthorityProfile reads an authority profile file. Every certificate of it has been validated
// (ValidateSpec) if no faults were added; what is returned otherwise is not to be used.
AuthorityProfile ReadAuthorityProfile(const yaml::Node& root, FaultList& faults);

}  // namespace fleetmint
