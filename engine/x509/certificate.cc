#include "engine/x509/certificate.h"

#include <botan/exceptn.h>
#include <botan/pk_keys.h>
#include <botan/x509cert.h>

#include <algorithm>

#include "engine/base/ber.h"
#include "engine/base/botan_compat.h"
#include "engine/base/botan_error.h"
#include "engine/base/error.h"

namespace fleetmint {
namespace {

Bytes Copy(ByteView view) { return {view.begin(), view.end()}; }

SubjectAltNames ReadSan(ByteView value) {
  SubjectAltNames san;
  BerReader names = BerReader(value).Enter(ber::kSequence, "subject alternative names");
  while (!names.AtEnd()) {
    const BerElement name = names.Next();
    if (name.tag == ber::ContextPrimitive(2)) san.dns.emplace_back(AsText(name.content));
    if (name.tag == ber::ContextPrimitive(7)) san.ip.push_back(Copy(name.content));
  }
  return san;
}

std::uint16_t ReadKeyUsage(ByteView value) {
  const ByteView content = BerReader(value).Expect(ber::kBitString, "key usage").content;
  std::uint16_t bits = 0;
  for (unsigned i = 0; i < 9 && 1 + i / 8 < content.size(); ++i) {
    if ((content[1 + i / 8] & (0x80U >> (i % 8))) != 0)
      bits = static_cast<std::uint16_t>(bits | 1U << i);
  }
  return bits;
}

// RFC 5280 4.1.2.5. Botan's own conversion throws before 1970 and overflows after 2262.
Time ReadTime(BerReader& validity) {
  const BerElement element = validity.Next();
  std::string digits(AsText(element.content));
  if (element.tag == ber::kUtcTime) digits.insert(0, digits < "50" ? "20" : "19");
  const bool known = element.tag == ber::kUtcTime || element.tag == ber::kGeneralizedTime;
  if (!known || digits.size() != 15)
    throw Error(ErrorKind::kInput, "not a certificate: a bad date");
  const auto part = [&](std::size_t at) { return digits.substr(at, 2); };
  return ParseRfc3339(part(0) + part(2) + "-" + part(4) + "-" + part(6) + "T" + part(8) + ":" +
                      part(10) + ":" + part(12) + digits.back());
}

}  // namespace

Certificate Certificate::Parse(ByteView der) {
  Certificate certificate;
  certificate.der_ = Copy(der);
  try {
    certificate.botan_ = std::make_shared<const Botan::X509_Certificate>(der.data(), der.size());
  } catch (const Botan::Exception& error) {
    ThrowIfOutOfMemory(error);
    throw Error(ErrorKind::kInput, std::string("not a certificate: ") + error.what());
  }
  certificate.version_ = static_cast<int>(certificate.botan_->x509_version());
  certificate.ReadTbs();
  return certificate;
}

void Certificate::ReadTbs() {
  BerReader file(der_);
  BerReader outer = file.Enter(ber::kSequence, "a certificate");
  file.ExpectEnd("the certificate");
  BerReader tbs = outer.Enter(ber::kSequence, "a TBSCertificate");
  if (tbs.PeekTag() == ber::Context(0)) tbs.Next();
  ByteView serial = tbs.Expect(ber::kInteger, "a serial number").content;
  while (serial.size() > 1 && serial[0] == 0) serial = serial.subspan(1);
  serial_ = Copy(serial);
  tbs.Expect(ber::kSequence, "a signature algorithm");
  issuer_ = Copy(tbs.Expect(ber::kSequence, "an issuer").encoded);
  BerReader validity = tbs.Enter(ber::kSequence, "a validity");
  not_before_ = ReadTime(validity);
  not_after_ = ReadTime(validity);
  subject_ = Copy(tbs.Expect(ber::kSequence, "a subject").encoded);
  spki_ = Copy(tbs.Expect(ber::kSequence, "a public key").encoded);
  while (!tbs.AtEnd() && tbs.PeekTag() != ber::Context(3)) tbs.Next();
  if (tbs.AtEnd()) return;
  BerReader list = tbs.Enter(ber::Context(3), "extensions").Enter(ber::kSequence, "extensions");
  while (!list.AtEnd()) {
    BerReader reader = list.Enter(ber::kSequence, "an extension");
    RawExtension extension;
    extension.oid = reader.Oid();
    if (reader.PeekTag() == ber::kBoolean) {
      const ByteView flag = reader.Next().content;
      extension.critical = !flag.empty() && flag[0] != 0;
    }
    extension.value = Copy(reader.Expect(ber::kOctetString, "an extension's value").content);
    ReadExtension(extension);
    extensions_.push_back(std::move(extension));
  }
}

void Certificate::ReadExtension(const RawExtension& extension) {
  const ByteView value = extension.value;
  if (extension.oid == "2.5.29.19") {
    BerReader constraints = BerReader(value).Enter(ber::kSequence, "basic constraints");
    if (constraints.PeekTag() == ber::kBoolean) {
      const ByteView flag = constraints.Next().content;
      is_ca_ = !flag.empty() && flag[0] != 0;
    }
    if (!constraints.AtEnd()) path_length_ = static_cast<std::uint32_t>(constraints.SmallInteger());
  } else if (extension.oid == "2.5.29.15") {
    key_usage_ = ReadKeyUsage(value);
  } else if (extension.oid == "2.5.29.37") {
    BerReader oids = BerReader(value).Enter(ber::kSequence, "extended key usage");
    while (!oids.AtEnd()) extended_key_usage_.push_back(oids.Oid());
  } else if (extension.oid == "2.5.29.17") {
    san_ = ReadSan(value);
  } else if (extension.oid == "2.5.29.14") {
    subject_key_identifier_ = Copy(BerReader(value).Expect(ber::kOctetString, "a key id").content);
  } else if (extension.oid == "2.5.29.35") {
    BerReader aki = BerReader(value).Enter(ber::kSequence, "an authority key identifier");
    if (aki.PeekTag() == ber::ContextPrimitive(0))
      authority_key_identifier_ = Copy(aki.Next().content);
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

}  // namespace fleetmint
