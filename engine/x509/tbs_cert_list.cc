#include "engine/x509/tbs_cert_list.h"

#include "engine/base/der.h"
#include "engine/x509/oids.h"

namespace fleetmint {
namespace {

// RFC 5280 5.3.1: reasonCode is an ENUMERATED, never critical, and left out for `unspecified`.
void WriteEntry(DerWriter& list, const RevokedCertificate& entry) {
  list.Sequence([&](DerWriter& revoked) {
    revoked.UnsignedInteger(entry.serial).Time(entry.revoked_at);
    if (entry.reason == CrlReason::kUnspecified) return;
    revoked.Sequence([&](DerWriter& extensions) {
      extensions.Sequence([&](DerWriter& extension) {
        extension.Oid(oid::kReasonCode);
        extension.OctetStringOf(
            [&](DerWriter& value) { value.Enumerated(static_cast<std::uint8_t>(entry.reason)); });
      });
    });
  });
}

}  // namespace

Bytes EncodeTbsCertList(const CertListInput& input) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& tbs) {
    tbs.Integer(1);  // v2
    tbs.Raw(EncodeAlgorithmIdentifier(input.signature_algorithm));
    tbs.Raw(input.issuer_name);
    tbs.Time(input.this_update).Time(input.next_update);
    if (!input.revoked.empty()) {  // 5.1.2.6: absent when there is none
      tbs.Sequence([&](DerWriter& list) {
        for (const RevokedCertificate& entry : input.revoked) WriteEntry(list, entry);
      });
    }
    tbs.Context(0, [&](DerWriter& tagged) {
      tagged.Sequence([&](DerWriter& extensions) {
        extensions.Sequence([&](DerWriter& extension) {  // 5.2.1
          extension.Oid(oid::kAuthorityKeyIdentifier);
          extension.OctetStringOf([&](DerWriter& value) {
            value.Sequence(
                [&](DerWriter& aki) { aki.ContextPrimitive(0, input.issuer_key_identifier); });
          });
        });
        extensions.Sequence([&](DerWriter& extension) {  // 5.2.3
          extension.Oid(oid::kCrlNumber);
          extension.OctetStringOf([&](DerWriter& value) { value.Integer(input.crl_number); });
        });
      });
    });
  });
  return writer.Take();
}

}  // namespace fleetmint
