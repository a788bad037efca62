// Crl: a certificate revocation list, signed by its CA. Any thread.
#pragma once

#include <span>

#include "engine/authority/signer.h"
#include "engine/base/clock.h"
#include "engine/base/directory.h"
#include "engine/ledger/rows.h"
#include "engine/x509/certificate.h"

namespace fleetmint {

// kRootCrlValidity is how long the CRL of a CA that signs CAs is valid, where nothing else is said.
inline constexpr Seconds kRootCrlValidity = std::chrono::days{365};

// SignCrl gives a CRL (DER, version 2, RFC 5280 5) of the CA `certificate`, whose key `signer` has:
// nextUpdate is `validity` after the stamp, and never past the CA's own end.
Bytes SignCrl(const Certificate& certificate, Signer& signer, const CrlStamp& stamp,
              Seconds validity, std::span<const CrlEntry> entries);

// RemoveHalfWritten removes what a crash has left of CRLs in their folder, whose lock is held.
void RemoveHalfWritten(const Directory& folder);

}  // namespace fleetmint
