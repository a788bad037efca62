#include "engine/x509/chain.h"

#include <algorithm>
#include <array>

#include "engine/base/ber.h"
#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/x509/certificate_spec.h"
#include "engine/x509/name.h"
#include "engine/x509/oids.h"

namespace fleetmint {
namespace {

// What may be critical (RFC 5280 6.1.4 o): it is kept here, or says nothing of what a CA may issue.
constexpr std::array<const char*, 8> kUnderstood{oid::kBasicConstraints,    oid::kKeyUsage,
                                                 oid::kSubjectAltName,      oid::kNameConstraints,
                                                 oid::kCertificatePolicies, oid::kPolicyConstraints,
                                                 oid::kExtendedKeyUsage,    oid::kInhibitAnyPolicy};

bool IsSelfIssued(const Certificate& certificate) {
  return certificate.issuer() == certificate.subject();
}

class ChainCheck {
 public:
  ChainCheck(std::span<const Certificate> chain, Time now) : chain_(chain), now_(now) {}

  std::vector<std::string> Run() {
    std::uint32_t below = 0;  // CA certificates below this one that count for its path length
    for (std::size_t i = 0; i < chain_.size(); ++i) {
      const Certificate& certificate = chain_[i];
      CheckItself(certificate);
      if (certificate.path_length() && *certificate.path_length() < below) {
        Add(certificate, "allows " + Counted(*certificate.path_length(), "CA certificate") +
                             " below it (path length), but has " + std::to_string(below));
      }
      if (!IsSelfIssued(certificate)) ++below;
      CheckIssuer(certificate, i);
    }
    return std::move(faults_);
  }

 private:
  void Add(const Certificate& certificate, const std::string& what) {
    faults_.push_back("the CA certificate '" + NameToString(certificate.subject()) + "' " + what);
  }

  void CheckItself(const Certificate& c) {
    if (c.version() != 3) Add(c, "is of version " + std::to_string(c.version()) + ", not 3");
    if (!c.is_ca()) {
      Add(c, "is not one of a CA: its basic constraints do not say CA:TRUE");
    } else if (!c.IsCritical(oid::kBasicConstraints)) {
      Add(c, "has basic constraints that are not critical");
    }
    if ((c.key_usage() & key_usage::kKeyCertSign) == 0) {
      Add(c, "may not sign certificates: its key usage lacks keyCertSign");
    }
    if (now_ > c.not_after()) Add(c, "expired at " + FormatRfc3339(c.not_after()));
    if (now_ < c.not_before()) Add(c, "is not valid before " + FormatRfc3339(c.not_before()));
    for (const std::string& oid : c.ExtensionOids()) {
      const bool understood = std::any_of(kUnderstood.begin(), kUnderstood.end(),
                                          [&](const char* known) { return oid == known; });
      if (!understood && c.IsCritical(oid)) {
        Add(c, "has the critical extension " + oid + ", which is not understood");
      }
    }
  }

  void CheckIssuer(const Certificate& c, std::size_t i) {
    const bool last = i + 1 == chain_.size();
    const Certificate& issuer = last ? c : chain_[i + 1];
    if (c.issuer() != issuer.subject() || !c.SignedBy(issuer)) {
      Add(c, last ? "is the last one of the chain and not signed by itself"
                  : "is not signed by the next one of the chain");
      return;
    }
    const Bytes &wanted = c.authority_key_identifier(), &found = issuer.subject_key_identifier();
    if (!wanted.empty() && !found.empty() && wanted != found) {
      Add(c, "names another key of its issuer (authority key identifier)");
    }
  }

  std::span<const Certificate> chain_;
  Time now_;
  std::vector<std::string> faults_;
};

// The subtrees of one name constraints extension.
struct Subtrees {
  std::vector<std::string> permitted_dns, excluded_dns;
  std::vector<Bytes> permitted_ip, excluded_ip;  // address and mask: 8 or 32 octets
  bool other = false;                            // kinds of names that are not compared here
};

void ReadSubtrees(BerReader list, std::vector<std::string>& dns, std::vector<Bytes>& ip,
                  bool& other) {
  while (!list.AtEnd()) {
    BerReader subtree = list.Enter(ber::kSequence, "a subtree");
    const BerElement base = subtree.Next();
    if (base.tag == ber::ContextPrimitive(2)) {
      dns.push_back(AsciiLower(AsText(base.content)));
    } else if (base.tag == ber::ContextPrimitive(7)) {
      ip.emplace_back(base.content.begin(), base.content.end());
    } else {
      other = true;
    }
  }
}

Subtrees ReadNameConstraints(ByteView value) {
  Subtrees subtrees;
  BerReader fields = BerReader(value).Enter(ber::kSequence, "name constraints");
  while (!fields.AtEnd()) {
    const BerElement field = fields.Next();
    if (field.tag == ber::Context(0)) {
      ReadSubtrees(BerReader(field.content), subtrees.permitted_dns, subtrees.permitted_ip,
                   subtrees.other);
    } else if (field.tag == ber::Context(1)) {
      ReadSubtrees(BerReader(field.content), subtrees.excluded_dns, subtrees.excluded_ip,
                   subtrees.other);
    }
  }
  return subtrees;
}

// "host.example.com" is within "example.com" and within ".example.com"; everything is within "".
bool IsWithin(const std::string& name, std::string base) {
  if (base.starts_with('.')) base.erase(0, 1);
  const std::string lower = AsciiLower(name);
  return base.empty() || lower == base || lower.ends_with("." + base);
}

bool IsWithin(const Bytes& address, const Bytes& subtree) {
  if (subtree.size() != 2 * address.size()) return false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (((address[i] ^ subtree[i]) & subtree[address.size() + i]) != 0) return false;
  }
  return true;
}

template <typename Name, typename Subtree>
bool IsAllowed(const Name& name, const std::vector<Subtree>& permitted,
               const std::vector<Subtree>& excluded) {
  const auto within = [&](const Subtree& subtree) { return IsWithin(name, subtree); };
  if (std::any_of(excluded.begin(), excluded.end(), within)) return false;
  return permitted.empty() || std::any_of(permitted.begin(), permitted.end(), within);
}

}  // namespace

std::vector<std::string> ChainFaults(std::span<const Certificate> chain, Time now) {
  return ChainCheck(chain, now).Run();
}

std::vector<std::string> NameConstraintFaults(std::span<const Certificate> chain,
                                              const SubjectAltNames& san) {
  std::vector<std::string> faults;
  for (const Certificate& ca : chain) {
    const Bytes* const extension = ca.Extension(oid::kNameConstraints);
    if (extension == nullptr) continue;
    const std::string whose = "the name constraints of CA '" + NameToString(ca.subject()) + "'";
    const Subtrees subtrees = ReadNameConstraints(*extension);
    if (subtrees.other && ca.IsCritical(oid::kNameConstraints)) {
      faults.push_back(whose + " are of a kind that is not supported");
    }
    for (const std::string& dns : san.dns) {
      if (!IsAllowed(dns, subtrees.permitted_dns, subtrees.excluded_dns)) {
        faults.push_back(whose + " do not allow the DNS name '" + dns + "'");
      }
    }
    for (const Bytes& ip : san.ip) {
      if (!IsAllowed(ip, subtrees.permitted_ip, subtrees.excluded_ip)) {
        faults.push_back(whose + " do not allow the IP address '" + FormatIp(ip) + "'");
      }
    }
  }
  return faults;
}

}  // namespace fleetmint
