#include "engine/pipeline/mint.h"

#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "engine/keys/generate.h"
#include "engine/x509/name.h"
#include "engine/x509/san.h"

namespace fleetmint {
namespace {

// One key for each outcome, in their order; outcomes of one kind of key are generated together.
std::vector<std::optional<PrivateKey>> MakeKeys(const Chunk& chunk, const RunContext& context) {
  std::map<KeySpec, std::vector<std::size_t>> by_spec;
  for (std::size_t i = 0; i < chunk.outcomes.size(); ++i) {
    by_spec[chunk.outcomes[i].job.key].push_back(i);
  }
  std::vector<std::optional<PrivateKey>> keys(chunk.outcomes.size());
  for (const auto& [spec, places] : by_spec) {
    std::vector<KeyStreams> streams;
    streams.reserve(places.size());
    for (const std::size_t place : places) {
      streams.push_back(OpenKeyStreams(context.streams, chunk.outcomes[place].job.endpoint));
    }
    auto made = GenerateKeys(spec, streams, context.stop, context.keys);
    for (std::size_t k = 0; k < places.size(); ++k) keys[places[k]].emplace(std::move(made[k]));
  }
  return keys;
}

// Prepared pairs each certificate that passed the lint with the outcome it belongs to.
struct Prepared {
  std::vector<PreparedCertificate> certificates;
  std::vector<std::size_t> places;
};

Prepared PrepareAll(Chunk& chunk, const std::vector<std::optional<PrivateKey>>& keys,
                    const RunContext& context) {
  Prepared prepared;
  const Time now = context.clock.Now();
  for (std::size_t i = 0; i < chunk.outcomes.size(); ++i) {
    Outcome& outcome = chunk.outcomes[i];
    try {
      prepared.certificates.push_back(context.authority.issuer().Prepare(
          *outcome.reservation, outcome.job.certificate, keys[i]->spki(), now));
      outcome.reservation.reset();
      prepared.places.push_back(i);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kEndpoint) throw;
      outcome.failure = error.what();
    }
  }
  return prepared;
}

// DESIGN 4: <fleet>-<endpoint>-<first 8 hex of serial>, unique for each bundle.
std::string KeyContainerName(const Reservation& reservation) {
  return reservation.fleet() + "-" + reservation.endpoint() + "-" +
         SerialHex(reservation.serial()).substr(0, 8);
}

IssuedFacts FactsOf(const Job& job, const IssuedCertificate& certificate, const PrivateKey& key,
                    const Sha256Digest& issuer, const std::vector<BundleFile>& files) {
  IssuedFacts facts;
  facts.fqdn = job.fqdn;
  facts.profile = job.profile;
  facts.profile_fingerprint = job.profile_fingerprint;
  facts.subject = job.certificate.subject.ToString();
  facts.dns = job.certificate.san.dns;
  for (const Bytes& ip : job.certificate.san.ip) facts.ip.push_back(FormatIp(ip));
  facts.not_before = certificate.not_before;
  facts.not_after = certificate.not_after;
  facts.sha1 = Sha1(certificate.der);
  facts.sha256 = Sha256(certificate.der);
  facts.spki_sha256 = Sha256(key.spki());
  facts.issuer = ToHex(issuer);
  facts.key = KeySpecName(job.key);
  facts.encryption = job.bundle.encryption == PfxEncryption::kLegacy ? "legacy" : "modern";
  facts.password = job.password.ToString();
  facts.friendly_name = job.bundle.friendly_name;
  for (const BundleFile& file : files) {
    facts.files.push_back({file.extension, file.content.size(), Sha256(file.content)});
  }
  return facts;
}

}  // namespace

void MintChunk(Chunk& chunk, const BundlePasswords& passwords, const RunContext& context) {
  std::vector<std::optional<PrivateKey>> keys;
  try {
    keys = MakeKeys(chunk, context);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInterrupted) throw;
    chunk.dropped = true;
    return;
  }
  Prepared prepared = PrepareAll(chunk, keys, context);
  std::vector<IssuedCertificate> certificates =
      context.authority.issuer().Sign(std::move(prepared.certificates));

  const std::vector<Bytes> chain = context.authority.Chain();
  const Sha256Digest issuer = Sha256(context.authority.issuer().certificate().der);
  for (std::size_t k = 0; k < certificates.size(); ++k) {
    Outcome& outcome = chunk.outcomes[prepared.places[k]];
    IssuedCertificate& certificate = certificates[k];
    // A user's password costs a tenth of a second: what is not packed yet is given up.
    if (context.stop.stop_requested()) {
      outcome.reservation.emplace(std::move(certificate.reservation));
      chunk.dropped = true;
      continue;
    }
    const PrivateKey& key = *keys[prepared.places[k]];
    const Reservation& reservation = certificate.reservation;
    const SecretBytes password = passwords.Get(outcome.job.password, reservation.endpoint(),
                                               reservation.serial(), context.authority.passwords());
    outcome.files =
        PackBundle(PackInput{.spec = outcome.job.bundle,
                             .pkcs8 = key.pkcs8(),
                             .certificate = certificate.der,
                             .chain = chain,
                             .key_container_name = KeyContainerName(reservation),
                             .password = password,
                             .iterations = BundlePasswords::Iterations(outcome.job.password)},
                   context.random);
    outcome.clamped = certificate.clamped;
    IssuedFacts facts = FactsOf(outcome.job, certificate, key, issuer, outcome.files);
    outcome.issued.emplace(CommitItem{std::move(certificate.reservation), std::move(facts)});
  }
}

}  // namespace fleetmint
