// Chains of CA certificates: RFC 5280 6.1 as far as it does not depend on the endpoint (for that:
// leaf_rules.h).
//
// The verdict is that of other people's verifiers, which the hosts have: what OpenSSL refuses (with
// its check of policies) is an error, what another verifier or `-x509_strict` alone refuses a
// warning that names it. Revocation is not looked at. Pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/x509/certificate.h"

namespace fleetmint {

// PathFault is one reason why certificates below a chain are refused.
struct PathFault {
  Fault fault;  // its message names the CA certificate, its rule is stable
  // Who refuses: "" is OpenSSL and everybody who keeps the RFC. Otherwise as a subject of a
  // sentence: "Go", "OpenSSL with -x509_strict, and Go".
  std::string refused_by{};
  bool IsError() const { return refused_by.empty(); }
};

// ChainFaults tells what is wrong with a chain, issuing CA first, root last: basic constraints and
// key usage; validity at `now`; names, key identifiers and signatures of neighbours; path lengths,
// where a self-issued certificate does not count (6.1.4 l); critical extensions that nobody
// understands; names of a CA outside the constraints of those above; the last one signed by itself;
// serials, key identifiers and signature algorithms that strict verifiers refuse.
std::vector<PathFault> ChainFaults(std::span<const Certificate> chain, Time now);

// Errors gives the faults that are errors; Warnings the texts of the others ("...: Go refuses it").
std::vector<Fault> Errors(const std::vector<PathFault>& faults);
std::vector<std::string> Warnings(const std::vector<PathFault>& faults);

}  // namespace fleetmint
