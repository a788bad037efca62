// `ca init`: a new hierarchy, each tier signed by the one before it, and the root's long-lived CRL.
#include "engine/authority/authority_impl.h"
#include "engine/base/error.h"
#include "engine/keys/generate.h"
#include "engine/x509/name.h"
#include "engine/x509/tbs_cert_list.h"

namespace fleetmint {
namespace {

struct MadeTier {
  Certificate certificate;
  std::unique_ptr<Signer> signer;
};

// An empty CRL of a CA that signs other CAs: nginx refuses valid clients without one for every
// tier.
Bytes MakeCrl(const MadeTier& tier, std::uint64_t number, Time now, Seconds validity) {
  const CertListInput input{.signature_algorithm = tier.signer->algorithm(),
                            .issuer_name = tier.certificate.subject(),
                            .issuer_key_identifier = tier.certificate.subject_key_identifier(),
                            .crl_number = number,
                            .this_update = now,
                            .next_update = std::min(now + validity, tier.certificate.not_after()),
                            .revoked = {}};
  const Bytes tbs = EncodeTbsCertList(input);
  const ByteView message = tbs;
  return AssembleSigned(tbs, tier.signer->algorithm(), tier.signer->Sign({&message, 1}).front());
}

// RFC 5280 4.2.1.9: how many CA certificates may stand between this one and an endpoint's.
void CheckPathLengths(const std::vector<TierPlan>& tiers) {
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

}  // namespace

IssuedFacts FactsOfCa(const Certificate& certificate, const Certificate& issuer) {
  IssuedFacts facts;
  facts.subject = NameToString(certificate.subject());
  facts.not_before = certificate.not_before();
  facts.not_after = certificate.not_after();
  facts.sha1 = Sha1(certificate.der());
  facts.sha256 = Sha256(certificate.der());
  facts.spki_sha256 = Sha256(certificate.spki());
  facts.issuer = ToHex(Sha256(issuer.der()));
  facts.key = KeyNameOf(certificate);
  return facts;
}

Authority Authority::Init(const std::string& path, const InitOptions& options, RandomSource& random,
                          StreamFactory& streams, const Clock& clock) {
  if (options.tiers.empty()) throw Error(ErrorKind::kAuthority, "an authority needs a tier");
  CheckPathLengths(options.tiers);
  NewAuthority made(path, random);
  made.Begin(options.passphrase);
  std::vector<std::string> names;
  {
    Ledger ledger = Ledger::Create(made.directory().PathOf(kLedgerFile), made.id());
    std::optional<MadeTier> above;
    for (const TierPlan& plan : options.tiers) {
      names.push_back(plan.name);
      std::vector<KeyStreams> pair;
      pair.push_back(OpenKeyStreams(streams, plan.name));
      IndependentCheck check(/*interval=*/1);
      const PrivateKey key =
          std::move(GenerateKeys(plan.key, pair, options.stop, CaKeyOptions(check)).front());
      auto signer = MakeSoftwareSigner(key.pkcs8());
      const Time now = clock.Now();
      Reservation reservation =
          std::move(ledger.Reserve(0, "", {&plan.name, 1}, random, now).front());
      IssuedCertificate issued = [&] {
        if (!above) return SelfSign(std::move(reservation), plan.certificate, *signer, now);
        const Issuer issuer(IssuerCertificate::Parse(above->certificate.der()), *above->signer);
        std::vector<PreparedCertificate> prepared;
        prepared.push_back(issuer.Prepare(reservation, plan.certificate, key.spki(), now));
        return std::move(issuer.Sign(std::move(prepared)).front());
      }();
      Certificate certificate = Certificate::Parse(issued.der);
      made.WriteKey(plan.name, key.pkcs8());
      made.WriteCertificate(plan.name, issued.der);
      std::vector<CommitItem> items;
      items.push_back({std::move(issued.reservation),
                       FactsOfCa(certificate, above ? above->certificate : certificate)});
      ledger.Commit(std::move(items), now);
      if (above) {
        const std::string& issuer_name = names[names.size() - 2];
        const std::uint64_t number = ledger.NextCrlNumber(ToHex(Sha256(above->certificate.der())));
        made.directory()
            .MakeSubdirectory(kCrlFolder, 0700)
            .CreateDurably(issuer_name + ".crl",
                           MakeCrl(*above, number, now, options.root_crl_validity));
      }
      above.emplace(MadeTier{std::move(certificate), std::move(signer)});
    }
  }
  return made.Finish(names);
}

}  // namespace fleetmint
