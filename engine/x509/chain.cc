#include "engine/x509/chain.h"

#include <algorithm>
#include <array>

#include "engine/base/ber.h"
#include "engine/base/counted.h"
#include "engine/x509/certificate_spec.h"
#include "engine/x509/form_faults.h"
#include "engine/x509/name.h"
#include "engine/x509/name_constraints.h"
#include "engine/x509/name_match.h"
#include "engine/x509/oids.h"
#include "engine/x509/signature_check.h"

namespace fleetmint {
namespace {

constexpr const char* kStrict = "OpenSSL with -x509_strict";
constexpr const char* kGo = "Go";
constexpr const char* kStrictAndGo = "OpenSSL with -x509_strict, and Go";

// What may be critical for OpenSSL (RFC 5280 6.1.4 o), and for Go, which keeps no policies.
constexpr std::array<std::string_view, 10> kUnderstood{
    oid::kBasicConstraints,      oid::kKeyUsage,
    oid::kSubjectAltName,        oid::kNameConstraints,
    oid::kCertificatePolicies,   oid::kExtendedKeyUsage,
    oid::kCrlDistributionPoints, oid::kPolicyConstraints,
    oid::kInhibitAnyPolicy,      oid::kPolicyMappings};
constexpr std::array<std::string_view, 3> kNotOfGo{oid::kPolicyConstraints, oid::kInhibitAnyPolicy,
                                                   oid::kPolicyMappings};

template <typename Oids>
bool Holds(const Oids& oids, std::string_view oid) {
  return std::find(oids.begin(), oids.end(), oid) != oids.end();
}

// Signatures with these hashes can be forged (MD5) or are no longer taken by everybody (SHA-1):
// RFC 8017 A.2.4, RFC 5758.
constexpr std::array<std::string_view, 3> kWeakSignatures{
    "1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"};

// NameConstraints of kinds that Go knows: critical ones of other kinds it refuses.
bool GoKnows(const NameConstraints& constraints) {
  return std::none_of(kNameKinds.begin(), kNameKinds.end(), [&](NameKind kind) {
    const bool known = kind == NameKind::kDns || kind == NameKind::kEmail ||
                       kind == NameKind::kUri || kind == NameKind::kIp;
    return !known && constraints.Constrains(kind);
  });
}

class ChainCheck {
 public:
  ChainCheck(std::span<const Certificate> chain, Time now) : chain_(chain), now_(now) {}

  std::vector<PathFault> Run() {
    for (std::size_t i = 0; i < chain_.size(); ++i) {
      at_ = &chain_[i];
      CheckAuthority(i + 1 == chain_.size());
      CheckForm();
      CheckExtensions();
      CheckDates();
      CheckPathLength(i);
      CheckNames(i);
      CheckIssuer(i);
    }
    return std::move(faults_);
  }

 private:
  void Add(std::string_view rule, const std::string& what, std::string hint,
           std::string refused_by = "") {
    const std::string whose = "the CA certificate '" + NameToString(at_->subject()) + "' ";
    faults_.push_back({{whose + what, {}, std::move(hint), rule}, std::move(refused_by)});
  }

  // Whether it may sign certificates: 4.2.1.3, 4.2.1.9.
  void CheckAuthority(bool last) {
    const Certificate& c = *at_;
    const bool usage = c.Extension(oid::kKeyUsage) != nullptr;
    if (usage && (c.key_usage() & key_usage::kKeyCertSign) == 0) {
      Add("not_ca", "may not sign certificates: its key usage lacks keyCertSign",
          "give the certificate of a CA, issued with the key usage keyCertSign");
    }
    if (c.Extension(oid::kBasicConstraints) == nullptr) {
      Add("not_ca", "has no basic constraints, so it is not one of a CA",
          "have it issued with basicConstraints = critical, CA:TRUE",
          last && c.MaySignCertificates() ? kStrictAndGo : "");
    } else if (!c.is_ca()) {
      Add("not_ca", "is not one of a CA: its basic constraints do not say CA:TRUE",
          "give the certificate of a CA, issued with basicConstraints = critical, CA:TRUE");
    } else if (!c.IsCritical(oid::kBasicConstraints)) {
      Add("constraints_critical", "has basic constraints that are not critical",
          "have it issued with basicConstraints = critical, CA:TRUE", kStrict);
    }
    if (c.is_ca() && !usage) {
      Add("key_usage", "has no key usage", "have it issued with keyUsage = critical, keyCertSign",
          kStrict);
    }
  }

  // What a strict verifier refuses of its form.
  void CheckForm() {
    const CertificateView view = at_->View();
    for (const std::string& fault : FormFaults(*at_)) {
      Add("form", fault, "have it issued again: readers refuse it whole");
    }
    const Bytes* const san = at_->Extension(oid::kSubjectAltName);
    if (san != nullptr && san->size() == 2) {
      Add("empty_names", "has an empty list of alternative names", "have it issued without",
          kStrict);
    }
    if (view.raw_serial().empty() || (view.raw_serial()[0] & 0x80U) != 0) {
      Add("serial", "has a negative serial number", "have it issued again", "Go from 1.23 on");
    } else if (view.serial().size() > 20) {
      Add("serial", "has a serial number of " + std::to_string(view.serial().size()) + " octets",
          "have it issued again with at most 20", "GnuTLS, and Java in places");
    }
    if (at_->version() == 3 && at_->is_ca() &&
        at_->Extension(oid::kSubjectKeyIdentifier) == nullptr) {
      Add("key_identifier", "has no subject key identifier",
          "have it issued with subjectKeyIdentifier = hash", kStrict);
    }
    if (at_->version() != 3 && !view.extensions().empty()) {
      Add("version", "has extensions, but is of version " + std::to_string(at_->version()),
          "have it issued as version 3", kStrictAndGo);
    }
    if (CompareForm(at_->subject()).empty() || CompareForm(at_->issuer()).empty()) {
      Add("empty_name", "has an empty subject or issuer", "have it issued with names", kStrict);
    }
    const bool self_issued = at_->issuer() == at_->subject();
    if (!self_issued && Holds(kWeakSignatures, at_->SignatureOid())) {
      Add("weak_hash", "is signed with MD5 or SHA-1", "have it issued again, signed with SHA-256",
          "Go, and TLS of OpenSSL at its usual security level");
    }
  }

  void CheckExtensions() {
    const Certificate& c = *at_;
    std::vector<std::string> seen;
    for (const std::string& oid : c.ExtensionOids()) {
      if (Holds(seen, oid)) {
        Add("extension_twice", "has the extension " + oid + " twice", "have it issued again");
      }
      seen.push_back(oid);
      if (!c.IsCritical(oid)) continue;
      if (!Holds(kUnderstood, oid)) {
        Add("critical_extension", "has the critical extension " + oid + ", which is not understood",
            "have it issued without it, or with it not critical");
      } else if (Holds(kNotOfGo, oid)) {
        Add("critical_extension", "has the critical extension " + oid, "have it issued without it",
            "Go before 1.24");
      }
    }
    if (const Bytes* const value = c.Extension(oid::kNameConstraints)) {
      if (c.IsCritical(oid::kNameConstraints) && !GoKnows(NameConstraints::Read(*value))) {
        Add("constraint_kinds",
            "has critical name constraints of kinds beside DNS, IP, e-mail, URI",
            "have it issued without these, or with them not critical", kGo);
      }
    }
  }

  void CheckDates() {
    if (now_ > at_->not_after()) {
      Add("expired", "expired at " + FormatRfc3339(at_->not_after()),
          "have it renewed, and give the new certificate; or make a new issuing CA");
    }
    if (now_ < at_->not_before()) {
      Add("not_yet_valid", "is not valid before " + FormatRfc3339(at_->not_before()),
          "check the clock of this machine, or wait until then");
    }
  }

  // 6.1.4 (l), (m); Go counts self-issued ones, too.
  void CheckPathLength(std::size_t i) {
    if (!at_->path_length() || i == 0) return;
    const auto below = static_cast<std::size_t>(
        std::count_if(chain_.begin(), chain_.begin() + static_cast<std::ptrdiff_t>(i),
                      [](const Certificate& c) { return c.issuer() != c.subject(); }));
    if (*at_->path_length() >= i) return;
    const bool error = *at_->path_length() < below;
    Add("path_length",
        "allows " + Counted(*at_->path_length(), "CA certificate") +
            " below it (path length), but has " + std::to_string(error ? below : i),
        "have it issued with a longer path length, or import a CA that stands higher",
        error ? "" : kGo);
  }

  // Constraints bind the CAs below, too; not self-issued ones (6.1.3 b).
  void CheckNames(std::size_t i) {
    if (at_->issuer() == at_->subject()) return;
    const Bytes* const san = at_->Extension(oid::kSubjectAltName);
    const ChainConstraints above(chain_.subspan(i + 1));
    for (Fault& fault : above.Faults(at_->subject(), san == nullptr ? ByteView() : *san,
                                     /*common_names=*/false)) {
      fault.message += ", which the CA '" + NameToString(at_->subject()) + "' has itself";
      faults_.push_back({std::move(fault)});
    }
  }

  void CheckIssuer(std::size_t i) {
    const Certificate& c = *at_;
    const bool last = i + 1 == chain_.size();
    const Certificate& issuer = last ? c : chain_[i + 1];
    if (SameName(c.issuer(), issuer.subject()) && !IsKnownSignature(c.der())) {
      Add("signature_algorithm",
          "is signed with the algorithm " + c.SignatureOid() + ", which is not supported",
          "have it issued again, signed with RSA or ECDSA and SHA-256");
      return;
    }
    if (!SameName(c.issuer(), issuer.subject()) || !c.SignedBy(issuer)) {
      if (last) {
        Add("root", "is the last one of the chain and not signed by itself",
            "add the certificates above it, up to the root");
      } else {
        Add("order", "is not signed by the next one of the chain",
            "issuing certificate first, then each one's issuer, the root last");
      }
      return;
    }
    if (!last && c.Extension(oid::kAuthorityKeyIdentifier) == nullptr && HasTwin(issuer)) {
      Add("key_identifier",
          "does not say by which of the keys of its issuer's name it is signed (authority key "
          "identifier)",
          "have it issued with authorityKeyIdentifier = keyid");
    }
    if (c.issuer() != issuer.subject()) {
      Add("name_encoding", "names its issuer in another encoding than that has itself",
          "have it issued again, with the issuer's name copied byte for byte", "Go, and GnuTLS");
    }
    if (!c.View().NamesKeyOf(issuer.View())) {
      Add("key_identifier", "names another key of its issuer (authority key identifier)",
          "give the issuer's certificate of that key: after a renewal there may be two");
    } else if (!last && c.version() == 3 && c.authority_key_identifier().empty()) {
      Add("key_identifier", "does not name its issuer's key (authority key identifier)",
          "have it issued with authorityKeyIdentifier = keyid", kStrict);
    }
  }

  // Whether another CA of the chain has this one's name: who looks for an issuer by its name may
  // find that.
  bool HasTwin(const Certificate& ca) const {
    return std::any_of(chain_.begin(), chain_.end(), [&](const Certificate& other) {
      return other.spki() != ca.spki() && SameName(other.subject(), ca.subject());
    });
  }

  std::span<const Certificate> chain_;
  Time now_;
  const Certificate* at_ = nullptr;
  std::vector<PathFault> faults_;
};

}  // namespace

std::vector<PathFault> ChainFaults(std::span<const Certificate> chain, Time now) {
  return ChainCheck(chain, now).Run();
}

std::vector<Fault> Errors(const std::vector<PathFault>& faults) {
  std::vector<Fault> errors;
  for (const PathFault& fault : faults) {
    if (fault.IsError()) errors.push_back(fault.fault);
  }
  return errors;
}

std::vector<std::string> Warnings(const std::vector<PathFault>& faults) {
  std::vector<std::string> warnings;
  for (const PathFault& fault : faults) {
    if (!fault.IsError()) {
      warnings.push_back(fault.fault.message + ": refused by " + fault.refused_by + " (" +
                         fault.fault.hint + ")");
    }
  }
  return warnings;
}

}  // namespace fleetmint
