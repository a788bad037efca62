// Profile: what a certificate of one kind looks like and how its bundle is packed.
//
// `ProfileConfig` is what a file says; a `Profile` has kept the rules that can be judged without
// filling in its templates (key, key usage, validity, Windows key providers) and never changes.
// Whether the certificates come out valid is for ResolveSettings and EndpointTemplate to say.
//
// Values without hidden state: const access from several threads is safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/keys/key_spec.h"
#include "engine/x509/certificate_spec.h"
#include "profiles/bundle_spec.h"
#include "profiles/password_source.h"

namespace fleetmint {

struct ProfilePatch;

// EncryptionChoice: `auto` decides by the endpoint's operating system.
enum class EncryptionChoice : std::uint8_t { kAuto, kModern, kLegacy };

// SidForm is how a certificate carries its account's SID (KB5014754): in the extension, which every
// domain controller knows; in a URI of the SAN, which those of Server 2019 and later know.
enum class SidForm : std::uint8_t { kExtension, kUri, kBoth };

// ProfileConfig holds every setting of a profile. Its texts are templates ({host} {fqdn} {fleet}
// {group} {var}).
struct ProfileConfig {
  std::string subject;  // RFC 4514, with templates in its values
  std::vector<std::string> dns;
  std::vector<std::string> ip;
  std::vector<std::string> uri, email, upn;
  KeySpec key;
  std::uint16_t key_usage = 0;
  std::vector<std::string> extended_key_usage;  // dotted OIDs
  Validity validity;
  std::string friendly_name;
  std::string description;
  std::vector<std::string> crl_urls;
  std::string ca_issuers_url;
  std::string ocsp_url;
  std::string sid;
  SidForm sid_form = SidForm::kExtension;
  EncryptionChoice encryption = EncryptionChoice::kAuto;
  BundleSpec bundle;  // but for its encryption, friendly_name and description
  PasswordSource password;
  std::vector<std::string> required_dns;  // lint: names every certificate of this profile carries
};

class Profile {
 public:
  const std::string& name() const { return name_; }
  const std::string& summary() const { return summary_; }  // one line for `fleetmint profiles`
  const std::vector<std::string>& lineage() const { return lineage_; }  // itself, parent, ...
  const ProfileConfig& config() const { return config_; }

  // With gives this profile with `patches` applied in order and validated again; faults stand where
  // the patches do (file as in `faults`). Nothing if it is not valid.
  std::optional<Profile> With(std::span<const ProfilePatch* const> patches,
                              FaultList& faults) const;

 private:
  friend class Catalog;
  std::string name_;
  std::string summary_;
  std::vector<std::string> lineage_;
  bool abstract_ = false;  // to be extended, not to be used
  ProfileConfig config_;
};

}  // namespace fleetmint
