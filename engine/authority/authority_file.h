// authority.yaml: what an authority directory is. Written once, when the authority is made, and
// never changed: issuers and their keys are in the ledger. Read strictly. Internal to authority/.
#pragma once

#include <string>

#include "engine/base/durable_file.h"

namespace fleetmint {

inline constexpr const char* kAuthorityFile = "authority.yaml";

struct AuthorityFile {
  std::string id;          // 32 hexadecimal digits, drawn at random
  bool encrypted = false;  // its keys are stored under a passphrase
  std::string fleet_key;   // FleetKeyId of the fleet key that belongs here
  bool test = false;       // its keys come from a seed (base/test_mark.h); absent: false
};

// WriteAuthorityFile creates the file durably; it must not exist.
void WriteAuthorityFile(const Directory& directory, const AuthorityFile& file);

// ReadAuthorityFile throws Error(kAuthority) with file:line:column: a key that is unknown, missing
// or ill-formed, a signer that this version does not have.
AuthorityFile ReadAuthorityFile(const Directory& directory);

}  // namespace fleetmint
