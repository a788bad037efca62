#include "engine/x509/certificate.h"

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/x509/certificate_spec.h"
#include "engine/x509/oids.h"
#include "engine/x509/signature_check.h"

namespace fleetmint {
namespace {

Bytes Copy(ByteView view) { return {view.begin(), view.end()}; }

}  // namespace

Certificate Certificate::Parse(ByteView der) {
  Certificate certificate;
  certificate.der_ = Copy(der);
  certificate.TakeFrom(CertificateView::Read(certificate.der_));
  return certificate;
}

void Certificate::TakeFrom(const CertificateView& view) {
  version_ = view.version();
  serial_ = Copy(view.serial());
  issuer_ = Copy(view.issuer());
  subject_ = Copy(view.subject());
  spki_ = Copy(view.spki());
  not_before_ = view.not_before();
  not_after_ = view.not_after();
  const CertificateView::BasicConstraints constraints = view.Constraints();
  is_ca_ = constraints.ca;
  path_length_ = constraints.path_length;
  key_usage_ = view.KeyUsage();
  extended_key_usage_ = view.ExtendedKeyUsage();
  san_ = view.San();
  subject_key_identifier_ = Copy(view.SubjectKeyIdentifier());
  authority_key_identifier_ = Copy(view.AuthorityKeyIdentifier());
  for (const ExtensionView& extension : view.extensions()) {
    extensions_.push_back({OidText(extension.oid), extension.critical, Copy(extension.value)});
  }
}

const Bytes* Certificate::Extension(const std::string& oid) const {
  const auto place = std::find_if(extensions_.begin(), extensions_.end(),
                                  [&](const auto& extension) { return extension.oid == oid; });
  return place == extensions_.end() ? nullptr : &place->value;
}

bool Certificate::IsCritical(const std::string& oid) const {
  return std::any_of(extensions_.begin(), extensions_.end(), [&](const auto& extension) {
    return extension.oid == oid && extension.critical;
  });
}

std::vector<std::string> Certificate::ExtensionOids() const {
  std::vector<std::string> oids;
  for (const RawExtension& extension : extensions_) oids.push_back(extension.oid);
  return oids;
}

std::string Certificate::SignatureOid() const {
  return BerReader(View().algorithm()).Enter(ber::kSequence, "a signature algorithm").Oid();
}

bool Certificate::MaySignCrls() const {
  return Extension(oid::kKeyUsage) == nullptr || (key_usage_ & key_usage::kCrlSign) != 0;
}

bool Certificate::MaySignCertificates() const {
  const bool usage = Extension(oid::kKeyUsage) != nullptr;
  if (usage && (key_usage_ & key_usage::kKeyCertSign) == 0) return false;
  if (Extension(oid::kBasicConstraints) != nullptr) return is_ca_;
  return usage || (version_ == 1 && issuer_ == subject_);
}

bool Certificate::SignedBy(const Certificate& issuer) const {
  const CertificateView view = View();
  // RFC 5280 4.1.1.2: the algorithm stands twice.
  return std::equal(view.algorithm().begin(), view.algorithm().end(),
                    view.inner_algorithm().begin(), view.inner_algorithm().end()) &&
         IsSignedBy(der_, issuer.spki());
}

bool Certificate::HasSignedCrl(ByteView crl) const { return IsSignedBy(crl, spki_); }

}  // namespace fleetmint
