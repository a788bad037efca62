// Name: an X.501 distinguished name, as users write it and as DER carries it (RFC 5280 4.1.2.4). A
// value; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"

namespace fleetmint {

// Name is a sequence of single-valued RDNs in the order of the DER encoding (as written left to
// right: "CN=x, O=y" encodes CN first).
struct Name {
  struct Attribute {
    std::string type;   // short name: CN, O, OU, C, ST, L, STREET, SERIALNUMBER, DC, E, ...
    std::string value;  // UTF-8
    friend bool operator==(const Attribute&, const Attribute&) = default;
  };
  std::vector<Attribute> attributes;

  bool empty() const { return attributes.empty(); }
  friend bool operator==(const Name&, const Name&) = default;

  // Parse reads "CN=ws-0001.corp, O=Example\, Inc." with RFC 4514 escapes. Empty text is the empty
  // name. Throws Error(kInput) with a hint: unknown attribute type, missing '=', bad escape.
  static Name Parse(std::string_view text);

  // ToString is the inverse of Parse.
  std::string ToString() const;

  // Encode gives the DER of the RDNSequence: PrintableString for C and SERIALNUMBER, IA5String for
  // DC and E, UTF8String otherwise.
  Bytes Encode() const;
};

// NameFaults gives each limit the name breaks (CN, O, OU at most 64 characters, C two letters,
// ...).
std::vector<Fault> NameFaults(const Name& name);

// ReadName reads the DER of a name (e.g. of an issuer), attributes that have no short name by their
// OID, which Parse does not read. Throws Error(kInput) if it is no name.
Name ReadName(ByteView der);

// NameToString renders it (ReadName) as Parse reads it. Two names of one text may differ in DER:
// compare that.
std::string NameToString(ByteView der);

}  // namespace fleetmint
