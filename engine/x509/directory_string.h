// Strings of names that others encoded. A pure function; any thread.
#pragma once

#include <string>

#include "engine/base/ber.h"

namespace fleetmint {

// DecodeString gives the text of a string of any ASN.1 type as UTF-8, always valid: it goes to
// terminals and into JSON. T61String is read as ISO 8859-1, as OpenSSL and Java do; so are octets
// that should be UTF-8 or ASCII and are not. What is no code point becomes U+FFFD. Of a value that
// is no string: '#' and its DER in hexadecimal digits (RFC 4514 2.4).
std::string DecodeString(const BerElement& element);

}  // namespace fleetmint
