#include "engine/authority/issuer.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/x509/certificate.h"
#include "engine/x509/lint.h"

namespace fleetmint {
namespace {

struct Dates {
  Time not_before;
  Time not_after;
};

// jitter * f(serial): the first 32 bits of the serial's SHA-256 as a fraction in [0, 1).
Seconds JitterOf(const Serial& serial, Seconds jitter) {
  const Sha256Digest digest = Sha256(serial);
  std::uint64_t fraction = 0;
  for (int i = 0; i < 4; ++i) fraction = fraction << 8U | digest[static_cast<std::size_t>(i)];
  return Seconds{static_cast<std::int64_t>(
      (static_cast<unsigned __int128>(jitter.count()) * fraction) >> 32U)};
}

Dates DatesOf(const Validity& validity, const Serial& serial, Time now) {
  return {now - validity.backdate, now + validity.duration - JitterOf(serial, validity.jitter)};
}

void Lint(const Bytes& tbs, const CertificateSpec& spec, const LintContext& context,
          const std::string& endpoint) {
  const auto findings = LintTbs(tbs, spec, context);
  if (findings.empty()) return;
  const LintFinding& first = findings.front();
  throw Error(ErrorKind::kEndpoint, "certificate of '" + endpoint + "' fails the lint '" +
                                        first.rule + "' (" + first.citation +
                                        "): " + first.message);
}

}  // namespace

IssuerCertificate IssuerCertificate::Parse(ByteView der) {
  try {
    const Certificate certificate = Certificate::Parse(der);
    if (!certificate.is_ca() || (certificate.key_usage() & key_usage::kKeyCertSign) == 0) {
      throw Error::WithHint(ErrorKind::kAuthority, "the certificate is not one of a CA",
                            "it needs basic constraints CA:TRUE and key usage keyCertSign");
    }
    IssuerCertificate issuer;
    issuer.der = certificate.der();
    issuer.subject = certificate.subject();
    issuer.key_identifier = certificate.subject_key_identifier();
    if (issuer.key_identifier.empty()) {
      const Sha1Digest digest = SubjectKeyIdentifier(certificate.spki());
      issuer.key_identifier.assign(digest.begin(), digest.end());
    }
    issuer.not_before = certificate.not_before();
    issuer.not_after = certificate.not_after();
    return issuer;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kAuthority) throw;
    throw Error(ErrorKind::kAuthority, error.what());
  }
}

Issuer::Issuer(IssuerCertificate certificate, Signer& signer, std::vector<Certificate> chain)
    : certificate_(std::move(certificate)), chain_(std::move(chain)), signer_(signer) {
  if (Certificate::Parse(certificate_.der).spki() != signer_.spki()) {
    throw Error::WithHint(ErrorKind::kAuthority, "the CA key does not belong to the CA certificate",
                          "give the key that the certificate was made for");
  }
}

void Issuer::CheckValidity(const Validity& validity, Time now) const {
  CheckValidity(certificate_, validity, now);
}

void Issuer::CheckValidity(const IssuerCertificate& certificate, const Validity& validity,
                           Time now) {
  if (now > certificate.not_after) {
    throw Error::WithHint(ErrorKind::kAuthority,
                          "the CA certificate expired at " + FormatRfc3339(certificate.not_after),
                          "make or install a new issuing CA");
  }
  if (now < certificate.not_before) {
    throw Error::WithHint(
        ErrorKind::kAuthority,
        "the CA certificate is not valid before " + FormatRfc3339(certificate.not_before),
        "check the clock of this machine");
  }
  const Seconds left = certificate.not_after - now;
  if (left * 4 < validity.duration) {
    throw Error::WithHint(ErrorKind::kAuthority,
                          "the CA certificate ends at " + FormatRfc3339(certificate.not_after) +
                              ": under a quarter of the validity '" +
                              FormatDuration(validity.duration) + "' is left",
                          "renew the issuing CA, or ask for a shorter validity");
  }
}

PreparedCertificate Issuer::Prepare(Reservation& reservation, const CertificateSpec& spec,
                                    ByteView spki, Time now) const {
  if (reservation.endpoint().empty()) {  // moved from: its serial is in a certificate already
    throw Error(ErrorKind::kLedger,
                "serial " + SerialHex(reservation.serial()) + " was used already");
  }
  Dates dates = DatesOf(spec.validity, reservation.serial(), now);
  dates.not_before = std::max(dates.not_before, certificate_.not_before);
  const bool clamped = dates.not_after > certificate_.not_after;
  if (clamped) dates.not_after = certificate_.not_after;
  const TbsInput input{.serial = reservation.serial(),
                       .signature_algorithm = signer_.algorithm(),
                       .issuer_name = certificate_.subject,
                       .issuer_key_identifier = certificate_.key_identifier,
                       .not_before = dates.not_before,
                       .not_after = dates.not_after,
                       .spki = spki};
  Bytes tbs = EncodeTbsCertificate(spec, input);
  Lint(tbs, spec,
       {.issuer_name = certificate_.subject,
        .issuer_key_identifier = certificate_.key_identifier,
        .issuer_not_before = certificate_.not_before,
        .issuer_not_after = certificate_.not_after,
        .chain = chain_,
        .self_signed = false},
       reservation.endpoint());
  PreparedCertificate prepared(std::move(reservation));
  prepared.tbs_ = std::move(tbs);
  prepared.not_before_ = dates.not_before;
  prepared.not_after_ = dates.not_after;
  prepared.clamped_ = clamped;
  return prepared;
}

std::vector<IssuedCertificate> Issuer::Sign(std::vector<PreparedCertificate> prepared) const {
  std::vector<ByteView> messages;
  messages.reserve(prepared.size());
  for (const PreparedCertificate& certificate : prepared) messages.emplace_back(certificate.tbs_);
  const std::vector<Bytes> signatures = signer_.Sign(messages);
  std::vector<IssuedCertificate> issued;
  issued.reserve(prepared.size());
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    PreparedCertificate& from = prepared[i];
    issued.push_back({std::move(from.reservation_),
                      AssembleSigned(from.tbs_, signer_.algorithm(), signatures[i]),
                      from.not_before_, from.not_after_, from.clamped_});
  }
  return issued;
}

IssuedCertificate SelfSign(Reservation reservation, const CertificateSpec& spec, Signer& signer,
                           Time now) {
  const Dates dates = DatesOf(spec.validity, reservation.serial(), now);
  const Bytes name = spec.subject.Encode();
  const TbsInput input{.serial = reservation.serial(),
                       .signature_algorithm = signer.algorithm(),
                       .issuer_name = name,
                       .issuer_key_identifier = {},
                       .not_before = dates.not_before,
                       .not_after = dates.not_after,
                       .spki = signer.spki()};
  const Bytes tbs = EncodeTbsCertificate(spec, input);
  Lint(tbs, spec,
       {.issuer_name = name,
        .issuer_key_identifier = {},
        .issuer_not_before = dates.not_before,
        .issuer_not_after = dates.not_after,
        .chain = {},
        .self_signed = true},
       reservation.endpoint());
  const ByteView message = tbs;
  const Bytes signature = signer.Sign({&message, 1}).front();
  return {std::move(reservation), AssembleSigned(tbs, signer.algorithm(), signature),
          dates.not_before, dates.not_after, false};
}

}  // namespace fleetmint
