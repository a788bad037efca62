#include "engine/authority/crl.h"

#include <algorithm>
#include <vector>

#include "engine/x509/tbs_cert_list.h"

namespace fleetmint {

Bytes SignCrl(const Certificate& certificate, Signer& signer, const CrlStamp& stamp,
              Seconds validity, std::span<const CrlEntry> entries) {
  std::vector<RevokedCertificate> revoked;
  revoked.reserve(entries.size());
  for (const CrlEntry& entry : entries) {
    revoked.push_back({entry.serial, entry.revoked_at, static_cast<CrlReason>(entry.reason)});
  }
  const Bytes tbs = EncodeTbsCertList(
      {.signature_algorithm = signer.algorithm(),
       .issuer_name = certificate.subject(),
       .issuer_key_identifier = certificate.subject_key_identifier(),
       .crl_number = stamp.number,
       .this_update = stamp.this_update,
       .next_update = std::min(stamp.this_update + validity, certificate.not_after()),
       .revoked = revoked});
  const ByteView message = tbs;
  return AssembleSigned(tbs, signer.algorithm(), signer.Sign({&message, 1}).front());
}

void RemoveHalfWritten(const Directory& folder) {
  for (const std::string& name : folder.List()) {
    if (name.starts_with(".") && name.ends_with(".crl.tmp")) folder.Remove(name);
  }
}

}  // namespace fleetmint
