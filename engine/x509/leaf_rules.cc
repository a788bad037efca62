#include "engine/x509/leaf_rules.h"

#include <algorithm>
#include <optional>

#include "engine/base/ber.h"
#include "engine/x509/name.h"
#include "engine/x509/oids.h"
#include "engine/x509/tbs_certificate.h"

namespace fleetmint {
namespace {

constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";
constexpr const char* kClientAuth = "1.3.6.1.5.5.7.3.2";
// "Server gated cryptography", of Microsoft and Netscape: as good as server authentication.
constexpr const char* kGatedMicrosoft = "1.3.6.1.4.1.311.10.3.3";
constexpr const char* kGatedNetscape = "2.16.840.1.113730.4.1";

bool Allows(const std::vector<std::string>& usages, const std::string& usage) {
  return std::any_of(usages.begin(), usages.end(), [&](const std::string& allowed) {
    return allowed == usage ||
           (usage == kServerAuth && (allowed == kGatedMicrosoft || allowed == kGatedNetscape));
  });
}

std::string UsageNames(const std::vector<std::string>& usages) {
  std::string names;
  for (const std::string& usage : usages) {
    if (!names.empty()) names += ", ";
    names += ExtendedKeyUsageName(usage);
  }
  return names.empty() ? "of nothing" : names;
}

// requireExplicitPolicy (4.2.1.11): how many certificates may follow before a policy is required.
std::optional<std::uint64_t> RequireExplicitPolicy(const Certificate& ca) {
  const Bytes* const value = ca.Extension(oid::kPolicyConstraints);
  if (value == nullptr) return std::nullopt;
  BerReader fields = BerReader(*value).Enter(ber::kSequence, "policy constraints");
  while (!fields.AtEnd()) {
    const BerElement field = fields.Next();
    if (field.tag != ber::ContextPrimitive(0)) continue;
    if (field.content.empty() || field.content.size() > 4) return std::nullopt;  // as good as none
    std::uint64_t count = 0;
    for (const std::uint8_t byte : field.content) count = count << 8U | byte;
    return count;
  }
  return std::nullopt;
}

}  // namespace

LeafRules::LeafRules(std::span<const Certificate> chain) : constraints_(chain) {
  for (const Certificate& ca : chain) {
    if (ca.Extension(oid::kExtendedKeyUsage) == nullptr) continue;
    limits_.push_back({NameToString(ca.subject()), ca.extended_key_usage()});
  }
  // 6.1.2 (d), 6.1.4 (h) and (i), 6.1.5 (a): from the certificate below the root down. What a root
  // asks for itself does not count. A leaf of ours has no policies, so none may be required of it.
  if (chain.empty()) return;
  std::uint64_t left = chain.size() + 1;
  for (std::size_t i = chain.size() - 1; i-- > 0;) {
    if (chain[i].issuer() != chain[i].subject() && left != 0) --left;
    const auto required = RequireExplicitPolicy(chain[i]);
    if (!required || *required >= left) continue;
    left = *required;
    policies_by_ = NameToString(chain[i].subject());
  }
  needs_policies_ = left <= 1;
}

std::vector<Fault> LeafRules::Faults(const LeafFields& leaf) const {
  std::vector<Fault> faults;
  const auto add = [&](std::string_view rule, std::string message, std::string hint) {
    faults.push_back({std::move(message), {}, std::move(hint), rule});
  };
  for (const UsageLimit& limit : limits_) {
    for (const std::string& usage : leaf.extended_key_usage) {
      if (Allows(limit.usages, usage)) continue;
      add("ca_usage",
          "the CA '" + limit.ca + "' has the extended key usage " + UsageNames(limit.usages) +
              ", which forbids " + ExtendedKeyUsageName(usage) + " below it",
          "choose a profile of its usage, or have the CA issued without an extended key usage");
    }
  }
  if (needs_policies_) {
    add("explicit_policy",
        "the CA '" + policies_by_ +
            "' asks for certificate policies (requireExplicitPolicy), which no certificate of "
            "fleetmint has",
        "have the CA issued without requireExplicitPolicy");
  }
  // What TLS needs of a key (RFC 8446 4.4.2.2, RFC 5246 7.4.2).
  const auto needs = [&](const char* usage, std::uint16_t one_of, const char* hint) {
    if (leaf.key_usage == 0 || (leaf.key_usage & one_of) != 0) return;
    if (std::find(leaf.extended_key_usage.begin(), leaf.extended_key_usage.end(), usage) ==
        leaf.extended_key_usage.end()) {
      return;
    }
    add("key_usage_of_tls",
        "its key usage does not serve its extended key usage " + ExtendedKeyUsageName(usage), hint);
  };
  needs(kClientAuth, key_usage::kDigitalSignature | key_usage::kKeyAgreement,
        "add digital_signature to key_usage");
  needs(kServerAuth,
        key_usage::kDigitalSignature | key_usage::kKeyEncipherment | key_usage::kKeyAgreement,
        "add digital_signature to key_usage");
  for (Fault& fault : constraints_.Faults(leaf.subject, leaf.san)) {
    faults.push_back(std::move(fault));
  }
  return faults;
}

std::vector<Fault> LeafRules::Faults(const CertificateSpec& spec) const {
  const Bytes subject = spec.subject.Encode();
  const Bytes san = spec.san.empty() ? Bytes() : EncodeSubjectAltNames(spec.san);
  return Faults({.subject = subject,
                 .san = san,
                 .extended_key_usage = spec.extended_key_usage,
                 .key_usage = spec.key_usage});
}

}  // namespace fleetmint
