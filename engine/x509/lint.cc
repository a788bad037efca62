#include "engine/x509/lint.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/x509/lint_reader.h"
#include "engine/x509/name.h"
#include "engine/x509/tbs_certificate.h"

namespace fleetmint {
namespace {

struct Subject {
  const TbsFields& tbs;
  const CertificateSpec& spec;
  const LintContext& context;
};

using Finding = std::optional<std::string>;

Finding If(bool broken, const char* message) { return broken ? Finding(message) : std::nullopt; }

bool Equal(ByteView a, ByteView b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

Finding Version(const Subject& s) { return If(s.tbs.version != 3, "not version 3"); }

Finding SerialRule(const Subject& s) {
  const ByteView serial = s.tbs.serial;
  return If(serial.size() != sizeof(Serial) || (serial[0] >> 6U) != 1,
            "the serial is not 16 bytes with top bits 01");
}

Finding Algorithm(const Subject& s) {
  for (const auto algorithm : {SignatureAlgorithm::kRsaSha256, SignatureAlgorithm::kEcdsaSha256,
                               SignatureAlgorithm::kEcdsaSha384}) {
    if (Equal(s.tbs.signature_algorithm, EncodeAlgorithmIdentifier(algorithm))) return std::nullopt;
  }
  return "the signature algorithm is not one that fleetmint signs with";
}

Finding IssuerName(const Subject& s) {
  return If(!Equal(s.tbs.issuer, s.context.issuer_name),
            "the issuer is not the CA's subject, byte for byte");
}

Finding SubjectName(const Subject& s) {
  return If(!Equal(s.tbs.subject, s.spec.subject.Encode()), "the subject is not the asked one");
}

Finding ValidityOrder(const Subject& s) {
  return If(s.tbs.not_before >= s.tbs.not_after, "notAfter is not after notBefore");
}

Finding ValidityNested(const Subject& s) {
  if (s.context.self_signed) return std::nullopt;
  return If(s.tbs.not_before < s.context.issuer_not_before ||
                s.tbs.not_after > s.context.issuer_not_after,
            "the validity is not within the issuer's");
}

Finding ValidityLength(const Subject& s) {
  if (const auto& end = s.spec.validity.end) {
    return If(s.tbs.not_after > *end, "the validity is longer than asked");
  }
  return If(
      s.tbs.not_after - s.tbs.not_before > s.spec.validity.duration + s.spec.validity.backdate,
      "the validity is longer than asked");
}

Finding SubjectOrSan(const Subject& s) {
  return If(s.spec.subject.empty() && s.tbs.san.empty(), "neither subject nor SAN");
}

Finding SanMatches(const Subject& s) {
  return If(!(s.tbs.san == s.spec.san), "the SAN is not the asked one");
}

Finding SanCritical(const Subject& s) {
  if (s.spec.san.empty()) return std::nullopt;
  return If(s.tbs.IsCritical(lint_oid::kSubjectAltName) != s.spec.subject.empty(),
            "the SAN must be critical if and only if the subject is empty");
}

Finding DnsNames(const Subject& s) {
  for (const std::string& dns : s.tbs.san.dns) {
    if (const auto fault = DnsNameFault(dns, true)) return "dns name '" + dns + "': " + *fault;
  }
  return std::nullopt;
}

Finding OtherNames(const Subject& s) {
  const auto broken = [](const auto& names, const auto& fault_of) -> Finding {
    for (const std::string& name : names) {
      if (const auto fault = fault_of(name)) return "the name '" + name + "': " + *fault;
    }
    return std::nullopt;
  };
  if (auto finding = broken(s.tbs.san.uri, UriFault)) return finding;
  if (auto finding = broken(s.tbs.san.email, EmailFault)) return finding;
  return broken(s.tbs.san.upn, UpnFault);
}

Finding BasicConstraints(const Subject& s) {
  return If(!s.tbs.IsCritical(lint_oid::kBasicConstraints) || s.tbs.is_ca != s.spec.is_ca ||
                s.tbs.path_length != s.spec.path_length,
            "basic constraints are absent, not critical, or not the asked ones");
}

Finding KeyUsage(const Subject& s) {
  return If(!s.tbs.IsCritical(lint_oid::kKeyUsage) || s.tbs.key_usage != s.spec.key_usage,
            "key usage is absent, not critical, or not the asked one");
}

Finding CaKeyUsage(const Subject& s) {
  const bool signs = (s.tbs.key_usage & key_usage::kKeyCertSign) != 0;
  return If(signs != s.tbs.is_ca, "keyCertSign and CA must go together");
}

Finding ExtendedKeyUsage(const Subject& s) {
  return If(s.tbs.extended_key_usage != s.spec.extended_key_usage,
            "extended key usage is not the asked one");
}

Finding SubjectKeyId(const Subject& s) {
  return If(!Equal(s.tbs.subject_key_identifier, SubjectKeyIdentifier(s.tbs.spki)),
            "the subject key identifier is not method 1 of the key");
}

Finding AuthorityKeyId(const Subject& s) {
  const bool critical = s.tbs.IsCritical(lint_oid::kAuthorityKeyIdentifier);
  return If(critical || !Equal(s.tbs.authority_key_identifier, s.context.issuer_key_identifier),
            "the authority key identifier is not the issuer's key identifier");
}

Finding NoExtensionTwice(const Subject& s) {
  std::set<std::string> oids;
  for (const auto& extension : s.tbs.extensions) oids.insert(extension.oid);
  return If(oids.size() != s.tbs.extensions.size(), "an extension stands twice");
}

Finding OnlyKnownCritical(const Subject& s) {
  static const std::set<std::string> known{lint_oid::kKeyUsage, lint_oid::kSubjectAltName,
                                           lint_oid::kBasicConstraints, lint_oid::kNameConstraints};
  for (const auto& [oid, critical, value] : s.tbs.extensions) {
    if (critical && !known.contains(oid)) return "extension " + oid + " is critical";
  }
  return std::nullopt;
}

Finding NameConstraints(const Subject& s) {
  const bool present = s.tbs.Find(lint_oid::kNameConstraints) != nullptr;
  return If(s.tbs.permitted_dns != s.spec.permitted_dns ||
                (present &&
                 (s.spec.permitted_dns.empty() || !s.tbs.IsCritical(lint_oid::kNameConstraints))),
            "name constraints are not the asked ones, or not critical");
}

// What an issuer of anybody's may have below it.
Finding IssuerConstraints(const Subject& s) {
  if (s.context.rules == nullptr) return std::nullopt;
  const auto* const san = s.tbs.Find(lint_oid::kSubjectAltName);
  const auto faults = s.context.rules->Faults({.subject = s.tbs.subject,
                                               .san = san == nullptr ? ByteView() : san->value,
                                               .extended_key_usage = s.tbs.extended_key_usage,
                                               .key_usage = s.tbs.key_usage});
  return faults.empty() ? Finding() : Finding(faults.front().message);
}

// Whether the extension is absent if nothing was asked for.
bool AbsentUnless(bool asked, const Subject& s, const char* oid) {
  return asked || s.tbs.Find(oid) == nullptr;
}

// Whether what was found is what was asked for, if anything was, and nothing more.
bool Holds(const std::vector<std::string>& found, const std::string& asked) {
  return asked.empty() ? found.empty() : found.size() == 1 && found.front() == asked;
}

Finding CrlDistributionPoint(const Subject& s) {
  const bool asked = !s.spec.crl_urls.empty();
  return If(s.tbs.crl_urls != s.spec.crl_urls ||
                !AbsentUnless(asked, s, lint_oid::kCrlDistributionPoints),
            "the CRL distribution point is not the asked one");
}

Finding AuthorityInformation(const Subject& s) {
  const bool asked = !s.spec.ca_issuers_url.empty() || !s.spec.ocsp_url.empty();
  return If(!Holds(s.tbs.ca_issuers_urls, s.spec.ca_issuers_url) ||
                !Holds(s.tbs.ocsp_urls, s.spec.ocsp_url) ||
                !AbsentUnless(asked, s, lint_oid::kAuthorityInformation),
            "the authority information access is not the asked one");
}

Finding SecurityIdentifier(const Subject& s) {
  return If(s.tbs.sid != s.spec.sid ||
                !AbsentUnless(!s.spec.sid.empty(), s, lint_oid::kSecurityIdentifier),
            "the security identifier is not the asked one");
}

Finding NameLimits(const Subject& s) {
  const auto faults = NameFaults(s.spec.subject);
  return faults.empty() ? Finding() : Finding(faults.front().message);
}

struct Rule {
  const char* name;
  const char* citation;
  Finding (*check)(const Subject&);
};

constexpr std::array<Rule, 27> kRules{{
    {"version", "RFC 5280 4.1.2.1", Version},
    {"serial", "RFC 5280 4.1.2.2", SerialRule},
    {"signature_algorithm", "RFC 5280 4.1.2.3", Algorithm},
    {"issuer_name", "RFC 5280 4.1.2.4", IssuerName},
    {"subject_name", "RFC 5280 4.1.2.6", SubjectName},
    {"name_limits", "RFC 5280 appendix A.1", NameLimits},
    {"validity_order", "RFC 5280 4.1.2.5", ValidityOrder},
    {"validity_nested", "X.509 shell model", ValidityNested},
    {"validity_length", "the profile", ValidityLength},
    {"subject_or_san", "RFC 5280 4.1.2.6", SubjectOrSan},
    {"san_matches", "the profile", SanMatches},
    {"san_critical", "RFC 5280 4.2.1.6", SanCritical},
    {"dns_names", "RFC 5280 4.2.1.6, RFC 1034 3.5", DnsNames},
    {"other_names", "RFC 5280 4.2.1.6, RFC 3986, RFC 5321", OtherNames},
    {"basic_constraints", "RFC 5280 4.2.1.9", BasicConstraints},
    {"key_usage", "RFC 5280 4.2.1.3", KeyUsage},
    {"ca_key_usage", "RFC 5280 4.2.1.9", CaKeyUsage},
    {"extended_key_usage", "RFC 5280 4.2.1.12", ExtendedKeyUsage},
    {"subject_key_identifier", "RFC 5280 4.2.1.2", SubjectKeyId},
    {"authority_key_identifier", "RFC 5280 4.2.1.1", AuthorityKeyId},
    {"extensions_unique", "RFC 5280 4.2", NoExtensionTwice},
    {"critical_known", "RFC 5280 4.2", OnlyKnownCritical},
    {"name_constraints", "RFC 5280 4.2.1.10", NameConstraints},
    {"issuer_constraints", "RFC 5280 6.1", IssuerConstraints},
    {"crl_distribution_point", "RFC 5280 4.2.1.13", CrlDistributionPoint},
    {"authority_information", "RFC 5280 4.2.2.1", AuthorityInformation},
    {"security_identifier", "KB5014754", SecurityIdentifier},
}};

}  // namespace

std::vector<LintFinding> LintTbs(ByteView tbs, const CertificateSpec& spec,
                                 const LintContext& context) {
  std::vector<LintFinding> findings;
  try {
    const TbsFields fields = ReadTbs(tbs);
    const Subject subject{fields, spec, context};
    for (const Rule& rule : kRules) {
      if (const Finding broken = rule.check(subject)) {
        findings.push_back({rule.name, rule.citation, *broken});
      }
    }
  } catch (const Error& error) {
    findings.push_back({"parse", "RFC 5280 4.1", error.what()});
  }
  return findings;
}

}  // namespace fleetmint
