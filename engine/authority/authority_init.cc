// `ca init`: a new hierarchy, each tier signed by the one before it, and the root's long-lived CRL.
#include <algorithm>
#include <memory>

#include "engine/authority/crl.h"
#include "engine/authority/new_authority.h"
#include "engine/base/error.h"
#include "engine/keys/generate.h"

namespace fleetmint {
namespace {

struct MadeTier {
  std::int64_t id;  // in the ledger
  std::string name;
  Certificate certificate;
  std::unique_ptr<Signer> signer;
};

// RFC 5280 4.2.1.9: how many CA certificates may stand between this one and an endpoint's.
void CheckPathLengths(const std::vector<Tier>& tiers) {
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    const std::size_t below = tiers.size() - 1 - i;
    const auto& length = tiers[i].certificate.path_length;
    if (!length || *length >= below) continue;
    throw Error::WithHint(ErrorKind::kInput,
                          "tier '" + tiers[i].name + "' has path length " +
                              std::to_string(*length) + ", but " + std::to_string(below) +
                              " CA certificates below it",
                          "give it path_length: " + std::to_string(below) + " or leave it out");
  }
}

PrivateKey MakeCaKey(const Tier& tier, const NewAuthorityOptions& options) {
  IndependentCheck check(/*interval=*/1);
  return std::move(
      GenerateKeys(tier.key, options.streams, {&tier.name, 1}, options.stop, CaKeyOptions(check))
          .front());
}

// Key, reservation, certificate, record: in this order, as for an endpoint.
MadeTier MakeTier(const Tier& tier, const std::optional<MadeTier>& above, bool leaves,
                  const NewAuthority& made, Ledger& ledger, const NewAuthorityOptions& options) {
  const PrivateKey key = MakeCaKey(tier, options);
  auto signer = MakeSoftwareSigner(key.pkcs8());
  const Time now = options.clock.Now();
  const NewIssuer row{.tier = tier.name,
                      .generation = 1,
                      .parent = above ? std::optional(above->id) : std::nullopt,
                      .leaves = leaves,
                      .key_file = FileOf(tier.name, 1, ".key"),
                      .der = {},
                      .scope = {}};
  Reservation reservation = ledger.ReserveIssuer(row, options.random, now);
  IssuedCertificate issued = [&] {
    if (!above) return SelfSign(std::move(reservation), tier.certificate, *signer, now);
    const Issuer issuer(above->id, IssuerCertificate::Of(above->certificate), *above->signer, {});
    SigningBatch batch = issuer.NewBatch();
    batch.Prepare(reservation, tier.certificate, key.spki(), now);
    return std::move(std::move(batch).Sign().front());
  }();
  Certificate certificate = Certificate::Parse(issued.der);
  made.WriteKey(tier.name, key.pkcs8());
  made.WriteCertificate(tier.name, issued.der);
  const std::int64_t id =
      ledger.CommitIssuer(std::move(issued.reservation), issued.der, ScopeOf(certificate));
  return {id, tier.name, std::move(certificate), std::move(signer)};
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
      MadeTier next = MakeTier(tier, above, leaves, made, ledger, options);
      // nginx refuses valid clients without a CRL of every tier.
      if (above) {
        const CrlStamp stamp = ledger.NextCrl(ScopeOf(above->certificate), options.clock.Now());
        made.directory()
            .MakeSubdirectory(kCrlFolder, 0700)
            .CreateDurably(
                FileOf(above->name, 1, ".crl"),
                SignCrl(above->certificate, *above->signer, stamp, profile.crl_validity, {}));
      }
      above.emplace(std::move(next));
    }
  }
  return made.Finish();
}

}  // namespace fleetmint
