// CertificateView: the fields of a DER certificate, read in place: no copies and no second parser,
// so that a million certificates of our own can be read for a manifest.
//
// Reading proves the outer form and the fields below alone: success does not mean that the
// certificate is valid, that its signature is right, that its extensions make sense or that another
// reader accepts it. For certificates of others there is Certificate, which asks Botan, too.
//
// Views into the bytes that were read, which must outlive them. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/x509/extension_view.h"
#include "engine/x509/san.h"

namespace fleetmint {

class CertificateView {
 public:
  // Read throws Error(kInput, kDamaged) if `der` is not one whole certificate.
  static CertificateView Read(ByteView der);

  ByteView tbs() const { return tbs_; }        // DER of the TBSCertificate
  int version() const { return version_; }     // 1 to 3
  ByteView serial() const { return serial_; }  // magnitude, big endian, without leading zeros
  ByteView raw_serial() const { return raw_serial_; }  // content of the INTEGER
  ByteView issuer() const { return issuer_; }          // DER of the name
  ByteView subject() const { return subject_; }        // DER of the name
  ByteView spki() const { return spki_; }              // DER of the SubjectPublicKeyInfo
  // The AlgorithmIdentifier (DER) within what is signed and the one beside the signature, which
  // must be the same; and the signature.
  ByteView inner_algorithm() const { return inner_algorithm_; }
  ByteView algorithm() const { return algorithm_; }
  ByteView signature() const { return signature_; }
  Time not_before() const { return not_before_; }
  Time not_after() const { return not_after_; }

  const std::vector<ExtensionView>& extensions() const { return extensions_; }
  // Extension gives the extension with this object identifier (its content octets), or nullptr.
  const ExtensionView* Extension(std::string_view oid) const;

  // What the usual extensions say; empty, zero or nothing where there is none.
  SubjectAltNames San() const;
  std::uint16_t KeyUsage() const;                     // bits of key_usage::
  std::vector<std::string> ExtendedKeyUsage() const;  // dotted
  struct BasicConstraints {
    bool ca = false;
    std::optional<std::uint32_t> path_length;
  };
  BasicConstraints Constraints() const;
  ByteView SubjectKeyIdentifier() const;
  ByteView AuthorityKeyIdentifier() const;
  // NamesKeyOf tells whether all that the authority key identifier says (key, or issuer and serial)
  // is true of that issuer. True where it says nothing.
  bool NamesKeyOf(const CertificateView& issuer) const;

 private:
  CertificateView() = default;
  int version_ = 1;
  ByteView tbs_, serial_, raw_serial_, issuer_, subject_, spki_;
  ByteView inner_algorithm_, algorithm_, signature_;
  Time not_before_, not_after_;
  std::vector<ExtensionView> extensions_;
};

}  // namespace fleetmint
