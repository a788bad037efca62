#include "engine/authority/issuer.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/x509/certificate.h"
#include "engine/x509/lint.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

// Multiples of the golden ratio's fraction (2^64 / phi) are spread evenly, however many there are:
// the certificates of a fleet, whose rows are counted up, do not end in one minute.
Seconds JitterOf(std::int64_t row, const Validity& validity) {
  constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15U;
  const std::uint64_t fraction = static_cast<std::uint64_t>(row) * kGoldenRatio;
  const Seconds most = WidthOfJitter(validity);
  return Seconds{
      static_cast<std::int64_t>((static_cast<unsigned __int128>(most.count()) * fraction) >> 64U)};
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

Seconds WidthOfJitter(const Validity& validity) {
  return std::min(validity.jitter, validity.duration / 10);
}

ValidityDates DatesOf(const Validity& validity, std::int64_t row, Time now) {
  return {now - validity.backdate, now + validity.duration - JitterOf(row, validity)};
}

IssuerCertificate IssuerCertificate::Of(std::span<const Certificate> chain) {
  const Certificate& certificate = chain.front();
  if (!certificate.MaySignCertificates()) {
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
  issuer.spki = certificate.spki();
  issuer.not_before = certificate.not_before();
  const auto first = std::min_element(chain.begin(), chain.end(), [](const auto& a, const auto& b) {
    return a.not_after() < b.not_after();
  });
  issuer.not_after = first->not_after();
  issuer.ends = NameToString(first->subject());
  issuer.rules = LeafRules(chain);
  return issuer;
}

Issuer::Issuer(std::int64_t id, IssuerCertificate certificate, Signer& signer)
    : id_(id), certificate_(std::move(certificate)), signer_(signer) {
  if (certificate_.spki != signer_.spki()) {
    throw Error::WithHint(ErrorKind::kAuthority, "the CA key does not belong to the CA certificate",
                          "give the key that the certificate was made for");
  }
}

void Issuer::CheckValidity(const IssuerCertificate& certificate, const Validity& validity,
                           Time now) {
  if (now > certificate.not_after) {
    throw Error::WithHint(ErrorKind::kAuthority,
                          "the CA certificate '" + certificate.ends + "' expired at " +
                              FormatRfc3339(certificate.not_after),
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
                          "the CA certificate '" + certificate.ends + "' ends at " +
                              FormatRfc3339(certificate.not_after) +
                              ": under a quarter of the validity '" +
                              FormatDuration(validity.duration) + "' is left",
                          "renew the issuing CA, or ask for a shorter validity");
  }
}

void SigningBatch::Prepare(Reservation& reservation, const CertificateSpec& spec, ByteView spki,
                           Time now) {
  if (reservation.spent()) {  // its serial is in a certificate already
    throw Error(ErrorKind::kLedger,
                "serial " + SerialHex(reservation.serial()) + " was used already");
  }
  if (reservation.issuer() != issuer_->id_) {
    throw Error(ErrorKind::kLedger,
                "serial " + SerialHex(reservation.serial()) + " was reserved for another issuer");
  }
  const IssuerCertificate& certificate = issuer_->certificate_;
  ValidityDates dates = DatesOf(spec.validity, reservation.row(), now);
  dates.not_before = std::max(dates.not_before, certificate.not_before);
  const Time latest = std::min(certificate.not_after, reservation.end_bound());
  const bool clamped = dates.not_after > latest;
  if (clamped) dates.not_after = latest;
  const TbsInput input{.serial = reservation.serial(),
                       .signature_algorithm = issuer_->signer_.algorithm(),
                       .issuer_name = certificate.subject,
                       .issuer_key_identifier = certificate.key_identifier,
                       .not_before = dates.not_before,
                       .not_after = dates.not_after,
                       .spki = spki};
  Bytes tbs = EncodeTbsCertificate(spec, input);
  Lint(tbs, spec,
       {.issuer_name = certificate.subject,
        .issuer_key_identifier = certificate.key_identifier,
        .issuer_not_before = certificate.not_before,
        .issuer_not_after = certificate.not_after,
        .rules = &certificate.rules,
        .self_signed = false},
       reservation.endpoint());
  prepared_.push_back(
      {std::move(reservation), std::move(tbs), dates.not_before, dates.not_after, clamped});
}

std::vector<IssuedCertificate> SigningBatch::Sign() && {
  std::vector<Prepared> prepared = std::move(prepared_);
  prepared_.clear();
  std::vector<ByteView> messages;
  messages.reserve(prepared.size());
  for (const Prepared& certificate : prepared) messages.emplace_back(certificate.tbs);
  const std::vector<Bytes> signatures = issuer_->signer_.Sign(messages);
  std::vector<IssuedCertificate> issued;
  issued.reserve(prepared.size());
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    Prepared& from = prepared[i];
    issued.push_back({std::move(from.reservation),
                      AssembleSigned(from.tbs, issuer_->signer_.algorithm(), signatures[i]),
                      from.not_before, from.not_after, from.clamped});
  }
  return issued;
}

IssuedCertificate SelfSign(Reservation reservation, const CertificateSpec& spec, Signer& signer,
                           Time now) {
  const ValidityDates dates = DatesOf(spec.validity, reservation.row(), now);
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
        .rules = nullptr,
        .self_signed = true},
       reservation.endpoint());
  const ByteView message = tbs;
  const Bytes signature = signer.Sign({&message, 1}).front();
  return {std::move(reservation), AssembleSigned(tbs, signer.algorithm(), signature),
          dates.not_before, dates.not_after, false};
}

}  // namespace fleetmint
