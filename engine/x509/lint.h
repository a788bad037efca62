// Lint: the last look at a TBSCertificate before it is signed. It reads the DER again
// (lint_reader.h), with nothing of the encoder's, and holds it against what was asked for and the
// rules of RFC 5280. (Names and algorithm identifiers are compared as they are encoded.) The
// verdict is the same under every version of Botan. It does not look at the key itself, nor whether
// the signature algorithm is the one of the issuer's key. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/x509/certificate_spec.h"
#include "engine/x509/leaf_rules.h"

namespace fleetmint {

struct LintFinding {
  std::string rule;      // stable name, e.g. "san_critical"
  std::string citation;  // e.g. "RFC 5280 4.2.1.6"
  std::string message;
};

// LintContext is what the certificate must agree with. Views must outlive the call.
struct LintContext {
  ByteView issuer_name;            // DER of the issuer's subject name
  ByteView issuer_key_identifier;  // empty for a self-signed root
  Time issuer_not_before;          // ignored for a self-signed root
  Time issuer_not_after;
  const LeafRules* rules = nullptr;  // of the issuer and those above it; nothing: none bind
  bool self_signed = false;
};

// LintTbs gives every rule that the TBSCertificate breaks, in the order of the rules. Empty: sign
// it.
std::vector<LintFinding> LintTbs(ByteView tbs, const CertificateSpec& spec,
                                 const LintContext& context);

}  // namespace fleetmint
