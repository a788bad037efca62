// Rows of the certificate table <-> values. Internal to ledger/.
#pragma once

#include "engine/ledger/ledger.h"
#include "engine/ledger/sqlite.h"

namespace fleetmint {

// The columns that ReadRow expects, in its order; a macro so that statements stay literals.
#define FLEETMINT_ROW_COLUMNS                                                                \
  "serial, fleet, endpoint, state, run, reserved_at, issued_at, supersedes, revoked_at, "    \
  "revocation_reason, fqdn, profile, profile_fingerprint, subject, dns, ip, not_before, "    \
  "not_after, sha1, sha256, spki_sha256, issuer, key, encryption, password, friendly_name, " \
  "files, delivered_at"

LedgerRow ReadRow(const Query& query);

// JoinLines and JoinFiles give the text columns for lists: one entry a line.
std::string JoinLines(const std::vector<std::string>& lines);
std::string JoinFiles(const std::vector<BundleFileRecord>& files);

}  // namespace fleetmint
