// EndpointTemplate: what the settings of a layer make of a host name.
//
// The settings' texts are parsed once; each endpoint of the layer is one Expand. Const access from
// any thread.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/keys/key_spec.h"
#include "engine/x509/certificate_spec.h"
#include "profiles/bundle_spec.h"
#include "profiles/password_source.h"
#include "profiles/profile.h"
#include "profiles/settings.h"
#include "profiles/template.h"

namespace fleetmint {

// ExpandedProfile is what one endpoint gets, without templates.
struct ExpandedProfile {
  std::string fqdn;
  CertificateSpec certificate;
  KeySpec key;
  BundleSpec bundle;
  PasswordSource password;
};

inline constexpr const char* kIpAddressHint = "IPv4 or IPv6, without a prefix length";

class EndpointTemplate {
 public:
  // The variables that settings leave for the endpoint.
  static constexpr std::array<std::string_view, 2> kVariables{"fqdn", "host"};

  // Throws Error(kLedger, cause kDamaged) if a value cannot be read. (ResolveSettings makes no such
  // values; a damaged ledger may hold them.)
  explicit EndpointTemplate(const Settings& settings);

  // Fqdn gives the fully qualified name of a host, by the rule of format 1: the settings' fqdn if
  // there is one; else the host itself if the settings have no domain or the host has a dot; else
  // host.domain.
  std::string Fqdn(const std::string& host) const;

  // Expand makes `into` what `host` gets, and uses its memory again. It has validated that:
  // ValidateSpec, and an fqdn that is a DNS name or an IPv4 address. What comes out as an IPv4
  // address among the DNS names stands among the IP addresses; names that are equal but for their
  // case stand once, as the first of them is written. Otherwise it adds faults, without places and
  // without the host's name in front, gives false, and `into` is not to be used.
  bool Expand(const std::string& host, ExpandedProfile& into, std::vector<Fault>& faults) const;
  // The same in memory of its own; nothing if there were faults.
  std::optional<ExpandedProfile> Expand(const std::string& host, std::vector<Fault>& faults) const;

 private:
  std::string fqdn_, domain_;
  Name subject_;                          // its values are those of subject_values_
  std::vector<Template> subject_values_;  // one for each attribute
  void FillNames(std::span<const Template::Binding> bindings, SubjectAltNames& san,
                 std::vector<Fault>& faults) const;

  std::vector<Template> dns_, ip_, uri_, email_, upn_, crl_urls_;
  SidForm sid_form_ = SidForm::kExtension;
  Template ca_issuers_url_, ocsp_url_, sid_, friendly_name_, description_, password_path_;
  ExpandedProfile fixed_;  // what is the same for all endpoints
  bool fixed_is_valid_ = false;
};

}  // namespace fleetmint
