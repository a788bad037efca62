#include "engine/cli/ca_subcommand.h"

#include "engine/base/error.h"
#include "engine/x509/name.h"

namespace fleetmint::cli {

Tier RequestedTier(const std::string& subject, const std::string& key_name) {
  Tier tier;
  tier.name = "issuing";
  tier.key = ParseKeyName(key_name);
  tier.certificate.subject = Name::Parse(subject);
  const auto faults = NameFaults(tier.certificate.subject);
  if (!faults.empty()) {
    throw Error::About(ErrorKind::kUsage, "subject", Error(ErrorKind::kUsage, faults));
  }
  return tier;
}

NewAuthorityOptions KeyWork(Session& session, PassphraseSource* passphrase) {
  return {.random = session.random,
          .streams = session.streams,
          .clock = session.clock,
          .passphrase = passphrase,
          .stop = session.signals.TakeToken(),
          .log = &session.ui};
}

}  // namespace fleetmint::cli
