// `ca init`: a new hierarchy, each tier signed by the one before it, and the root's long-lived CRL.
#include "engine/authority/new_authority.h"
#include "engine/authority/new_tier.h"
#include "engine/base/counted.h"
#include "engine/base/error.h"

namespace fleetmint {
namespace {

// RFC 5280 4.2.1.9: how many CA certificates may stand between this one and an endpoint's.
void CheckPathLengths(const std::vector<Tier>& tiers) {
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    const std::size_t below = tiers.size() - 1 - i;
    const auto& length = tiers[i].certificate.path_length;
    if (!length || *length >= below) continue;
    throw Error::WithHint(ErrorKind::kInput,
                          "tier '" + tiers[i].name + "' has path length " +
                              std::to_string(*length) + ", but " +
                              Counted(below, "CA certificate") + " below it",
                          "give it path_length: " + std::to_string(below) + " or leave it out");
  }
}

}  // namespace

Authority Authority::Init(const std::string& path, const AuthorityProfile& profile,
                          const NewAuthorityOptions& options) {
  if (profile.tiers.empty()) throw Error(ErrorKind::kAuthority, "an authority needs a tier");
  CheckPathLengths(profile.tiers);
  NewAuthority made(path, options.random);
  made.Begin(options.passphrase);
  {
    Ledger ledger = made.NewLedger();
    std::optional<MadeTier> above;
    for (const Tier& tier : profile.tiers) {
      const bool leaves = &tier == &profile.tiers.back();
      std::optional<TierAbove> signs;
      if (above) signs.emplace(TierAbove{above->id, above->certificate, *above->signer});
      MadeTier next = MakeTier(tier, signs,
                               {.directory = made.directory(),
                                .passphrase = made.passphrase(),
                                .ledger = ledger,
                                .leaves = leaves},
                               options);
      if (!leaves) {
        SignFirstCrl(made.directory(), FileOf(tier.name, 1, ".crl"), next.certificate, *next.signer,
                     profile.crl_validity, ledger, options.clock);
      }
      above.emplace(std::move(next));
    }
  }
  return made.Finish(options.test.has_value());
}

}  // namespace fleetmint
