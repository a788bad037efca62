// Issuer: prepare -> lint -> sign, one certificate authority's way to a certificate.
//
// The types keep the order: only the ledger makes a Reservation, only Prepare makes a
// PreparedCertificate (which has passed the lint), and Sign consumes it. Nothing is signed twice
// and nothing is signed that is not in the ledger. Safe from several threads at once.
#pragma once

#include <string>
#include <vector>

#include "engine/authority/signer.h"
#include "engine/base/clock.h"
#include "engine/ledger/reservation.h"
#include "engine/x509/certificate.h"
#include "engine/x509/certificate_spec.h"

namespace fleetmint {

// IssuerCertificate is what an issuer needs to know of its own certificate.
struct IssuerCertificate {
  Bytes der;
  Bytes subject;         // DER of its subject name, byte for byte
  Bytes key_identifier;  // its SKI
  Time not_before;
  Time not_after;
  // Parse reads a CA certificate. Throws Error(kAuthority) if it is none or may not sign
  // certificates.
  static IssuerCertificate Parse(ByteView der);
};

class PreparedCertificate {
 public:
  PreparedCertificate(PreparedCertificate&&) noexcept = default;
  PreparedCertificate& operator=(PreparedCertificate&&) noexcept = default;
  const Reservation& reservation() const { return reservation_; }
  const Bytes& tbs() const { return tbs_; }
  Time not_before() const { return not_before_; }
  Time not_after() const { return not_after_; }
  bool clamped() const { return clamped_; }  // notAfter was cut to the issuer's

 private:
  friend class Issuer;
  explicit PreparedCertificate(Reservation reservation) : reservation_(std::move(reservation)) {}
  Reservation reservation_;
  Bytes tbs_;
  Time not_before_;
  Time not_after_;
  bool clamped_ = false;
};

struct IssuedCertificate {
  Reservation reservation;
  Bytes der;
  Time not_before;
  Time not_after;
  bool clamped = false;
};

class Issuer {
 public:
  // `signer` (not owned) must hold the key of `certificate`: Error(kAuthority) otherwise. `chain`:
  // the CA certificates whose name constraints bind what is issued, from `certificate` on.
  Issuer(IssuerCertificate certificate, Signer& signer, std::vector<Certificate> chain = {});

  const IssuerCertificate& certificate() const { return certificate_; }

  // CheckValidity does the same for an issuer's certificate alone, before its key is at hand.
  static void CheckValidity(const IssuerCertificate& certificate, const Validity& validity,
                            Time now);
  // CheckValidity throws Error(kAuthority) if a certificate asked for now with this validity would
  // get less than a quarter of it, or if the CA is expired or not yet valid.
  void CheckValidity(const Validity& validity, Time now) const;

  // Prepare encodes and lints one certificate. On Error(kEndpoint) (a lint finding) the reservation
  // stays with the caller; on success it has moved into the result.
  PreparedCertificate Prepare(Reservation& reservation, const CertificateSpec& spec, ByteView spki,
                              Time now) const;

  // Sign signs all of them in one batch, in order.
  std::vector<IssuedCertificate> Sign(std::vector<PreparedCertificate> prepared) const;

 private:
  IssuerCertificate certificate_;
  std::vector<Certificate> chain_;
  Signer& signer_;
};

// SelfSign makes a root: prepare, lint and sign with the root's own signer.
IssuedCertificate SelfSign(Reservation reservation, const CertificateSpec& spec, Signer& signer,
                           Time now);

}  // namespace fleetmint
