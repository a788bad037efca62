// PEM: textual encoding of DER (RFC 7468).
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
};

// PemEncode gives "-----BEGIN label-----", base64 in lines of 64, "-----END label-----", newline
// ended.
std::string PemEncode(std::string_view label, ByteView der);

// PemDecodeAll gives every block of a text, in order; text around the blocks is ignored (RFC 7468
// 2). Throws Error(kInput): a block without its end, a traditional encrypted block ("Proc-Type"),
// base64 that is none.
std::vector<PemBlock> PemDecodeAll(std::string_view text);

}  // namespace fleetmint
