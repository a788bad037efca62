// Chains of CA certificates: RFC 5280 6.1 as far as it does not depend on the endpoint.
//
// What this does not look at: revocation, policies, and the certificates that the issuing CA signs.
// Pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/x509/certificate.h"
#include "engine/x509/san.h"

namespace fleetmint {

// ChainFaults tells what is wrong with a chain, issuing CA first, root last; each fault names its
// certificate. Looked at: version 3; basic constraints CA, critical; key usage keyCertSign;
// validity at `now`; issuer name equal to the next one's subject, byte for byte; authority key
// identifier equal to its subject key identifier where both are there; signature; path lengths,
// where a self-issued certificate does not count (6.1.4 l); no critical extension that is not
// understood (6.1.4 o); the last one signed by itself.
std::vector<std::string> ChainFaults(std::span<const Certificate> chain, Time now);

// NameConstraintFaults tells which names of `san` the name constraints (RFC 5280 4.2.1.10) of the
// chain do not allow. DNS names and IP addresses are compared; a critical constraint on directory
// names or other kinds is a fault of its own, because it cannot be kept here.
std::vector<std::string> NameConstraintFaults(std::span<const Certificate> chain,
                                              const SubjectAltNames& san);

}  // namespace fleetmint
