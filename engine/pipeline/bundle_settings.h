// SettingsOfBundle: settings that a bundle may have been issued under, where their record is lost.
#pragma once

#include <span>

#include "output/manifest_words.h"
#include "output/pack.h"
#include "profiles/settings.h"

namespace fleetmint {

// SettingsOfBundle gives settings that make this bundle of its endpoint's name: what certificate,
// PFX and manifest say, with {fqdn} where the name is. `chain` is that of its issuer, issuing CA
// first. Nothing tells validity and jitter apart: the validity is what it came to. Not read are the
// URLs and the SID of a certificate, nor what a password comes from but the fleet key: whoever uses
// the result holds the bundle against it. Throws Error(kInput) if the certificate cannot be read.
Settings SettingsOfBundle(const ManifestWord& word, const OpenedBundle& bundle,
                          std::span<const Bytes> chain);

}  // namespace fleetmint
