// Profile: what a certificate of one kind looks like and how its bundle is packed.
//
// `ProfileConfig` is what a file says; a `Profile` has been validated against RFC 5280, the Windows
// key-provider rules and its own lint (`required_dns`), and never changes. Text in it may hold
// templates ({host} {fqdn} {fleet} {group} {var}); `Expand` fills them in for one endpoint.
//
// Profiles are values without hidden state: const access from several threads is safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/yaml.h"
#include "engine/keys/key_spec.h"
#include "engine/x509/certificate_spec.h"
#include "profiles/bundle_spec.h"
#include "profiles/password_source.h"

namespace fleetmint {

// EncryptionChoice: `auto` decides by the endpoint's operating system.
enum class EncryptionChoice : std::uint8_t { kAuto, kModern, kLegacy };

// ProfileConfig holds every setting of a profile, with templates unexpanded.
struct ProfileConfig {
  std::string subject;
  std::vector<std::string> dns;
  std::vector<std::string> ip;
  KeySpec key;
  std::uint16_t key_usage = 0;
  std::vector<std::string> extended_key_usage;  // dotted OIDs
  Validity validity;
  std::string friendly_name;
  std::string description;
  std::string crl_url;
  std::string ca_issuers_url;
  std::string sid;
  EncryptionChoice encryption = EncryptionChoice::kAuto;
  BundleSpec bundle;  // its texts and `encryption` are filled in by Expand
  PasswordSource password;
  std::vector<std::string> required_dns;  // lint: names every certificate of this profile carries
};

// ProfilePatch is a sparse set of settings, e.g. those of a group or of one endpoint. `dns` and
// `ip` append, every other setting replaces. Made by ParseProfilePatch only; small (a vector).
struct ProfilePatch {
  struct Setting {
    Position where;
    std::function<void(ProfileConfig&)> apply;
  };
  std::vector<Setting> settings;
  bool empty() const { return settings.empty(); }
};

class Profile {
 public:
  const std::string& name() const { return name_; }
  const std::string& summary() const { return summary_; }  // one line for `fleetmint profiles`
  const std::vector<std::string>& lineage() const { return lineage_; }  // itself, parent, ...
  const ProfileConfig& config() const { return config_; }

  // Fingerprint is a SHA-256 (hex) over every setting: tells "issued under an older profile".
  std::string Fingerprint() const;

  // With gives this profile with `patches` applied in order and validated again; faults carry the
  // patches' positions (file as in `faults`). Nothing if it is not valid.
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

// Tier describes one CA certificate of an authority profile, leaf-most last.
struct Tier {
  std::string name;  // "root", "issuing"
  CertificateSpec certificate;
  KeySpec key;
};

// AuthorityProfile is a hierarchy for `ca init`: `tiers[0]` is self-signed. `crl_validity` is the
// root CRL's.
struct AuthorityProfile {
  std::string name;
  std::string summary;
  std::vector<Tier> tiers;
  Seconds crl_validity{0};
};

// Catalog holds profiles by name. The built-in ones are compiled into the binary.
class Catalog {
 public:
  // Builtin gives the catalog of DESIGN 4.
  static Catalog Builtin();

  // AddFile adds the profile (or authority profile) of a file; its name must be new. AddDirectory
  // adds every *.yaml in a directory, in an order that satisfies `extends`. All faults are
  // collected.
  void AddFile(const std::string& path, FaultList& faults);
  void AddDirectory(const std::string& path, FaultList& faults);

  // Find and Names leave out profiles with `abstract: true`, which are there to be extended.
  const Profile* Find(std::string_view name) const;
  const AuthorityProfile* FindAuthority(std::string_view name) const;
  std::vector<std::string> Names() const;
  std::vector<std::string> AuthorityNames() const;

  // ToYaml renders a profile completely, as a profile file that reads back to the same value.
  static std::string ToYaml(const Profile& profile);
  static std::string ToYaml(const AuthorityProfile& profile);

 private:
  std::map<std::string, Profile, std::less<>> profiles_;
  std::map<std::string, AuthorityProfile, std::less<>> authorities_;
  void Add(const yaml::Node& root, FaultList& faults);
};

// ProfileKeys lists the keys that ParseProfilePatch knows (for suggestions).
std::span<const std::string> ProfileKeys();

// ParseProfilePatch reads the profile keys among the entries of `mapping`; entries whose key is in
// `ignore` are the caller's. Any other key is a fault. Each value is checked by itself.
ProfilePatch ParseProfilePatch(const yaml::Node& mapping, std::span<const std::string> ignore,
                               FaultList& faults);

// Variables are the values of the templates of one endpoint.
using Variables = std::map<std::string, std::string, std::less<>>;

// Target is an operating system as bundles see it.
enum class Target : std::uint8_t { kUnknown, kModernWindows, kLegacyWindows, kOther };

// TargetOf knows the names an inventory may give as `os`; nothing if unknown. OsNames lists them.
std::optional<Target> TargetOf(std::string_view os);
std::span<const std::string> OsNames();

// ExpandedProfile is one endpoint's share of a profile, without templates.
struct ExpandedProfile {
  CertificateSpec certificate;
  KeySpec key;
  BundleSpec bundle;
  PasswordSource password;
};

// Expand fills in the templates and validates the result as a certificate (ValidateSpec, the
// profile's lint). Nothing if there were faults. A fault of a template stands where one of
// `patches` (those that made `profile`) set it, else at `where`, and is the same for all endpoints;
// other faults stand at `where` and name the endpoint.
std::optional<ExpandedProfile> Expand(const Profile& profile, const Variables& variables,
                                      Target target, Position where, FaultList& faults,
                                      std::span<const ProfilePatch* const> patches = {});

// ExpandTemplate fills in one text; an unknown {name} is a fault with a suggestion; "{{" gives "{".
std::optional<std::string> ExpandTemplate(std::string_view text, const Variables& variables,
                                          Fault* fault);

}  // namespace fleetmint
