// Name: an X.501 distinguished name, as users write it and as DER carries it (RFC 5280 4.1.2.4). A
// value; any thread.
//
// Text is RFC 4514: its first part is the last one that is encoded. "CN=x, O=Acme, C=DE" is encoded
// C, O, CN, from the largest to the smallest; .NET, Java and `openssl -nameopt RFC2253` show it so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"

namespace fleetmint {

// NameOrder is which end of a text its first attribute is of. Records hold names in the order of
// the encoding (profiles/settings.h); everything that people write or read is RFC 4514.
enum class NameOrder : std::uint8_t { kRfc4514, kEncoded };

// Name is a sequence of attributes in the order of the DER encoding, the first RDN first.
struct Name {
  struct Attribute {
    std::string type;     // short name: CN, O, OU, C, ST, L, STREET, SERIALNUMBER, DC, E, ...
    std::string value;    // UTF-8
    bool joined = false;  // in one RDN with the attribute before it (read from others' names only)
    friend bool operator==(const Attribute&, const Attribute&) = default;
  };
  std::vector<Attribute> attributes;

  bool empty() const { return attributes.empty(); }
  friend bool operator==(const Name&, const Name&) = default;

  // Parse reads "CN=ws-0001.corp, O=Example\, Inc." with the escapes of RFC 4514 and the quotes of
  // RFC 2253 (O="Example, Inc."). Empty text is the empty name. Throws Error(kInput) with a hint:
  // unknown attribute type, missing '=', bad escape, '+' between attributes, and the form
  // "/O=Acme/CN=x", which another tool reads the other way round.
  static Name Parse(std::string_view text, NameOrder order = NameOrder::kRfc4514);

  // ToString is the inverse of Parse. (Parse refuses attributes that are `joined`, and types
  // without a short name.)
  std::string ToString(NameOrder order = NameOrder::kRfc4514) const;

  // Encode gives the DER of the RDNSequence: PrintableString for C and SERIALNUMBER, IA5String for
  // DC and E, UTF8String otherwise.
  Bytes Encode() const;
};

// kLongNameHint is how an endpoint gets a name that is too long for a CN.
inline constexpr const char* kLongNameHint =
    "write subject: \"\" and dns: [\"{fqdn}\"] (without a subject the names stand in the SAN "
    "alone)";

// NameFaults gives each limit the name breaks (CN, O, OU at most 64 characters, C two letters,
// ...).
std::vector<Fault> NameFaults(const Name& name);

// ReadName reads the DER of a name (e.g. of an issuer), attributes that have no short name by their
// OID, which Parse does not read. Throws Error(kInput) if it is no name.
Name ReadName(ByteView der);

// NameToString renders it (ReadName) as Parse reads it: valid UTF-8, whatever strings the DER has.
// Two names of one text may differ in DER: compare that.
std::string NameToString(ByteView der);

}  // namespace fleetmint
