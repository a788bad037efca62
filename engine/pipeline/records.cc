#include "engine/pipeline/records.h"

namespace fleetmint {

const LayerRecord& Records::LayerOf(const LedgerRow& row) {
  constexpr std::size_t kMostKept = 1024;
  const auto known = layers_.find(row.settings);
  if (known != layers_.end()) return known->second;
  if (layers_.size() == kMostKept) layers_.clear();
  const SettingsRecord record = authority_.ledger().SettingsOf(row.settings);
  Settings settings = Settings::Parse(record.format, record.profile, record.group, record.body);
  EndpointTemplate endpoints(settings);
  return layers_.emplace(row.settings, LayerRecord{std::move(settings), std::move(endpoints)})
      .first->second;
}

const std::string& Records::IssuerHex(std::int64_t issuer) {
  const auto [place, fresh] = issuers_.try_emplace(issuer);
  const Certificate* const certificate = fresh ? authority_.FindIssuer(issuer) : nullptr;
  if (certificate != nullptr) place->second = ToHex(Sha256(certificate->der()));
  return place->second;
}

namespace {

// A revoked certificate is not to be installed, whether it was shipped or not.
std::string_view StateOf(const IssuedRow& row) {
  if (row.revoked_at) return "revoked";
  return row.delivered_at ? "delivered" : StateName(row.state);
}

}  // namespace

ManifestLine Records::ManifestLineOf(const IssuedRow& row) {
  const LayerRecord& layer = LayerOf(row);
  std::vector<ManifestFile> files;
  for (const BundleFileRecord& file : row.files) {
    files.push_back({output_.BundlePath(row.endpoint, file.extension), file.bytes, file.sha256});
  }
  std::vector<ManifestSuperseded> supersedes;
  for (const Predecessor& old : authority_.ledger().Predecessors(row)) {
    supersedes.push_back({old.serial, old.sha1, old.sha256});
  }
  const std::string fqdn = layer.endpoints.Fqdn(row.endpoint);
  return MakeManifestLine({.certificate = CertificateView::Read(row.der),
                           .settings = layer.settings,
                           .fleet = row.fleet,
                           .endpoint = row.endpoint,
                           .fqdn = fqdn,
                           .serial = row.serial,
                           .sha1 = row.sha1,
                           .sha256 = row.sha256,
                           .spki_sha256 = row.spki_sha256,
                           .issuer = IssuerHex(row.issuer),
                           .files = files,
                           .supersedes = supersedes,
                           .state = StateOf(row),
                           .issued_at = *row.issued_at});
}

}  // namespace fleetmint
