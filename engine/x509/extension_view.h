// Extensions (RFC 5280 4.1.2.9, 5.1.2.7) of certificates, CRLs and CRL entries, read in place.
// Internal to x509/'s views. Any thread.
#pragma once

#include "engine/base/ber.h"
#include "engine/base/bytes.h"

namespace fleetmint {

struct ExtensionView {
  ByteView oid;  // content of the OBJECT IDENTIFIER
  bool critical = false;
  ByteView value;  // content of the OCTET STRING
};

// ReadFlag reads a BOOLEAN DEFAULT FALSE.
inline bool ReadFlag(BerReader& reader) {
  if (reader.PeekTag() != ber::kBoolean) return false;
  const ByteView flag = reader.Next().content;
  return !flag.empty() && flag[0] != 0;
}

// ForEachExtension visits those of the content of a SEQUENCE OF Extension, in their order.
template <typename Visit>
void ForEachExtension(BerReader list, Visit visit) {
  while (!list.AtEnd()) {
    BerReader reader = list.Enter(ber::kSequence, "an extension");
    ExtensionView extension;
    extension.oid = reader.Expect(ber::kOid, "an object identifier").content;
    extension.critical = ReadFlag(reader);
    extension.value = reader.Expect(ber::kOctetString, "an extension's value").content;
    visit(extension);
  }
}

}  // namespace fleetmint
