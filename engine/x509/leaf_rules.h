// LeafRules: what a chain of CA certificates lets the certificates below it be (RFC 5280 6.1):
// their names, their usages, whether they have to have policies. Dates are the issuer's to cut
// (authority/issuer.h).
//
// Read once from the chain; the verdict on a certificate then costs some comparisons. It is
// OpenSSL's, asked with the purpose of each usage and with its check of policies. A value; const
// access from any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/x509/certificate.h"
#include "engine/x509/certificate_spec.h"
#include "engine/x509/name_constraints.h"

namespace fleetmint {

// LeafFields is what the rules look at. Views must outlive the call.
struct LeafFields {
  ByteView subject;  // DER of the name
  ByteView san;      // DER of the SAN extension's value; empty: it has none
  std::span<const std::string> extended_key_usage;  // dotted
  std::uint16_t key_usage = 0;                      // bits of key_usage::; 0: it has none
};

class LeafRules {
 public:
  LeafRules() = default;  // of a root that signs itself: none
  // `chain`: the issuing CA first, the root last. Throws Error(kInput) if an extension is
  // malformed.
  explicit LeafRules(std::span<const Certificate> chain);

  // Faults tells why a certificate below would be refused; of a spec: once it is issued.
  std::vector<Fault> Faults(const LeafFields& leaf) const;
  std::vector<Fault> Faults(const CertificateSpec& spec) const;

  // BindNames tells whether the verdict depends on names: if not, it is the same for all
  // certificates of the same usages.
  bool BindNames() const { return !constraints_.empty(); }

 private:
  struct UsageLimit {  // a CA that has an extended key usage itself
    std::string ca;
    std::vector<std::string> usages;
  };
  ChainConstraints constraints_;
  std::vector<UsageLimit> limits_;
  std::string policies_by_;  // the CA that asks for policies, where a leaf must have some
  bool needs_policies_ = false;
};

}  // namespace fleetmint
