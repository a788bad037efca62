#include "engine/x509/lint_reader.h"

#include <algorithm>
#include <array>

#include "engine/base/ber.h"
#include "engine/base/error.h"

namespace fleetmint {
namespace {

constexpr unsigned kDeepest = 32;  // levels, as in the BER reader

[[noreturn]] void Bad(const std::string& reason) {
  throw Error(ErrorKind::kInput, "not a TBSCertificate: " + reason);
}

// X.690 10.1: lengths are definite and in as few octets as they can be.
std::size_t DerHeaderSize(std::size_t length) {
  std::size_t size = 2;
  if (length < 0x80) return size;
  for (; length != 0; length >>= 8U) ++size;
  return size;
}

void RequireDer(ByteView encoded, unsigned depth = 0) {
  if (depth > kDeepest) Bad("it nests deeper than 32 levels");
  BerReader reader(encoded);
  while (!reader.AtEnd()) {
    const BerElement element = reader.Next();
    const bool indefinite = element.encoded[1] == 0x80;
    if (indefinite ||
        element.encoded.size() != DerHeaderSize(element.content.size()) + element.content.size()) {
      Bad("a length is not in DER");
    }
    if ((element.tag & ber::kConstructed) != 0) RequireDer(element.content, depth + 1);
  }
}

// BOOLEAN DEFAULT FALSE: X.690 11.1 and 11.5 leave one way to say each.
bool ReadFlag(BerReader& reader) {
  if (reader.PeekTag() != ber::kBoolean) return false;
  const ByteView content = reader.Next().content;
  if (content.size() != 1 || content[0] != 0xFF) Bad("a BOOLEAN that is not in DER");
  return true;
}

// RFC 5280 4.1.2.5.
Time ReadTime(BerReader& validity) {
  const BerElement element = validity.Next();
  std::string digits(AsText(element.content));
  if (element.tag == ber::kUtcTime) digits.insert(0, digits < "50" ? "20" : "19");
  const bool known = element.tag == ber::kUtcTime || element.tag == ber::kGeneralizedTime;
  if (!known || digits.size() != 15 || digits.back() != 'Z') Bad("a bad date");
  const auto part = [&](std::size_t at) { return digits.substr(at, 2); };
  return ParseRfc3339(part(0) + part(2) + "-" + part(4) + "-" + part(6) + "T" + part(8) + ":" +
                      part(10) + ":" + part(12) + "Z");
}

std::string ReadText(BerReader& reader, std::uint8_t tag, const char* what) {
  return std::string(AsText(reader.Expect(tag, what).content));
}

// 4.2.1.9.
void ReadBasicConstraints(BerReader value, TbsFields& fields) {
  BerReader constraints = value.Enter(ber::kSequence, "basic constraints");
  fields.is_ca = ReadFlag(constraints);
  fields.path_length.reset();
  if (!constraints.AtEnd()) fields.path_length = constraints.SmallInteger();
  constraints.ExpectEnd("basic constraints");
  value.ExpectEnd("basic constraints");
}

// 4.2.1.3: bit i is the i-th from the top of the octets behind the count of unused bits.
void ReadKeyUsage(BerReader value, TbsFields& fields) {
  const ByteView content = value.Expect(ber::kBitString, "key usage").content;
  value.ExpectEnd("key usage");
  if (content.empty() || content.size() > 3) Bad("key usage of too many bits, or of none");
  fields.key_usage = 0;
  for (unsigned i = 0; i < 8 * (content.size() - 1); ++i) {
    const bool set = (content[1 + i / 8] & (0x80U >> (i % 8))) != 0;
    if (set) fields.key_usage = static_cast<std::uint16_t>(fields.key_usage | 1U << i);
  }
}

// 4.2.1.12.
void ReadExtendedKeyUsage(BerReader value, TbsFields& fields) {
  BerReader oids = value.Enter(ber::kSequence, "extended key usage");
  value.ExpectEnd("extended key usage");
  fields.extended_key_usage.clear();
  while (!oids.AtEnd()) fields.extended_key_usage.push_back(oids.Oid());
}

// An otherName { type, [0] EXPLICIT UTF8String }: a user principal name alone.
std::string ReadUpn(BerReader other) {
  if (other.Oid() != "1.3.6.1.4.1.311.20.2.3") Bad("an other name that is no principal name");
  BerReader tagged = other.Enter(ber::Context(0), "a principal name");
  other.ExpectEnd("a principal name");
  std::string upn = ReadText(tagged, ber::kUtf8String, "a principal name");
  tagged.ExpectEnd("a principal name");
  return upn;
}

// 4.2.1.6.
void ReadSan(BerReader value, TbsFields& fields) {
  BerReader names = value.Enter(ber::kSequence, "subject alternative names");
  value.ExpectEnd("subject alternative names");
  fields.san = {};
  while (!names.AtEnd()) {
    const BerElement name = names.Next();
    if (name.tag == ber::ContextPrimitive(2)) {
      fields.san.dns.emplace_back(AsText(name.content));
    } else if (name.tag == ber::ContextPrimitive(7)) {
      fields.san.ip.emplace_back(name.content.begin(), name.content.end());
    } else if (name.tag == ber::ContextPrimitive(6)) {
      fields.san.uri.emplace_back(AsText(name.content));
    } else if (name.tag == ber::ContextPrimitive(1)) {
      fields.san.email.emplace_back(AsText(name.content));
    } else if (name.tag == ber::Context(0)) {
      fields.san.upn.push_back(ReadUpn(BerReader(name.content)));
    } else {
      Bad("a subject alternative name of a kind that is not written");
    }
  }
}

// 4.2.1.2.
void ReadSubjectKeyIdentifier(BerReader value, TbsFields& fields) {
  fields.subject_key_identifier = value.Expect(ber::kOctetString, "a key identifier").content;
  value.ExpectEnd("a key identifier");
}

// 4.2.1.1: of its forms the key identifier alone.
void ReadAuthorityKeyIdentifier(BerReader value, TbsFields& fields) {
  BerReader aki = value.Enter(ber::kSequence, "an authority key identifier");
  value.ExpectEnd("an authority key identifier");
  fields.authority_key_identifier =
      aki.Expect(ber::ContextPrimitive(0), "a key identifier").content;
  aki.ExpectEnd("a key identifier");
}

// 4.2.1.10: permitted DNS names alone.
void ReadNameConstraints(BerReader value, TbsFields& fields) {
  BerReader constraints = value.Enter(ber::kSequence, "name constraints");
  value.ExpectEnd("name constraints");
  BerReader subtrees = constraints.Enter(ber::Context(0), "permitted subtrees");
  constraints.ExpectEnd("permitted subtrees");
  fields.permitted_dns.clear();
  while (!subtrees.AtEnd()) {
    BerReader subtree = subtrees.Enter(ber::kSequence, "a subtree");
    fields.permitted_dns.push_back(ReadText(subtree, ber::ContextPrimitive(2), "a DNS name"));
    subtree.ExpectEnd("a subtree's name");
  }
}

// 4.2.1.13: each point has a full name of URIs.
void ReadCrlDistributionPoints(BerReader value, TbsFields& fields) {
  BerReader points = value.Enter(ber::kSequence, "CRL distribution points");
  value.ExpectEnd("CRL distribution points");
  fields.crl_urls.clear();
  while (!points.AtEnd()) {
    BerReader point = points.Enter(ber::kSequence, "a CRL distribution point");
    BerReader name = point.Enter(ber::Context(0), "a distribution point's name");
    point.ExpectEnd("a distribution point's name");
    BerReader full = name.Enter(ber::Context(0), "a full name");
    name.ExpectEnd("a full name");
    do fields.crl_urls.push_back(ReadText(full, ber::ContextPrimitive(6), "a URI"));
    while (!full.AtEnd());
  }
}

// 4.2.2.1: id-ad-ocsp and id-ad-caIssuers.
void ReadAuthorityInformation(BerReader value, TbsFields& fields) {
  BerReader descriptions = value.Enter(ber::kSequence, "authority information access");
  value.ExpectEnd("authority information access");
  fields.ca_issuers_urls.clear();
  fields.ocsp_urls.clear();
  while (!descriptions.AtEnd()) {
    BerReader description = descriptions.Enter(ber::kSequence, "an access description");
    const std::string method = description.Oid();
    const bool ocsp = method == "1.3.6.1.5.5.7.48.1";
    if (!ocsp && method != "1.3.6.1.5.5.7.48.2") Bad("an access that is not OCSP or CA issuers");
    (ocsp ? fields.ocsp_urls : fields.ca_issuers_urls)
        .push_back(ReadText(description, ber::ContextPrimitive(6), "a URI"));
    description.ExpectEnd("a URI");
  }
}

// KB5014754: one otherName [0] { szOID_NTDS_OBJECTSID, [0] OCTET STRING }.
void ReadSid(BerReader value, TbsFields& fields) {
  BerReader names = value.Enter(ber::kSequence, "a security identifier");
  value.ExpectEnd("a security identifier");
  BerReader other = names.Enter(ber::Context(0), "an other name");
  names.ExpectEnd("an other name");
  if (other.Oid() != "1.3.6.1.4.1.311.25.2.1") Bad("an other name that is no object SID");
  BerReader tagged = other.Enter(ber::Context(0), "an object SID");
  other.ExpectEnd("an object SID");
  fields.sid = ReadText(tagged, ber::kOctetString, "an object SID");
  tagged.ExpectEnd("an object SID");
}

struct KnownExtension {
  const char* oid;
  void (*read)(BerReader value, TbsFields& fields);
};

constexpr std::array<KnownExtension, 10> kKnownExtensions{{
    {lint_oid::kBasicConstraints, ReadBasicConstraints},
    {lint_oid::kKeyUsage, ReadKeyUsage},
    {lint_oid::kExtendedKeyUsage, ReadExtendedKeyUsage},
    {lint_oid::kSubjectAltName, ReadSan},
    {lint_oid::kSubjectKeyIdentifier, ReadSubjectKeyIdentifier},
    {lint_oid::kAuthorityKeyIdentifier, ReadAuthorityKeyIdentifier},
    {lint_oid::kNameConstraints, ReadNameConstraints},
    {lint_oid::kCrlDistributionPoints, ReadCrlDistributionPoints},
    {lint_oid::kAuthorityInformation, ReadAuthorityInformation},
    {lint_oid::kSecurityIdentifier, ReadSid},
}};

void ReadExtension(BerReader reader, TbsFields& fields) {
  TbsFields::Extension extension;
  extension.oid = reader.Oid();
  extension.critical = ReadFlag(reader);
  extension.value = reader.Expect(ber::kOctetString, "an extension's value").content;
  reader.ExpectEnd("an extension's value");
  RequireDer(extension.value);
  for (const KnownExtension& known : kKnownExtensions) {
    if (extension.oid == known.oid) known.read(BerReader(extension.value), fields);
  }
  fields.extensions.push_back(std::move(extension));
}

}  // namespace

const TbsFields::Extension* TbsFields::Find(const std::string& oid) const {
  const auto place = std::find_if(extensions.begin(), extensions.end(),
                                  [&](const auto& e) { return e.oid == oid; });
  return place == extensions.end() ? nullptr : &*place;
}

bool TbsFields::IsCritical(const std::string& oid) const {
  const Extension* const extension = Find(oid);
  return extension != nullptr && extension->critical;
}

TbsFields ReadTbs(ByteView encoded) {
  RequireDer(encoded);
  BerReader whole(encoded);
  BerReader tbs = whole.Enter(ber::kSequence, "a TBSCertificate");
  whole.ExpectEnd("the TBSCertificate");
  TbsFields fields;
  if (tbs.PeekTag() == ber::Context(0)) {
    BerReader version = tbs.Enter(ber::Context(0), "a version");
    fields.version = version.SmallInteger() + 1;
    version.ExpectEnd("the version");
  }
  fields.serial = tbs.Expect(ber::kInteger, "a serial number").content;
  fields.signature_algorithm = tbs.Expect(ber::kSequence, "a signature algorithm").encoded;
  fields.issuer = tbs.Expect(ber::kSequence, "an issuer").encoded;
  BerReader validity = tbs.Enter(ber::kSequence, "a validity");
  fields.not_before = ReadTime(validity);
  fields.not_after = ReadTime(validity);
  validity.ExpectEnd("the validity");
  fields.subject = tbs.Expect(ber::kSequence, "a subject").encoded;
  fields.spki = tbs.Expect(ber::kSequence, "a public key").encoded;
  BerReader tagged = tbs.Enter(ber::Context(3), "extensions");
  tbs.ExpectEnd("the extensions");
  BerReader list = tagged.Enter(ber::kSequence, "extensions");
  tagged.ExpectEnd("the extensions");
  while (!list.AtEnd()) ReadExtension(list.Enter(ber::kSequence, "an extension"), fields);
  return fields;
}

}  // namespace fleetmint
