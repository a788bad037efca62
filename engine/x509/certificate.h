// Certificate: a DER certificate of anybody's, for chains, the lint, verify and the command line.
//
// Read by our BER reader (CertificateView) alone: what others have issued need not please a library
// to be shown and judged. Never with the encoder's code. A value; copies are cheap enough for
// hundreds, not for millions. Const access from several threads is safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/x509/certificate_view.h"
#include "engine/x509/san.h"

namespace fleetmint {

class Certificate {
 public:
  // Parse throws Error(kInput) if `der` is not one whole certificate, or an extension that it reads
  // is not of its form. Success does not mean that it is valid: dates, names, signature and
  // constraints are looked at by chain.h, and nothing looks at revocation.
  static Certificate Parse(ByteView der);

  const Bytes& der() const { return der_; }
  // View gives the certificate in place, for what is not kept here.
  CertificateView View() const { return CertificateView::Read(der_); }
  int version() const { return version_; }
  const Bytes& serial() const { return serial_; }    // magnitude, big endian, without leading zeros
  const Bytes& subject() const { return subject_; }  // DER of the name
  const Bytes& issuer() const { return issuer_; }    // DER of the name
  const Bytes& spki() const { return spki_; }
  Time not_before() const { return not_before_; }
  Time not_after() const { return not_after_; }

  bool is_ca() const { return is_ca_; }
  std::optional<std::uint32_t> path_length() const { return path_length_; }
  // Bits of key_usage::; 0 where there is none, which restricts nothing: ask MaySignCrls.
  std::uint16_t key_usage() const { return key_usage_; }
  bool MaySignCrls() const;
  // MaySignCertificates: it is one of a CA as most verifiers have it: by its basic constraints; or
  // without any, by keyCertSign, or as a self-signed one of version 1.
  bool MaySignCertificates() const;
  const std::vector<std::string>& extended_key_usage() const { return extended_key_usage_; }
  const SubjectAltNames& san() const { return san_; }
  const Bytes& subject_key_identifier() const { return subject_key_identifier_; }
  const Bytes& authority_key_identifier() const { return authority_key_identifier_; }

  // Extension gives the DER of an extension's value, or nothing.
  const Bytes* Extension(const std::string& oid) const;
  bool IsCritical(const std::string& oid) const;
  std::vector<std::string> ExtensionOids() const;  // in the order of the certificate
  std::string SignatureOid() const;                // of its signature's algorithm

  // SignedBy tells whether `issuer`'s key made the signature. It looks at the signature alone:
  // names, dates and CA bits are the caller's.
  bool SignedBy(const Certificate& issuer) const;
  // HasSignedCrl tells whether this certificate's key made the signature of a CRL; that alone.
  bool HasSignedCrl(ByteView crl) const;

 private:
  struct RawExtension {
    std::string oid;
    bool critical = false;
    Bytes value;
  };
  Certificate() = default;
  void TakeFrom(const CertificateView& view);

  Bytes der_, serial_, subject_, issuer_, spki_;
  int version_ = 1;
  Time not_before_, not_after_;
  bool is_ca_ = false;
  std::optional<std::uint32_t> path_length_;
  std::uint16_t key_usage_ = 0;
  std::vector<std::string> extended_key_usage_;
  SubjectAltNames san_;
  Bytes subject_key_identifier_, authority_key_identifier_;
  std::vector<RawExtension> extensions_;
};

}  // namespace fleetmint
