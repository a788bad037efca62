#include "engine/x509/certificate_spec.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>

#include "engine/base/ber.h"
#include "engine/base/der.h"
#include "engine/base/text.h"

namespace fleetmint {
namespace {

constexpr std::string_view kServerAuth = "1.3.6.1.5.5.7.3.1";
constexpr std::string_view kClientAuth = "1.3.6.1.5.5.7.3.2";

struct NamedOid {
  std::string_view name;
  std::string_view oid;
};

// RFC 5280 4.2.1.12; smart-card logon and document signing are Microsoft's.
constexpr std::array<NamedOid, 9> kUsages{{
    {"server_auth", kServerAuth},
    {"client_auth", kClientAuth},
    {"code_signing", "1.3.6.1.5.5.7.3.3"},
    {"email_protection", "1.3.6.1.5.5.7.3.4"},
    {"time_stamping", "1.3.6.1.5.5.7.3.8"},
    {"ocsp_signing", "1.3.6.1.5.5.7.3.9"},
    {"ipsec_ike", "1.3.6.1.5.5.7.3.17"},
    {"smartcard_logon", "1.3.6.1.4.1.311.20.2.2"},
    {"document_signing", "1.3.6.1.4.1.311.10.3.12"},
}};

struct NamedBit {
  std::string_view name;
  std::uint16_t bit;
};

constexpr std::array<NamedBit, 7> kBits{{
    {"digital_signature", key_usage::kDigitalSignature},
    {"non_repudiation", key_usage::kNonRepudiation},
    {"key_encipherment", key_usage::kKeyEncipherment},
    {"data_encipherment", key_usage::kDataEncipherment},
    {"key_agreement", key_usage::kKeyAgreement},
    {"key_cert_sign", key_usage::kKeyCertSign},
    {"crl_sign", key_usage::kCrlSign},
}};

// True for what reads back from DER as it was written: an OID that is none ("1.40.1"), or another
// ("1.02.3"), would fail at the lint, endpoint by endpoint.
bool IsDottedOid(std::string_view text) {
  try {
    DerWriter writer;
    writer.Oid(text);
    return BerReader(writer.bytes()).Oid() == text;
  } catch (const Error&) {
    return false;
  }
}

using Faults = std::vector<Fault>;

// `rule` names the rule for whoever looks for the setting that broke it.
void Add(Faults& faults, std::string_view rule, std::string message, std::string hint = {}) {
  faults.push_back(Fault{std::move(message), {}, std::move(hint), rule});
}

bool IsUrl(std::string_view url) {
  const bool scheme =
      url.starts_with("http://") || url.starts_with("https://") || url.starts_with("ldap://");
  return scheme && std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

// "S-1-" and at least two more numbers (MS-DTYP 2.4.2.1).
// S-1-AUTHORITY-SUB-...: 48 bits, then 1 to 15 numbers of 32 (MS-DTYP 2.4.2.1).
bool IsSid(std::string_view sid) {
  if (!sid.starts_with("S-1-")) return false;
  sid.remove_prefix(4);
  std::size_t subs = 0;
  for (bool authority = true;; authority = false) {
    const std::size_t end = std::min(sid.find('-'), sid.size());
    std::uint64_t number = 0;
    const auto [rest, error] = std::from_chars(sid.data(), sid.data() + end, number);
    if (end == 0 || error != std::errc() || rest != sid.data() + end) return false;
    if (number >> (authority ? 48U : 32U) != 0) return false;
    if (!authority) ++subs;
    if (end == sid.size()) return subs >= 1 && subs <= 15;
    sid.remove_prefix(end + 1);
  }
}

void CheckTexts(const std::vector<std::string>& names, std::string_view kind,
                std::optional<std::string> (*fault_of)(std::string_view), const char* hint,
                Faults& faults) {
  for (const std::string& name : names) {
    if (const auto fault = fault_of(name)) {
      Add(faults, kind, std::string(kind) + " '" + name + "': " + *fault, hint);
    }
  }
}

void CheckNames(const CertificateSpec& spec, Faults& faults) {
  for (Fault& fault : NameFaults(spec.subject)) {
    if (spec.is_ca && fault.hint == kLongNameHint) fault.hint = "a CA needs a shorter name";
    Add(faults, "subject", "subject: " + fault.message, std::move(fault.hint));
  }
  if (spec.subject.empty() && spec.san.empty()) {
    Add(faults, "subject_or_san",
        "the certificate has neither a subject nor a subject alternative name",
        "set subject, dns or ip");
  }
  const auto has_usage = [&](std::string_view oid) {
    const auto& usages = spec.extended_key_usage;
    return std::find(usages.begin(), usages.end(), oid) != usages.end();
  };
  const bool wildcards = has_usage(kServerAuth) && !has_usage(kClientAuth);
  std::set<std::string> seen;  // of one name there is nothing to compare
  for (const std::string& dns : spec.san.dns) {
    if (const auto fault = DnsNameFault(dns, wildcards)) {
      const bool wildcard = !wildcards && !DnsNameFault(dns, true);
      Add(faults, "dns", "dns name '" + dns + "': " + *fault,
          wildcard ? "profile: mtls-server, or another with extended_key_usage: [server_auth]"
                   : DnsNameHint(dns));
    }
    if (spec.san.dns.size() > 1 && !seen.insert(AsciiLower(dns)).second)
      Add(faults, "dns_twice", "dns name '" + dns + "' stands twice");
  }
  for (const Bytes& ip : spec.san.ip) {
    if (ip.size() != 4 && ip.size() != 16)
      Add(faults, "ip", "an ip address is neither IPv4 nor IPv6");
  }
  CheckTexts(spec.san.uri, "uri", UriFault, kUriHint, faults);
  CheckTexts(spec.san.email, "email", EmailFault, kEmailHint, faults);
  CheckTexts(spec.san.upn, "upn", UpnFault, kUpnHint, faults);
}

void CheckCa(const CertificateSpec& spec, Faults& faults) {
  const bool signs = (spec.key_usage & key_usage::kKeyCertSign) != 0;
  if (spec.is_ca) {
    if (!signs) Add(faults, "ca_key_usage", "a CA certificate needs the key usage key_cert_sign");
    if (spec.subject.empty()) Add(faults, "ca_subject", "a CA certificate needs a subject");
    for (const std::string& dns : spec.permitted_dns) {
      if (const auto fault = DnsNameFault(dns, false)) {
        Add(faults, "permitted_dns", "name constraint '" + dns + "': " + *fault,
            "corp.example covers every name below it");
      }
    }
    return;
  }
  if (signs)
    Add(faults, "key_cert_sign", "the key usage key_cert_sign belongs to CA certificates alone");
  if (spec.path_length) Add(faults, "path_length", "path_length belongs to CA certificates alone");
  if (!spec.permitted_dns.empty())
    Add(faults, "name_constraints", "name constraints belong to CA certificates alone");
}

void CheckUsages(const CertificateSpec& spec, Faults& faults) {
  if (spec.key_usage == 0)
    Add(faults, "key_usage", "key_usage is empty", "e.g. [digital_signature]");
  for (const std::string& oid : spec.extended_key_usage) {
    if (!IsDottedOid(oid)) {
      Add(faults, "extended_key_usage",
          "extended key usage '" + oid + "' is not an object identifier");
    }
  }
}

void CheckReferences(const CertificateSpec& spec, Faults& faults) {
  for (const std::string& url : spec.crl_urls) {
    if (IsUrl(url)) continue;
    Add(faults, "crl_url", "crl_url '" + url + "' is not a URL", "http://HOST/PATH");
  }
  if (!spec.ocsp_url.empty() && (!IsUrl(spec.ocsp_url) || spec.ocsp_url.starts_with("ldap:"))) {
    Add(faults, "ocsp_url", "ocsp_url '" + spec.ocsp_url + "' is not an HTTP URL",
        "http://HOST/PATH");
  }
  if (!spec.ca_issuers_url.empty() && !IsUrl(spec.ca_issuers_url)) {
    Add(faults, "ca_issuers_url", "ca_issuers_url '" + spec.ca_issuers_url + "' is not a URL",
        "http://HOST/PATH");
  }
  if (!spec.sid.empty() && !IsSid(spec.sid)) {
    Add(faults, "sid", "sid '" + spec.sid + "' is not a security identifier",
        "e.g. S-1-5-21-1-2-3-1104");
  }
}

void CheckBackdate(const Validity& validity, Faults& faults) {
  if (validity.backdate <= std::chrono::days{1}) return;
  Add(faults, "backdate", "backdate is longer than 1d", "10m is usual");
}

void CheckValidity(const Validity& validity, Faults& faults) {
  CheckBackdate(validity, faults);
  if (validity.end) return;
  if (validity.duration <= Seconds{0}) {
    Add(faults, "validity", "validity must be longer than nothing", "e.g. validity: 1y");
  }
}

}  // namespace

Validity ValidityAt(const Validity& validity, Time now) {
  if (!validity.end) return validity;
  return {.duration = std::max(Seconds{0}, *validity.end - now), .backdate = validity.backdate};
}

std::optional<std::string> ExtendedKeyUsageOid(const std::string& name) {
  for (const NamedOid& usage : kUsages) {
    if (usage.name == name) return std::string(usage.oid);
  }
  if (IsDottedOid(name)) return name;
  return std::nullopt;
}

std::string ExtendedKeyUsageName(const std::string& oid) {
  for (const NamedOid& usage : kUsages) {
    if (usage.oid == oid) return std::string(usage.name);
  }
  return oid;
}

std::vector<std::string> ExtendedKeyUsageNames() {
  std::vector<std::string> names;
  for (const NamedOid& usage : kUsages) names.emplace_back(usage.name);
  return names;
}

std::optional<std::uint16_t> KeyUsageBit(const std::string& name) {
  for (const NamedBit& entry : kBits) {
    if (entry.name == name) return entry.bit;
  }
  return std::nullopt;
}

std::vector<std::string> KeyUsageNames(std::uint16_t bits) {
  std::vector<std::string> names;
  for (const NamedBit& entry : kBits) {
    if ((bits & entry.bit) != 0) names.emplace_back(entry.name);
  }
  return names;
}

std::vector<Fault> ValidateSpec(const CertificateSpec& spec) {
  Faults faults;
  CheckNames(spec, faults);
  CheckCa(spec, faults);
  CheckUsages(spec, faults);
  CheckReferences(spec, faults);
  CheckValidity(spec.validity, faults);
  return faults;
}

std::vector<Fault> ValidateTexts(const CertificateSpec& spec) {
  Faults faults;
  CheckNames(spec, faults);
  CheckReferences(spec, faults);
  return faults;
}

}  // namespace fleetmint
