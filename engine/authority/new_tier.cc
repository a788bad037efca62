#include "engine/authority/new_tier.h"

#include <algorithm>
#include <charconv>

#include "engine/authority/crl.h"
#include "engine/authority/issuer.h"
#include "engine/authority/key_file.h"
#include "engine/authority/new_authority.h"
#include "engine/base/durable_file.h"
#include "engine/base/pem.h"
#include "engine/keys/generate.h"

namespace fleetmint {

namespace {

constexpr std::int64_t kMostGenerations = 1'000'000;  // beyond, " G..." is no mark of one

}  // namespace

PrivateKey MakeCaKey(const KeySpec& key, const std::string& tier,
                     const NewAuthorityOptions& options) {
  IndependentCheck check(/*interval=*/1);
  KeyOptions how = CaKeyOptions(check);
  how.kernel = options.kernel;
  return std::move(GenerateKeys(key, options.streams, {&tier, 1}, options.stop, how).front());
}

void WriteTierKey(const Directory& directory, const std::string& name, const SecretBytes& pkcs8,
                  const std::optional<SecretBytes>& passphrase, RandomSource& random) {
  directory.CreateDurably(name, EncodeKeyFile(pkcs8, passphrase, random));
}

void WriteTierCertificate(const Directory& directory, const std::string& name, ByteView der) {
  directory.CreateDurably(name, AsBytes(PemEncode("CERTIFICATE", der)));
}

MadeTier MakeTier(const Tier& tier, const std::optional<TierAbove>& above,
                  const NewTierPlace& place, const NewAuthorityOptions& options) {
  const PrivateKey key = MakeCaKey(tier.key, tier.name, options);
  auto signer = MakeSoftwareSigner(key.pkcs8());
  const Time now = options.clock.Now();
  const NewIssuer row{.tier = tier.name,
                      .generation = place.generation,
                      .parent = above ? std::optional(above->id) : std::nullopt,
                      .leaves = place.leaves,
                      .key_file = FileOf(tier.name, place.generation, ".key"),
                      .der = {},
                      .scope = {}};
  Reservation reservation = place.ledger.ReserveIssuer(row, options.random, now);
  IssuedCertificate issued = [&] {
    if (!above) return SelfSign(std::move(reservation), tier.certificate, *signer, now);
    const Issuer issuer(above->id, IssuerCertificate::Of({&above->certificate, 1}), above->signer);
    SigningBatch batch = issuer.NewBatch();
    batch.Prepare(reservation, tier.certificate, key.spki(), now);
    return std::move(std::move(batch).Sign().front());
  }();
  Certificate certificate = Certificate::Parse(issued.der);
  WriteTierKey(place.directory, row.key_file, key.pkcs8(), place.passphrase, options.random);
  WriteTierCertificate(place.directory, FileOf(tier.name, place.generation, ".crt"), issued.der);
  const std::int64_t id = place.ledger.CommitIssuer(std::move(issued.reservation), issued.der,
                                                    ScopeOf(certificate), place.state);
  return {id, std::move(certificate), std::move(signer)};
}

void SignFirstCrl(const Directory& directory, const std::string& file, const Certificate& ca,
                  Signer& signer, Seconds validity, Ledger& ledger, const Clock& clock) {
  const CrlStamp stamp = ledger.NextCrl(ScopeOf(ca), clock.Now());
  const Directory folder = directory.MakeSubdirectory(kCrlFolder, 0700);
  const FileLock alone = folder.LockItself();
  RemoveHalfWritten(folder);
  folder.CreateDurably(file, SignCrl(ca, signer, stamp, validity, {}));
}

void ClearUnfinished(const Directory& directory, Ledger& ledger) {
  for (const IssuerRow& row : ledger.Issuers()) {
    if (row.state != IssuerState::kReserved) continue;
    for (const char* const extension : {".key", ".crt", ".csr"}) {
      const std::string file = FileOf(row.tier, row.generation, extension);
      directory.Remove(file);
      directory.Remove(DurableFile::TemporaryName(file));
    }
  }
  directory.Sync();
  ledger.AbandonIssuers();
}

Name NameOfGeneration(Name name, std::int64_t generation) {
  const auto common = std::find_if(name.attributes.begin(), name.attributes.end(),
                                   [](const auto& attribute) { return attribute.type == "CN"; });
  if (common == name.attributes.end()) {
    name.attributes.push_back({"CN", "G" + std::to_string(generation)});
    return name;
  }
  std::string& text = common->value;
  const std::size_t at = text.rfind(" G");
  std::int64_t mark = 0;
  if (at != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + at + 2, end, mark);
    const bool marked = error == std::errc() && rest == end && mark > 0 && mark < kMostGenerations;
    if (marked) {
      text.erase(at);
    } else {
      mark = 0;
    }
  }
  text += " G" + std::to_string(std::max(generation, mark + 1));
  return name;
}

}  // namespace fleetmint
