#include "engine/pipeline/adopt_judge.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/wipe.h"
#include "engine/keys/key_spec.h"
#include "engine/pipeline/bundle_settings.h"
#include "engine/pipeline/pending.h"
#include "engine/pipeline/workspace.h"
#include "engine/x509/lint.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

[[noreturn]] void Refuse(const std::string& why) { throw Error(ErrorKind::kInput, why); }

Serial SerialOf(const Certificate& certificate) {
  Serial serial{};
  if (certificate.serial().size() != serial.size()) Refuse("its serial is none of fleetmint's");
  std::copy(certificate.serial().begin(), certificate.serial().end(), serial.begin());
  return serial;
}

std::vector<BundleFileRecord> FilesOf(const std::vector<RecordedFile>& recorded) {
  std::vector<BundleFileRecord> files;
  for (const RecordedFile& file : recorded) {
    if (std::find(kBundleExtensions.begin(), kBundleExtensions.end(), file.extension) ==
        kBundleExtensions.end()) {
      Refuse("it names a file '" + file.extension + "', which no bundle has");
    }
    files.push_back({file.extension, file.bytes, file.sha256});
  }
  if (files.empty()) Refuse("it names no file of its bundle");
  return files;
}

void CheckName(const std::string& endpoint) {
  if (const auto unsafe = UnsafeFileNameReason(endpoint)) {
    Refuse("its name cannot be an endpoint's: " + *unsafe);
  }
}

// What certificate and files say by themselves.
AdoptedCertificate Adopted(const std::string& endpoint, const Certificate& certificate,
                           std::vector<BundleFileRecord> files) {
  AdoptedCertificate one;
  one.serial = SerialOf(certificate);
  one.endpoint = endpoint;
  one.not_after = certificate.not_after();
  one.sha1 = Sha1(certificate.der());
  one.sha256 = Sha256(certificate.der());
  one.spki_sha256 = Sha256(certificate.spki());
  one.der = certificate.der();
  one.files = std::move(files);
  return one;
}

SettingsRecord RecordOf(const RecordedSettings& settings) {
  return {settings.format, settings.profile, settings.group, settings.body};
}

// The files of a bundle as they are in their place, those with the key first; empty if one that the
// manifest names is not there.
std::vector<BundleFile> FilesInPlace(const ManifestWord& word, const OutputDirectory& output) {
  std::vector<BundleFile> files;
  for (const char* extension : kBundleExtensions) {
    const std::string path = output.BundlePath(word.endpoint, extension);
    const bool named = std::any_of(word.files.begin(), word.files.end(),
                                   [&](const ManifestFile& file) { return file.path == path; });
    if (!named) continue;
    try {
      files.push_back({extension, output.root().Read(path)});
    } catch (const Error&) {
      return {};
    }
  }
  return files;
}

}  // namespace

AdoptJudge::AdoptJudge(const Authority& authority, const OutputDirectory& output)
    : authority_(authority), output_(output) {
  for (const IssuerRow& row : authority.ledger().Issuers()) {
    if (!row.leaves || row.der.empty()) continue;
    IssuerChain chain{authority.ChainFrom(row.id), {}, {}};
    if (chain.certificates.empty()) continue;
    for (const Certificate& one : chain.certificates) chain.ders.push_back(one.der());
    chain.issuer = IssuerCertificate::Of(chain.certificates);
    issuers_.emplace(row.id, std::move(chain));
  }
  for (auto& [id, record] : authority.ledger().AllSettings()) {
    AddSettings({record.format, record.profile, record.group, record.body});
  }
}

const AdoptJudge::Known* AdoptJudge::Find(const RecordedSettings& settings) {
  std::string key = std::to_string(settings.format);
  for (const std::string& part : {settings.profile, settings.group, settings.body}) {
    key += '\0' + part;
  }
  const auto place = known_.find(key);
  if (place != known_.end()) return &place->second;
  try {
    EndpointTemplate endpoints(
        Settings::Parse(settings.format, settings.profile, settings.group, settings.body));
    return &known_.emplace(std::move(key), Known{settings, std::move(endpoints)}).first->second;
  } catch (const Error& error) {
    if (error.cause() != ErrorCause::kDamaged) throw;  // of a later version of fleetmint
    return nullptr;
  }
}

Refused RefusedBy(const std::string& what, const Error& error) {
  return {what, error.faults().front().message, error.cause() != ErrorCause::kDamaged};
}

std::int64_t AdoptJudge::SignerOf(const Certificate& certificate) const {
  bool named = false;
  for (const auto& [id, chain] : issuers_) {
    const Certificate& issuer = chain.certificates.front();
    if (issuer.subject() != certificate.issuer()) continue;
    if (certificate.SignedBy(issuer)) return id;
    named = true;
  }
  const std::string name = "'" + NameToString(certificate.issuer()) + "'";
  if (!named) Refuse("its certificate names " + name + ", which is no CA of this ledger");
  throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged,
                       "its certificate was not signed by the CA that it names, " + name);
}

std::optional<std::int64_t> AdoptJudge::IssuerOf(const Sha256Digest& sha256) const {
  for (const auto& [id, chain] : issuers_) {
    if (Sha256(chain.ders.front()) == sha256) return id;
  }
  return std::nullopt;
}

std::string AdoptJudge::Misfit(const Known& known, const std::string& endpoint,
                               const Certificate& certificate, std::int64_t issuer,
                               const std::vector<BundleFileRecord>& files) const {
  std::vector<Fault> faults;
  const auto expected = known.endpoints.Expand(endpoint, faults);
  if (!expected) return faults.empty() ? "its settings fit no endpoint" : faults.front().message;
  const auto& [chain, ders, issuing] = issuers_.at(issuer);
  const LintContext context{.issuer_name = issuing.subject,
                            .issuer_key_identifier = issuing.key_identifier,
                            .issuer_not_before = issuing.not_before,
                            .issuer_not_after = issuing.not_after,
                            .rules = &issuing.rules,
                            .self_signed = false};
  const auto findings =
      LintTbs(CertificateView::Read(certificate.der()).tbs(), expected->certificate, context);
  if (!findings.empty()) return findings.front().message;
  const auto has = [&](const char* extension) {
    return std::any_of(files.begin(), files.end(),
                       [&](const BundleFileRecord& file) { return file.extension == extension; });
  };
  return has("pfx") == expected->bundle.pfx && has("key.pem") == expected->bundle.pem
             ? ""
             : "its formats are not those of its settings";
}

AdoptedCertificate AdoptJudge::Judge(const RunRecords::Entry& entry, Time now) {
  const Certificate certificate = Certificate::Parse(entry.der);
  const std::int64_t issuer = SignerOf(certificate);
  CheckName(entry.endpoint);
  AdoptedCertificate one = Adopted(entry.endpoint, certificate, FilesOf(entry.files));
  one.issuer = issuer;
  one.issued_at = std::min(ParseRfc3339(entry.issued_at), now);
  std::string misfit = "its settings are not known";
  if (const Known* const own = entry.settings ? Find(*entry.settings) : nullptr) {
    misfit = Misfit(*own, one.endpoint, certificate, one.issuer, one.files);
    if (misfit.empty()) {
      one.settings = RecordOf(own->record);
      return one;
    }
  }
  // A line of settings that is damaged: another layer's may be the same.
  for (const auto& [key, known] : known_) {
    if (entry.settings) break;
    if (!Misfit(known, one.endpoint, certificate, one.issuer, one.files).empty()) continue;
    one.settings = RecordOf(known.record);
    return one;
  }
  Refuse("its certificate is not what its settings make of that name: " + misfit);
}

std::optional<AdoptedCertificate> AdoptJudge::OpenUnder(const Known& known,
                                                        const ManifestWord& word,
                                                        const std::vector<BundleFile>& files,
                                                        const PasswordMaker& passwords) {
  std::vector<Fault> faults;
  auto expected = known.endpoints.Expand(word.endpoint, faults);
  if (!expected) return std::nullopt;
  try {
    BundlePasswords sources(FleetFolder(authority_, output_.fleet()));
    sources.Load(expected->password, word.endpoint);
    Bytes der;
    WithWipedStack(kSecretStack, [&] {
      const SecretBytes password =
          sources.Get(expected->password, word.endpoint, word.serial, passwords);
      der = OpenBundle(files, password).certificate;
    });
    const Certificate certificate = Certificate::Parse(der);
    std::vector<BundleFileRecord> records;
    for (const BundleFile& file : files) {
      records.push_back({file.extension, file.content.size(), Sha256(file.content)});
    }
    AdoptedCertificate one = Adopted(word.endpoint, certificate, std::move(records));
    if (one.serial != word.serial) return std::nullopt;
    one.issuer = SignerOf(certificate);
    one.issued_at = word.issued_at;
    one.settings = RecordOf(known.record);
    IssuedRow row;
    row.serial = one.serial;
    row.fleet = output_.fleet();
    row.endpoint = one.endpoint;
    row.issuer = one.issuer;
    row.not_after = one.not_after;
    row.sha1 = *one.sha1;
    row.sha256 = *one.sha256;
    row.spki_sha256 = *one.spki_sha256;
    row.der = one.der;
    row.files = one.files;
    const VerifyTarget target{authority_, passwords, output_};
    // An expired one is what it is, too.
    const VerifyContext context{target, sources, certificate.not_after(), issuers_};
    if (!CheckBundle(context, {row, std::move(*expected)}).empty()) return std::nullopt;
    return one;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput && error.kind() != ErrorKind::kFindings) throw;
    return std::nullopt;
  }
}

std::optional<AdoptedCertificate> AdoptJudge::Open(const ManifestWord& word,
                                                   const PasswordMaker& passwords) {
  CheckName(word.endpoint);
  const std::vector<BundleFile> files = FilesInPlace(word, output_);
  if (files.empty()) return std::nullopt;
  if (last_fit_ != nullptr) {
    if (auto one = OpenUnder(*last_fit_, word, files, passwords)) return one;
  }
  for (const auto& [key, known] : known_) {
    if (&known == last_fit_ || known.record.profile != word.profile) continue;
    auto one = OpenUnder(known, word, files, passwords);
    if (!one) continue;
    last_fit_ = &known;
    return one;
  }
  const auto told = SettingsOf(word, files, passwords);
  const Known* const own = told ? Find(*told) : nullptr;
  return own == nullptr ? std::nullopt : OpenUnder(*own, word, files, passwords);
}

std::optional<RecordedSettings> AdoptJudge::SettingsOf(const ManifestWord& word,
                                                       const std::vector<BundleFile>& files,
                                                       const PasswordMaker& passwords) const {
  try {
    std::optional<Settings> settings;
    WithWipedStack(kSecretStack, [&] {
      const OpenedBundle bundle =
          OpenBundle(files, passwords.Derive(1, word.endpoint, word.serial));
      const Certificate certificate = Certificate::Parse(bundle.certificate);
      settings = SettingsOfBundle(word, bundle, issuers_.at(SignerOf(certificate)).ders);
    });
    return RecordedSettings{Settings::format(), settings->profile(), settings->group(),
                            settings->Body()};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput && error.kind() != ErrorKind::kFindings) throw;
    return std::nullopt;
  }
}

}  // namespace fleetmint
