// Name constraints (RFC 5280 4.2.1.10): which names the certificates below a CA may have.
//
// DNS names, e-mail addresses, URIs, IP addresses and directory names are compared. A constraint
// binds names of its own kind alone, whether it is critical or not. What cannot be compared (a URI
// without a host, another name's kind, bounds of a subtree) is refused where a constraint of that
// kind meets it, as RFC 5280 6.1 asks. Where the RFC leaves it open, as OpenSSL 3 reads it:
// ".example.com" does not hold example.com itself; common names that look like DNS names are
// DNS names where a certificate has none in its SAN. Values; const access from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/x509/certificate.h"
#include "engine/x509/name_match.h"

namespace fleetmint {

// NameKind is the number of a GeneralName's alternative (RFC 5280 4.2.1.6).
enum class NameKind : std::uint8_t {
  kOther = 0,
  kEmail = 1,
  kDns = 2,
  kX400 = 3,
  kDirectory = 4,
  kEdi = 5,
  kUri = 6,
  kIp = 7,
  kRegisteredId = 8,
};

inline constexpr std::array<NameKind, 9> kNameKinds{
    NameKind::kOther, NameKind::kEmail,     NameKind::kDns,
    NameKind::kX400,  NameKind::kDirectory, NameKind::kEdi,
    NameKind::kUri,   NameKind::kIp,        NameKind::kRegisteredId};

// BoundName is one name of a certificate, or the base of a subtree.
struct BoundName {
  NameKind kind = NameKind::kDns;
  std::string content;     // text or octets; of another name: its type, dotted
  ComparedName directory;  // of a directory name
  std::string shown;       // for messages: "DNS name 'a.example'"
};

// BoundNames gives the names of a certificate that constraints are held against: its subject, the
// e-mail addresses in that, with `common_names` (of an endpoint) those, and `san`, the DER of a SAN
// extension's value (each empty: it has none). Throws Error(kInput) if either is malformed.
std::vector<BoundName> BoundNames(ByteView subject, ByteView san, bool common_names = true);

class NameConstraints {
 public:
  // Read reads the extension's value. Throws Error(kInput) if it is none.
  static NameConstraints Read(ByteView value);

  // Forbids tells why a name may not stand below: "", or the reason in a few words if it is
  // another than that the name lies outside. Nothing: it may.
  std::optional<std::string> Forbids(const BoundName& name) const;

  // Constrains tells whether names of this kind are constrained at all.
  bool Constrains(NameKind kind) const;

 private:
  struct Subtree {
    BoundName base;
    bool bounded = false;  // it has a minimum or a maximum, which RFC 5280 does not know
  };
  static std::vector<Subtree> ReadSubtrees(ByteView list);
  std::vector<Subtree> permitted_, excluded_;
};

// ChainConstraints is those of a chain, read once.
class ChainConstraints {
 public:
  ChainConstraints() = default;  // none
  // Throws Error(kInput) if an extension of the chain is malformed.
  explicit ChainConstraints(std::span<const Certificate> chain);
  bool empty() const { return of_.empty(); }
  // Faults tells which names of a certificate below are forbidden; arguments as of BoundNames.
  // (Self-issued CA certificates are not bound: the caller passes them over.)
  std::vector<Fault> Faults(ByteView subject, ByteView san, bool common_names = true) const;

 private:
  struct OfCa {
    std::string name;
    NameConstraints constraints;
  };
  std::vector<OfCa> of_;
};

}  // namespace fleetmint
