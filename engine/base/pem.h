// PEM: textual encoding of DER (RFC 7468). Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"

namespace fleetmint {

// PemBlock is one BEGIN..END of a file. The content may be a private key, so it is wiped.
struct PemBlock {
  std::string label;  // "CERTIFICATE", "ENCRYPTED PRIVATE KEY", ...
  SecretBytes der;
  std::string dek_info = {};  // how it is encrypted: its DEK-Info header (RFC 1421); "": it is not
};

// PemEncode gives "-----BEGIN label-----", base64 in lines of 64, "-----END label-----", newline
// ended.
std::string PemEncode(std::string_view label, ByteView der);
// PemEncodeSecret gives the same in memory that is wiped, and leaves no copy elsewhere.
SecretBytes PemEncodeSecret(std::string_view label, ByteView der);

// PemDecodeAll gives every block of a text, in order; text around the blocks is ignored (RFC 7468
// 2), so a text without a block gives none. Does not look at what the base64 holds. Of headers
// within a block (RFC 1421) only DEK-Info is kept. Errors: kInput, of cause kDamaged: a block
// without its end, base64 that is none.
std::vector<PemBlock> PemDecodeAll(std::string_view text);

}  // namespace fleetmint
