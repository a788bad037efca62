#include "engine/x509/certificate_view.h"

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/base/error.h"
#include "engine/x509/name_match.h"
#include "engine/x509/read_time.h"

namespace fleetmint {
namespace {

using std::string_view_literals::operator""sv;

// id-ce (2.5.29) and the number of an extension (RFC 5280 4.2.1), as content octets.
constexpr std::string_view kSubjectKeyIdentifier = "\x55\x1D\x0E"sv;
constexpr std::string_view kKeyUsage = "\x55\x1D\x0F"sv;
constexpr std::string_view kSubjectAltName = "\x55\x1D\x11"sv;
constexpr std::string_view kBasicConstraints = "\x55\x1D\x13"sv;
constexpr std::string_view kAuthorityKeyIdentifier = "\x55\x1D\x23"sv;
// 1.3.6.1.4.1.311.20.2.3, a user principal name.
constexpr std::string_view kUserPrincipalName = "\x2B\x06\x01\x04\x01\x82\x37\x14\x02\x03"sv;
constexpr std::string_view kExtendedKeyUsage = "\x55\x1D\x25"sv;

// Of an otherName: a user principal name, and nothing else that others may write there.
void ReadOtherName(BerReader other, SubjectAltNames& san) {
  const BerElement type = other.Expect(ber::kOid, "the type of an other name");
  if (AsText(type.content) != kUserPrincipalName) return;
  BerReader value = other.Enter(ber::Context(0), "a user principal name");
  san.upn.emplace_back(AsText(value.Expect(ber::kUtf8String, "a user principal name").content));
}

}  // namespace

CertificateView CertificateView::Read(ByteView der) {
  CertificateView view;
  BerReader file(der);
  BerReader outer = file.Enter(ber::kSequence, "a certificate");
  file.ExpectEnd("the certificate");
  const BerElement element = outer.Expect(ber::kSequence, "a TBSCertificate");
  view.tbs_ = element.encoded;
  BerReader tbs(element.content);
  if (tbs.PeekTag() == ber::Context(0)) {
    view.version_ = 1 + static_cast<int>(tbs.Enter(ber::Context(0), "a version").SmallInteger());
  }
  view.raw_serial_ = tbs.Expect(ber::kInteger, "a serial number").content;
  view.serial_ = view.raw_serial_;
  while (view.serial_.size() > 1 && view.serial_[0] == 0) view.serial_ = view.serial_.subspan(1);
  view.inner_algorithm_ = tbs.Expect(ber::kSequence, "a signature algorithm").encoded;
  view.issuer_ = tbs.Expect(ber::kSequence, "an issuer").encoded;
  BerReader validity = tbs.Enter(ber::kSequence, "a validity");
  view.not_before_ = ReadTime(validity);
  view.not_after_ = ReadTime(validity);
  view.subject_ = tbs.Expect(ber::kSequence, "a subject").encoded;
  view.spki_ = tbs.Expect(ber::kSequence, "a public key").encoded;
  while (!tbs.AtEnd() && tbs.PeekTag() != ber::Context(3)) tbs.Next();
  if (!tbs.AtEnd()) {
    view.extensions_.reserve(10);
    ForEachExtension(tbs.Enter(ber::Context(3), "extensions").Enter(ber::kSequence, "extensions"),
                     [&](const ExtensionView& one) { view.extensions_.push_back(one); });
  }
  view.algorithm_ = outer.Expect(ber::kSequence, "a signature algorithm").encoded;
  view.signature_ = outer.BitString("a signature");
  outer.ExpectEnd("a certificate");
  return view;
}

const ExtensionView* CertificateView::Extension(std::string_view oid) const {
  const auto place =
      std::find_if(extensions_.begin(), extensions_.end(),
                   [&](const ExtensionView& extension) { return AsText(extension.oid) == oid; });
  return place == extensions_.end() ? nullptr : &*place;
}

SubjectAltNames CertificateView::San() const {
  SubjectAltNames san;
  const ExtensionView* const extension = Extension(kSubjectAltName);
  if (extension == nullptr) return san;
  BerReader names = BerReader(extension->value).Enter(ber::kSequence, "subject alternative names");
  while (!names.AtEnd()) {
    const BerElement name = names.Next();
    if (name.tag == ber::Context(0)) ReadOtherName(BerReader(name.content), san);
    if (name.tag == ber::ContextPrimitive(1)) san.email.emplace_back(AsText(name.content));
    if (name.tag == ber::ContextPrimitive(2)) san.dns.emplace_back(AsText(name.content));
    if (name.tag == ber::ContextPrimitive(6)) san.uri.emplace_back(AsText(name.content));
    if (name.tag == ber::ContextPrimitive(7)) {
      san.ip.emplace_back(name.content.begin(), name.content.end());
    }
  }
  return san;
}

std::uint16_t CertificateView::KeyUsage() const {
  const ExtensionView* const extension = Extension(kKeyUsage);
  if (extension == nullptr) return 0;
  const ByteView content = BerReader(extension->value).Expect(ber::kBitString, "key usage").content;
  std::uint16_t bits = 0;
  for (unsigned i = 0; i < 9 && 1 + i / 8 < content.size(); ++i) {
    if ((content[1 + i / 8] & (0x80U >> (i % 8))) != 0) {
      bits = static_cast<std::uint16_t>(bits | 1U << i);
    }
  }
  return bits;
}

std::vector<std::string> CertificateView::ExtendedKeyUsage() const {
  std::vector<std::string> usages;
  const ExtensionView* const extension = Extension(kExtendedKeyUsage);
  if (extension == nullptr) return usages;
  BerReader oids = BerReader(extension->value).Enter(ber::kSequence, "extended key usage");
  while (!oids.AtEnd()) usages.push_back(oids.Oid());
  return usages;
}

CertificateView::BasicConstraints CertificateView::Constraints() const {
  BasicConstraints constraints;
  const ExtensionView* const extension = Extension(kBasicConstraints);
  if (extension == nullptr) return constraints;
  BerReader reader = BerReader(extension->value).Enter(ber::kSequence, "basic constraints");
  constraints.ca = ReadFlag(reader);
  if (!reader.AtEnd()) {
    constraints.path_length = static_cast<std::uint32_t>(reader.SmallInteger());
  }
  return constraints;
}

ByteView CertificateView::SubjectKeyIdentifier() const {
  const ExtensionView* const extension = Extension(kSubjectKeyIdentifier);
  if (extension == nullptr) return {};
  return BerReader(extension->value).Expect(ber::kOctetString, "a key id").content;
}

ByteView CertificateView::AuthorityKeyIdentifier() const {
  const ExtensionView* const extension = Extension(kAuthorityKeyIdentifier);
  if (extension == nullptr) return {};
  BerReader identifier =
      BerReader(extension->value).Enter(ber::kSequence, "an authority key identifier");
  if (identifier.PeekTag() != ber::ContextPrimitive(0)) return {};
  return identifier.Next().content;
}

bool CertificateView::NamesKeyOf(const CertificateView& issuer) const {
  const ExtensionView* const extension = Extension(kAuthorityKeyIdentifier);
  if (extension == nullptr) return true;
  BerReader identifier =
      BerReader(extension->value).Enter(ber::kSequence, "an authority key identifier");
  while (!identifier.AtEnd()) {
    const BerElement field = identifier.Next();
    if (field.tag == ber::ContextPrimitive(0)) {
      const ByteView key = issuer.SubjectKeyIdentifier();
      if (!key.empty() &&
          !std::equal(key.begin(), key.end(), field.content.begin(), field.content.end())) {
        return false;
      }
    } else if (field.tag == ber::ContextPrimitive(2)) {
      const ByteView serial = issuer.raw_serial();
      if (!std::equal(serial.begin(), serial.end(), field.content.begin(), field.content.end())) {
        return false;
      }
    } else if (field.tag == ber::Context(1)) {
      // Of several names the first directory name counts: that of the issuer's issuer.
      BerReader names(field.content);
      while (!names.AtEnd()) {
        const BerElement name = names.Next();
        if (name.tag != ber::Context(4)) continue;
        const ByteView wanted = BerReader(name.content).Expect(ber::kSequence, "a name").encoded;
        if (!SameName(wanted, issuer.issuer())) return false;
        break;
      }
    }
  }
  return true;
}

}  // namespace fleetmint
