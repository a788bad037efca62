#include "engine/pipeline/plan.h"

#include <algorithm>
#include <filesystem>

#include "engine/base/text.h"
#include "engine/x509/san.h"

namespace fleetmint {
namespace {

// Finds `key` in the sorted names; nullptr if it is not there.
const Ledger::CurrentName* FindCurrent(const std::vector<Ledger::CurrentName>& names,
                                       const std::string& key) {
  const auto place = std::lower_bound(
      names.begin(), names.end(), key,
      [](const auto& entry, const auto& text) { return entry.endpoint_key < text; });
  return place != names.end() && place->endpoint_key == key ? &*place : nullptr;
}

// Relative password paths are relative to the fleet file; the ledger keeps them absolute.
void MakeAbsolute(std::string& path, const std::string& fleet_file) {
  if (path.empty()) return;
  const auto folder = std::filesystem::absolute(fleet_file).parent_path();
  path = (folder / path).lexically_normal().string();
}

std::string EncryptionName(const BundleSpec& bundle) {
  if (!bundle.pfx) return "pem";
  return bundle.encryption == PfxEncryption::kLegacy ? "legacy" : "modern";
}

}  // namespace

Plan::Plan(const Fleet& fleet, const Catalog& catalog) : fleet_(&fleet), catalog_(&catalog) {}

Plan Plan::Make(const Fleet& fleet, const Catalog& catalog, const Ledger* ledger, FaultList faults,
                std::span<const std::string> replace) {
  if (faults.empty()) faults = FaultList(fleet.file());
  Plan plan(fleet, catalog);
  const auto current =
      ledger == nullptr ? std::vector<Ledger::CurrentName>{} : ledger->CurrentNames(fleet.name());
  PlanSummary& summary = plan.summary_;
  summary.endpoints = fleet.size();
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    bool os_unknown = false;
    const auto job = plan.ExpandEndpoint(i, faults, &os_unknown);
    if (!job) continue;
    const std::string key = AsciiLower(job->endpoint);
    const auto* issued = FindCurrent(current, key);
    if (issued != nullptr && std::binary_search(replace.begin(), replace.end(), key)) {
      ++summary.replaced;
    } else if (issued != nullptr) {
      ++summary.already_issued;
      if (issued->profile_fingerprint != job->profile_fingerprint) ++summary.older_profile;
      continue;
    }
    plan.to_issue_.push_back(static_cast<std::uint32_t>(i));
    plan.Count(*job, os_unknown);
  }
  faults.ThrowIfAny();
  summary.to_issue = plan.to_issue_.size();
  summary.not_in_fleet = current.size() - summary.already_issued - summary.replaced;
  return plan;
}

void Plan::Count(const Job& job, bool os_unknown) {
  ++summary_.by_profile[job.profile];
  ++summary_.by_key[job.key];
  ++summary_.by_encryption[EncryptionName(job.bundle)];
  if (os_unknown && job.bundle.pfx) ++summary_.os_unknown;
  if (job.password.kind != PasswordSource::Kind::kDerived) ++summary_.slow_passwords;
  if (job.certificate.validity.duration > longest_validity_.duration) {
    longest_validity_ = job.certificate.validity;
  }
}

const Profile* Plan::ProfileOf(std::size_t index, const ResolvedEndpoint& endpoint,
                               FaultList& faults) {
  const std::uint32_t layer = fleet_->LayerOf(index);
  if (layer_ == layer) return layer_profile_ ? &*layer_profile_ : nullptr;
  layer_ = layer;
  const Profile* const named = catalog_->Find(endpoint.profile);
  layer_profile_.reset();
  if (named == nullptr) return nullptr;  // Fleet::Load has said so
  layer_profile_ = named->With(endpoint.patches, faults);
  if (!layer_profile_) return nullptr;
  layer_fingerprint_ = layer_profile_->Fingerprint();
  return &*layer_profile_;
}

std::optional<Job> Plan::ExpandEndpoint(std::size_t index, FaultList& faults, bool* os_unknown) {
  const ResolvedEndpoint endpoint = fleet_->Resolve(index);
  const Profile* const profile = ProfileOf(index, endpoint, faults);
  if (profile == nullptr) return std::nullopt;
  const Target target = TargetOf(endpoint.os).value_or(Target::kUnknown);
  *os_unknown = target == Target::kUnknown;
  auto expanded =
      Expand(*profile, endpoint.variables, target, endpoint.where, faults, endpoint.patches);
  if (!expanded) return std::nullopt;
  const std::string& fqdn = endpoint.variables.find("fqdn")->second;
  if (const auto fault = DnsNameFault(fqdn, false)) {
    faults.Add(endpoint.where, "endpoint '" + endpoint.name + "': fqdn '" + fqdn + "': " + *fault,
               kDnsNameHint);
    return std::nullopt;
  }
  MakeAbsolute(expanded->password.path, fleet_->file());
  try {
    passwords_.Load(expanded->password, endpoint.name);
  } catch (const Error& error) {
    for (const Fault& fault : error.faults()) {
      if (fault.where.file.empty()) {
        faults.Add(endpoint.where, fault.message, fault.hint);
      } else {
        faults.AddAll(error);  // a place in the password file
      }
    }
    return std::nullopt;
  }
  Job job;
  job.endpoint = endpoint.name;
  job.fqdn = fqdn;
  job.profile = profile->name();
  job.profile_fingerprint = layer_fingerprint_;
  job.certificate = std::move(expanded->certificate);
  job.key = expanded->key;
  job.bundle = std::move(expanded->bundle);
  job.password = std::move(expanded->password);
  return job;
}

Job Plan::MakeJob(std::size_t i) {
  FaultList faults(fleet_->file());
  bool os_unknown = false;
  auto job = ExpandEndpoint(to_issue_.at(i), faults, &os_unknown);
  faults.ThrowIfAny();  // cannot be: Make has expanded the same endpoint
  return std::move(*job);
}

}  // namespace fleetmint
