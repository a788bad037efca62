#include "engine/x509/certificate.h"

#include <botan/exceptn.h>
#include <botan/pk_keys.h>
#include <botan/x509_crl.h>
#include <botan/x509cert.h>

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/base/botan_compat.h"
#include "engine/base/botan_error.h"
#include "engine/base/error.h"

namespace fleetmint {
namespace {

Bytes Copy(ByteView view) { return {view.begin(), view.end()}; }

}  // namespace

Certificate Certificate::Parse(ByteView der) {
  Certificate certificate;
  certificate.der_ = Copy(der);
  try {
    certificate.botan_ = std::make_shared<const Botan::X509_Certificate>(der.data(), der.size());
  } catch (const Botan::Exception& error) {
    ThrowIfOutOfMemory(error);
    throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged,
                         std::string("not a certificate: ") + error.what());
  }
  certificate.version_ = static_cast<int>(certificate.botan_->x509_version());
  certificate.TakeFrom(CertificateView::Read(certificate.der_));
  return certificate;
}

void Certificate::TakeFrom(const CertificateView& view) {
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

bool Certificate::SignedBy(const Certificate& issuer) const {
  try {
    const auto key = botan_compat::SubjectPublicKey(*issuer.botan_);
    return botan_->check_signature(*key);
  } catch (const Botan::Exception& error) {
    ThrowIfOutOfMemory(error);
    return false;  // a key or an algorithm that Botan does not know verifies nothing
  }
}

bool Certificate::HasSignedCrl(ByteView crl) const {
  try {
    const Botan::X509_CRL read(std::vector<std::uint8_t>(crl.begin(), crl.end()));
    const auto key = botan_compat::SubjectPublicKey(*botan_);
    return read.check_signature(*key);
  } catch (const Botan::Exception& error) {
    ThrowIfOutOfMemory(error);
    return false;  // not a signature that can be checked
  }
}

}  // namespace fleetmint
