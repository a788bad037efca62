#include "engine/x509/tbs_certificate.h"

#include <string_view>

#include "engine/base/ber.h"
#include "engine/base/der.h"
#include "engine/x509/oids.h"

namespace fleetmint {
namespace {

// Writes Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue OCTET STRING }
// (RFC 5280 4.1.2.9).
template <typename Content>
void Extension(DerWriter& list, std::string_view oid, bool critical, Content content) {
  list.Sequence([&](DerWriter& extension) {
    extension.Oid(oid);
    if (critical) extension.Boolean(true);  // DER leaves the default out
    extension.OctetStringOf(content);
  });
}

// 4.2.1.9: critical in CA certificates; we keep it critical in leaves too, as CA:FALSE.
void WriteBasicConstraints(DerWriter& list, const CertificateSpec& spec) {
  Extension(list, oid::kBasicConstraints, true, [&](DerWriter& value) {
    value.Sequence([&](DerWriter& constraints) {
      if (!spec.is_ca) return;
      constraints.Boolean(true);
      if (spec.path_length) constraints.Integer(*spec.path_length);
    });
  });
}

// 4.2.1.3: SHOULD be critical.
void WriteKeyUsage(DerWriter& list, const CertificateSpec& spec) {
  Extension(list, oid::kKeyUsage, true, [&](DerWriter& value) { value.NamedBits(spec.key_usage); });
}

// 4.2.1.12.
void WriteExtendedKeyUsage(DerWriter& list, const CertificateSpec& spec) {
  if (spec.extended_key_usage.empty()) return;
  Extension(list, oid::kExtendedKeyUsage, false, [&](DerWriter& value) {
    value.Sequence([&](DerWriter& oids) {
      for (const std::string& oid : spec.extended_key_usage) oids.Oid(oid);
    });
  });
}

// 4.2.1.6: otherName [0] { OID, [0] value }, rfc822Name [1], dNSName [2], uniformResourceIdentifier
// [6], iPAddress [7].
void WriteGeneralNames(DerWriter& value, const SubjectAltNames& san) {
  value.Sequence([&](DerWriter& names) {
    for (const std::string& dns : san.dns) names.ContextPrimitive(2, AsBytes(dns));
    for (const Bytes& ip : san.ip) names.ContextPrimitive(7, ip);
    for (const std::string& uri : san.uri) names.ContextPrimitive(6, AsBytes(uri));
    for (const std::string& email : san.email) names.ContextPrimitive(1, AsBytes(email));
    for (const std::string& upn : san.upn) {
      names.Context(0, [&](DerWriter& other) {
        other.Oid(oid::kUserPrincipalName);
        other.Context(0, [&](DerWriter& value_of) { value_of.Utf8String(upn); });
      });
    }
  });
}

// Critical if and only if the subject is empty.
void WriteSubjectAltName(DerWriter& list, const CertificateSpec& spec) {
  if (spec.san.empty()) return;
  Extension(list, oid::kSubjectAltName, spec.subject.empty(),
            [&](DerWriter& value) { WriteGeneralNames(value, spec.san); });
}

// 4.2.1.2 and 4.2.1.1: not critical; keyIdentifier [0] alone.
void WriteKeyIdentifiers(DerWriter& list, const TbsInput& input) {
  Extension(list, oid::kSubjectKeyIdentifier, false,
            [&](DerWriter& value) { value.OctetString(SubjectKeyIdentifier(input.spki)); });
  if (input.issuer_key_identifier.empty()) return;
  Extension(list, oid::kAuthorityKeyIdentifier, false, [&](DerWriter& value) {
    value.Sequence([&](DerWriter& aki) { aki.ContextPrimitive(0, input.issuer_key_identifier); });
  });
}

// 4.2.1.10: critical; permittedSubtrees [0], each GeneralSubtree { base dNSName [2] }.
void WriteNameConstraints(DerWriter& list, const CertificateSpec& spec) {
  if (spec.permitted_dns.empty()) return;
  Extension(list, oid::kNameConstraints, true, [&](DerWriter& value) {
    value.Sequence([&](DerWriter& constraints) {
      constraints.Context(0, [&](DerWriter& permitted) {
        for (const std::string& dns : spec.permitted_dns) {
          permitted.Sequence(
              [&](DerWriter& subtree) { subtree.ContextPrimitive(2, AsBytes(dns)); });
        }
      });
    });
  });
}

// 4.2.1.13: DistributionPoint { distributionPoint [0] { fullName [0] { URI [6] ... } } }: the names
// of one point are ways to one CRL.
void WriteCrlDistributionPoint(DerWriter& list, const CertificateSpec& spec) {
  if (spec.crl_urls.empty()) return;
  Extension(list, oid::kCrlDistributionPoints, false, [&](DerWriter& value) {
    value.Sequence([&](DerWriter& points) {
      points.Sequence([&](DerWriter& point) {
        point.Context(0, [&](DerWriter& name) {
          name.Context(0, [&](DerWriter& full) {
            for (const std::string& url : spec.crl_urls) full.ContextPrimitive(6, AsBytes(url));
          });
        });
      });
    });
  });
}

// 4.2.2.1: AccessDescription { id-ad-ocsp or id-ad-caIssuers, URI [6] }.
void WriteAuthorityInformationAccess(DerWriter& list, const CertificateSpec& spec) {
  if (spec.ca_issuers_url.empty() && spec.ocsp_url.empty()) return;
  const auto write = [](DerWriter& descriptions, const char* method, const std::string& url) {
    if (url.empty()) return;
    descriptions.Sequence([&](DerWriter& description) {
      description.Oid(method);
      description.ContextPrimitive(6, AsBytes(url));
    });
  };
  Extension(list, oid::kAuthorityInformationAccess, false, [&](DerWriter& value) {
    value.Sequence([&](DerWriter& descriptions) {
      write(descriptions, oid::kOcsp, spec.ocsp_url);
      write(descriptions, oid::kCaIssuers, spec.ca_issuers_url);
    });
  });
}

// KB5014754 strong mapping: GeneralNames { otherName [0] { 1.3.6.1.4.1.311.25.2.1,
// [0] EXPLICIT OCTET STRING sid-as-ASCII } }.
void WriteSid(DerWriter& list, const CertificateSpec& spec) {
  if (spec.sid.empty()) return;
  Extension(list, oid::kNtdsCaSecurity, false, [&](DerWriter& value) {
    value.Sequence([&](DerWriter& names) {
      names.Context(0, [&](DerWriter& other) {
        other.Oid(oid::kNtdsObjectSid);
        other.Context(
            0, [&](DerWriter& explicit_value) { explicit_value.OctetString(AsBytes(spec.sid)); });
      });
    });
  });
}

}  // namespace

Bytes EncodeAlgorithmIdentifier(SignatureAlgorithm algorithm) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& identifier) {
    switch (algorithm) {
      case SignatureAlgorithm::kRsaSha256:
        identifier.Oid(oid::kSha256WithRsa).Null();
        break;
      case SignatureAlgorithm::kEcdsaSha256:
        identifier.Oid(oid::kEcdsaWithSha256);
        break;
      case SignatureAlgorithm::kEcdsaSha384:
        identifier.Oid(oid::kEcdsaWithSha384);
        break;
    }
  });
  return writer.Take();
}

Sha1Digest SubjectKeyIdentifier(ByteView spki) {
  BerReader reader = BerReader(spki).Enter(ber::kSequence, "a SubjectPublicKeyInfo");
  reader.Expect(ber::kSequence, "an algorithm identifier");
  return Sha1(reader.BitString("a public key"));
}

Bytes EncodeSubjectAltNames(const SubjectAltNames& san) {
  DerWriter writer;
  WriteGeneralNames(writer, san);
  return writer.Take();
}

Bytes EncodeTbsCertificate(const CertificateSpec& spec, const TbsInput& input) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& tbs) {
    tbs.Context(0, [](DerWriter& version) { version.Integer(2); });  // v3
    tbs.UnsignedInteger(input.serial);
    tbs.Raw(EncodeAlgorithmIdentifier(input.signature_algorithm));
    tbs.Raw(input.issuer_name);
    tbs.Sequence(
        [&](DerWriter& validity) { validity.Time(input.not_before).Time(input.not_after); });
    tbs.Raw(spec.subject.Encode());
    tbs.Raw(input.spki);
    tbs.Context(3, [&](DerWriter& tagged) {
      tagged.Sequence([&](DerWriter& list) {
        WriteBasicConstraints(list, spec);
        WriteKeyUsage(list, spec);
        WriteExtendedKeyUsage(list, spec);
        WriteSubjectAltName(list, spec);
        WriteKeyIdentifiers(list, input);
        WriteNameConstraints(list, spec);
        WriteCrlDistributionPoint(list, spec);
        WriteAuthorityInformationAccess(list, spec);
        WriteSid(list, spec);
      });
    });
  });
  return writer.Take();
}

Bytes AssembleSigned(ByteView tbs, SignatureAlgorithm algorithm, ByteView signature) {
  DerWriter writer;
  writer.Sequence([&](DerWriter& certificate) {
    certificate.Raw(tbs).Raw(EncodeAlgorithmIdentifier(algorithm)).BitString(signature);
  });
  return writer.Take();
}

}  // namespace fleetmint
