// Job: one endpoint, fully expanded. Whoever gets a job needs no profile and no inventory.
#pragma once

#include <string>

#include "engine/keys/key_spec.h"
#include "engine/x509/certificate_spec.h"
#include "profiles/bundle_spec.h"
#include "profiles/password_source.h"

namespace fleetmint {

struct Job {
  std::string endpoint;  // its name, as in the fleet file
  std::string fqdn;
  std::string profile;              // its name
  std::string profile_fingerprint;  // of what was applied
  CertificateSpec certificate;
  KeySpec key;
  BundleSpec bundle;
  PasswordSource password;
};

}  // namespace fleetmint
