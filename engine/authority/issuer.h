// Issuer: prepare -> lint -> sign, one certificate authority's way to a certificate.
//
// The types keep the order: only the ledger makes a Reservation, which names the issuer that may
// sign it; only a SigningBatch, which belongs to the issuer that opened it, prepares a certificate
// (which then has passed the lint), and signing empties the batch. So nothing is signed twice,
// nothing by another issuer than the one that prepared it, and nothing that is not in the ledger.
// An issuer is safe from several threads at once, a batch is for one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/authority/signer.h"
#include "engine/base/clock.h"
#include "engine/ledger/reservation.h"
#include "engine/x509/certificate.h"
#include "engine/x509/certificate_spec.h"
#include "engine/x509/leaf_rules.h"

namespace fleetmint {

// IssuerCertificate is what an issuer needs to know of its own certificate.
struct IssuerCertificate {
  Bytes der;
  Bytes subject;         // DER of its subject name, byte for byte
  Bytes key_identifier;  // its SKI
  Bytes spki;            // DER SubjectPublicKeyInfo
  Time not_before;       // of the issuer itself
  Time not_after;        // the earliest end in its chain: what ends later is cut
  std::string ends;      // the subject of the CA whose end that is
  LeafRules rules;       // what its chain lets it issue
  // Of reads the issuer's certificate, the first of `chain`, and those above it, as far as they are
  // known. Throws Error(kAuthority) if the first is not one of a CA, or may not sign certificates.
  static IssuerCertificate Of(std::span<const Certificate> chain);
};

// ValidityDates is what a certificate's validity comes to.
struct ValidityDates {
  Time not_before;
  Time not_after;
};

// WidthOfJitter gives the part of the jitter that counts, at most a tenth of the validity: how long
// before now + duration a certificate may end.
Seconds WidthOfJitter(const Validity& validity);

// DatesOf gives the dates of the certificate in row `row` of the ledger, before the issuer's own
// dates cut them. The jitter taken off the end, at most a tenth of the validity, is spread evenly
// over neighbouring rows: of a fleet that is issued in one run, or in a few, no day has more than
// 1.1 times the mean of certificates that end on it, where that is about seventy or more.
ValidityDates DatesOf(const Validity& validity, std::int64_t row, Time now);

struct IssuedCertificate {
  Reservation reservation;
  Bytes der;
  Time not_before;
  Time not_after;
  bool clamped = false;
};

class Issuer;

// SigningBatch is certificates that one issuer has prepared and is about to sign. Move-only.
class SigningBatch {
 public:
  SigningBatch(SigningBatch&&) noexcept = default;
  SigningBatch& operator=(SigningBatch&&) = delete;
  SigningBatch(const SigningBatch&) = delete;
  SigningBatch& operator=(const SigningBatch&) = delete;
  ~SigningBatch() = default;

  // Prepare encodes and lints one certificate. On Error(kEndpoint) (a lint finding) the reservation
  // stays with the caller; on success it has moved into the batch. Error(kLedger): the reservation
  // is spent, or another issuer's.
  void Prepare(Reservation& reservation, const CertificateSpec& spec, ByteView spki, Time now);
  std::size_t size() const { return prepared_.size(); }

  // Sign signs all of them in one call of the signer, in the order in which they were prepared.
  std::vector<IssuedCertificate> Sign() &&;

 private:
  friend class Issuer;
  struct Prepared {
    Reservation reservation;
    Bytes tbs;
    Time not_before;
    Time not_after;
    bool clamped;
  };
  explicit SigningBatch(const Issuer& issuer) : issuer_(&issuer) {}
  const Issuer* issuer_;
  std::vector<Prepared> prepared_;
};

class Issuer {
 public:
  // `id` is the ledger's of this issuer. `signer` (not owned) must hold the key of `certificate`:
  // Error(kAuthority) otherwise.
  Issuer(std::int64_t id, IssuerCertificate certificate, Signer& signer);

  std::int64_t id() const { return id_; }
  const IssuerCertificate& certificate() const { return certificate_; }

  // CheckValidity throws Error(kAuthority) if a certificate asked for now with this validity would
  // get less than a quarter of it, or if the CA is expired or not yet valid. (Of a certificate
  // alone, so that it can be asked before the key is at hand.)
  static void CheckValidity(const IssuerCertificate& certificate, const Validity& validity,
                            Time now);

  // NewBatch opens a batch; the issuer must outlive it.
  SigningBatch NewBatch() const { return SigningBatch(*this); }

 private:
  friend class SigningBatch;
  std::int64_t id_;
  IssuerCertificate certificate_;
  Signer& signer_;
};

// SelfSign makes a root: prepare, lint and sign with the root's own signer.
IssuedCertificate SelfSign(Reservation reservation, const CertificateSpec& spec, Signer& signer,
                           Time now);

}  // namespace fleetmint
