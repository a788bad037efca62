// Comparing names as verifiers do (RFC 5280 7.1): strings of any kind as text, letters of any case,
// runs of spaces as one. Of letters beyond ASCII the case counts, as for OpenSSL. Pure functions;
// any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/base/bytes.h"

namespace fleetmint {

// ComparedName is a name in a form in which equal ones are equal: for each relative name, in the
// order of the DER, its attributes, sorted. Not for showing.
using ComparedName = std::vector<std::string>;

// CompareForm gives that of a name's DER. Throws Error(kInput) if it is no name.
ComparedName CompareForm(ByteView name);

// SameName tells whether two names (DER) are one.
bool SameName(ByteView one, ByteView other);

// IsBelow tells whether `name` begins with the relative names of `base`: it is `base`, or within
// its subtree (RFC 5280 4.2.1.10).
bool IsBelow(const ComparedName& name, const ComparedName& base);

}  // namespace fleetmint
