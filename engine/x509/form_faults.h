// FormFaults: what of a certificate's form makes readers refuse it whole, though it can be read
// here (X.690 8.3, 8.21; RFC 5280 4.2). A pure function; any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/x509/certificate.h"

namespace fleetmint {

// FormFaults gives a few words for each: "has a serial number that is not in DER". Looked at: the
// serial's octets, the strings of both names, whether extensions that verifiers read are whole
// elements, empty key identifiers.
std::vector<std::string> FormFaults(const Certificate& certificate);

}  // namespace fleetmint
