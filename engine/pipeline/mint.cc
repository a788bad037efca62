#include "engine/pipeline/mint.h"

#include <map>

#include "engine/base/error.h"
#include "engine/base/wipe.h"
#include "engine/keys/generate.h"
#include "engine/pipeline/pending.h"

namespace fleetmint {
namespace {

std::vector<Job> MakeJobs(const Chunk& chunk, const Plan& plan) {
  PlanLayer layer;
  std::vector<Job> jobs;
  jobs.reserve(chunk.outcomes.size());
  for (const Outcome& outcome : chunk.outcomes) jobs.push_back(plan.MakeJob(outcome.number, layer));
  return jobs;
}

// One key for each job, in their order; jobs of one kind of key are generated together.
std::vector<std::optional<PrivateKey>> MakeKeys(const std::vector<Job>& jobs,
                                                const RunOptions& options) {
  std::map<KeySpec, std::vector<std::size_t>> by_spec;
  for (std::size_t i = 0; i < jobs.size(); ++i) by_spec[jobs[i].expanded.key].push_back(i);
  std::vector<std::optional<PrivateKey>> keys(jobs.size());
  for (const auto& [spec, places] : by_spec) {
    std::vector<std::string> endpoints;
    endpoints.reserve(places.size());
    for (const std::size_t place : places) endpoints.push_back(jobs[place].endpoint);
    auto made = GenerateKeys(spec, options.streams, endpoints, options.stop, options.keys);
    for (std::size_t k = 0; k < places.size(); ++k) keys[places[k]].emplace(std::move(made[k]));
  }
  return keys;
}

// Signed is what one signed certificate belongs to.
struct Signed {
  Outcome& outcome;
  const Job& job;
  const PrivateKey& key;
};

// Nothing is signed for a bundle that cannot be put in its place.
void CheckPlace(const std::string& endpoint, const OutputDirectory& output) {
  const auto obstacle = WhatIsInTheWay(endpoint, output);
  if (!obstacle) return;
  throw Error::WithHint(ErrorKind::kEndpoint, *obstacle,
                        "move that away and run the same command again");
}

std::vector<Signed> PrepareAll(Chunk& chunk, const std::vector<Job>& jobs,
                               const std::vector<std::optional<PrivateKey>>& keys,
                               const OutputDirectory& output, SigningBatch& batch, Time now) {
  std::vector<Signed> prepared;
  prepared.reserve(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    Outcome& outcome = chunk.outcomes[i];
    try {
      CheckPlace(jobs[i].endpoint, output);
      CertificateSpec spec = jobs[i].expanded.certificate;
      spec.validity = ValidityAt(spec.validity, now);
      batch.Prepare(*outcome.reserved, spec, keys[i]->spki(), now);
      outcome.reserved.reset();
      prepared.push_back({outcome, jobs[i], *keys[i]});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kEndpoint) throw;
      outcome.failure = error.what();
    }
  }
  return prepared;
}

CommitItem MakeCommitItem(const Signed& of, IssuedCertificate certificate) {
  CommitItem item{.reservation = std::move(certificate.reservation),
                  .der = std::move(certificate.der),
                  .not_after = certificate.not_after,
                  .spki_sha256 = Sha256(of.key.spki()),
                  .settings = of.job.settings,
                  .files = {}};
  item.sha1 = Sha1(item.der);
  item.sha256 = Sha256(item.der);
  for (const BundleFile& file : of.outcome.files) {
    item.files.push_back({file.extension, file.content.size(), Sha256(file.content)});
  }
  return item;
}

void Mint(Chunk& chunk, const Plan& plan, const IssuingWorkspace& workspace,
          const RunOptions& options) {
  const std::vector<Job> jobs = MakeJobs(chunk, plan);
  std::vector<std::optional<PrivateKey>> keys;
  try {
    keys = MakeKeys(jobs, options);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInterrupted) throw;
    return;
  }
  SigningBatch batch = workspace.issuer().NewBatch();
  const std::vector<Signed> prepared =
      PrepareAll(chunk, jobs, keys, workspace.output(), batch, options.clock.Now());
  std::vector<IssuedCertificate> certificates = std::move(batch).Sign();

  for (std::size_t k = 0; k < certificates.size(); ++k) {
    const Signed& of = prepared[k];
    IssuedCertificate& certificate = certificates[k];
    // A user's password costs a tenth of a second: what is not packed yet is given up.
    if (options.stop.stop_requested()) {
      of.outcome.abandoned.emplace(std::move(certificate.reservation));
      continue;
    }
    const Reservation& reservation = certificate.reservation;
    const PasswordSource& source = of.job.expanded.password;
    const SecretBytes password = plan.passwords().Get(source, reservation.endpoint(),
                                                      reservation.serial(), workspace.passwords());
    RandomStream salts = options.streams.Open({reservation.endpoint(), StreamPurpose::kBundle});
    of.outcome.files = PackBundle(
        PackInput{.spec = of.job.expanded.bundle,
                  .pkcs8 = of.key.pkcs8(),
                  .certificate = certificate.der,
                  .chain = workspace.authority().ChainDers(),
                  .key_container_name = KeyContainerName(
                      reservation.fleet(), reservation.endpoint(), reservation.serial()),
                  .password = password,
                  .iterations = BundlePasswords::Iterations(source, workspace.authority().test())},
        salts);
    of.outcome.clamped = certificate.clamped;
    of.outcome.issued.emplace(MakeCommitItem(of, std::move(certificate)));
  }
}

}  // namespace

void MintChunk(Chunk& chunk, const Plan& plan, const IssuingWorkspace& workspace,
               const RunOptions& options) {
  WithWipedStack(kSecretStack, [&] { Mint(chunk, plan, workspace, options); });
}

}  // namespace fleetmint
