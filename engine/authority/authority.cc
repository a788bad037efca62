#include "engine/authority/authority.h"

#include <algorithm>

#include "engine/authority/authority_impl.h"
#include "engine/authority/key_file.h"
#include "engine/base/ber.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/base/yaml.h"
#include "engine/keys/load_key.h"
#include "engine/x509/chain.h"
#include "engine/x509/name.h"

namespace fleetmint {
namespace {

// Whoever can read a CA key has it: a directory or key that others can reach is refused, not
// mended, because nobody knows for how long it has been so.
void CheckModes(const Directory& directory) {
  if ((directory.mode() & 077U) != 0) {
    throw Error::WithHint(
        ErrorKind::kAuthority, "authority '" + directory.path() + "' is open to other users",
        "chmod 700 '" + directory.path() + "', and consider who could read its keys");
  }
  for (const std::string& name : directory.List()) {
    if (!name.ends_with(".key") && !name.starts_with(kLedgerFile)) continue;
    if ((directory.FileMode(name).value_or(0) & 077U) != 0) {
      throw Error::WithHint(ErrorKind::kAuthority,
                            "'" + directory.PathOf(name) + "' is open to other users",
                            "chmod 600 '" + directory.PathOf(name) + "'");
    }
  }
}

// CachedPassphrase asks its source once for both keys of one command.
class CachedPassphrase final : public PassphraseSource {
 public:
  explicit CachedPassphrase(PassphraseSource* source) : source_(source) {}
  SecretBytes Get(const std::string& purpose, bool confirm) override {
    if (!phrase_) {
      if (source_ == nullptr) {
        throw Error::WithHint(ErrorKind::kAuthority,
                              purpose + " is encrypted, and no passphrase was given",
                              "give --passphrase-file FILE");
      }
      phrase_ = source_->Get(purpose, confirm);
    }
    return *phrase_;
  }

 private:
  PassphraseSource* source_;
  std::optional<SecretBytes> phrase_;
};

}  // namespace

std::string KeyNameOf(const Certificate& certificate) {
  const auto key = LoadSpki(certificate.spki());
  const auto spec = SpecOf(*key);
  return spec ? KeySpecName(*spec) : key->algo_name();
}

Authority::Authority(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

void Authority::Impl::ReadCertificates() {
  certificates.clear();
  for (const std::string& tier : tiers) {
    if (!directory.Exists(CertificateFile(tier))) {
      // Only a request that waits for its answer has none.
      if (!directory.Exists(kRequestFile)) {
        throw Error::WithHint(ErrorKind::kAuthority,
                              "'" + directory.PathOf(CertificateFile(tier)) + "' is absent",
                              "restore it from the backup");
      }
      certificates.emplace_back();
      continue;
    }
    const std::string path = "'" + directory.PathOf(CertificateFile(tier)) + "'";
    const Bytes content = directory.Read(CertificateFile(tier));
    try {
      const auto blocks = PemDecodeAll(AsText(content));
      if (blocks.size() != 1) throw Error(ErrorKind::kInput, "it does not hold one certificate");
      certificates.emplace_back(Certificate::Parse(blocks.front().der));
    } catch (const Error& error) {
      throw Error::WithHint(ErrorKind::kAuthority,
                            "cannot read " + path + ": " + error.faults().front().message,
                            "restore it from the backup");
    }
  }
}

Authority Authority::Open(const std::string& path) {
  std::optional<Directory> directory;
  try {
    directory.emplace(Directory::Open(path));
  } catch (const Error& error) {
    throw Error::WithHint(ErrorKind::kAuthority, error.faults().front().message,
                          "make an authority first: fleetmint ca init --ca " + path);
  }
  if (!directory->Exists(kAuthorityFile)) {
    throw Error::WithHint(ErrorKind::kAuthority, "'" + path + "' is not an authority",
                          "make one: fleetmint ca init --ca DIR");
  }
  CheckModes(*directory);
  auto impl = std::make_unique<Impl>(std::move(*directory));
  FaultList faults(impl->directory.PathOf(kAuthorityFile));
  const Bytes content = impl->directory.Read(kAuthorityFile);
  const yaml::Node root = yaml::ReadText(AsText(content), faults);
  for (const yaml::Entry& entry : root.entries) {
    if (entry.key == "authority")
      impl->id = yaml::AsText(entry.value, "'authority'", faults).value_or("");
    if (entry.key == "encrypted") {
      impl->encrypted = yaml::AsBool(entry.value, "'encrypted'", faults).value_or(false);
    }
    if (entry.key == "tiers") impl->tiers = yaml::AsTextList(entry.value, "'tiers'", faults);
  }
  if (impl->id.empty() || impl->tiers.empty())
    faults.Add(root.where, "authority or tiers is missing");
  faults.ThrowIfAny(ErrorKind::kAuthority);
  impl->ReadCertificates();
  return Authority(std::move(impl));
}

const std::string& Authority::id() const { return impl_->id; }
const Directory& Authority::directory() const { return impl_->directory; }
Ledger Authority::OpenLedger() const {
  return Ledger::Open(impl_->directory.PathOf(kLedgerFile), impl_->id);
}
bool Authority::encrypted() const { return impl_->encrypted; }

std::vector<TierInfo> Authority::Tiers() const {
  std::vector<TierInfo> infos;
  for (std::size_t i = 0; i < impl_->tiers.size(); ++i) {
    TierInfo info;
    info.name = impl_->tiers[i];
    info.key_present = impl_->directory.Exists(KeyFile(info.name));
    if (const auto& certificate = impl_->certificates[i]) {
      info.certificate = certificate->der();
      info.subject = NameToString(certificate->subject());
      info.serial = ToHex(certificate->serial());
      info.key = KeyNameOf(*certificate);
      info.not_before = certificate->not_before();
      info.not_after = certificate->not_after();
      info.sha1 = Sha1(certificate->der());
      info.sha256 = Sha256(certificate->der());
    }
    infos.push_back(std::move(info));
  }
  return infos;
}

std::vector<Bytes> Authority::Chain() const {
  std::vector<Bytes> chain;
  for (const Certificate& certificate : impl_->ChainOf()) chain.push_back(certificate.der());
  return chain;
}

std::vector<Bytes> Authority::Crls() const {
  std::vector<Bytes> crls;
  if (!impl_->directory.Exists(kCrlFolder)) return crls;
  const Directory folder = impl_->directory.Subdirectory(kCrlFolder);
  for (const std::string& name : folder.List()) crls.push_back(folder.Read(name));
  return crls;
}

std::vector<Certificate> Authority::Impl::ChainOf() const {
  std::vector<Certificate> chain;
  for (auto certificate = certificates.rbegin(); certificate != certificates.rend();
       ++certificate) {
    if (*certificate) chain.push_back(**certificate);
  }
  return chain;
}

IssuerCertificate Authority::CheckReady(const Clock& clock) const {
  const auto& certificate = impl_->certificates.back();
  const std::string key_file = KeyFile(impl_->IssuingTier());
  if (!certificate) {
    throw Error::WithHint(
        ErrorKind::kAuthority, "the issuing CA has no certificate yet",
        "have its request signed, then: fleetmint ca install CERT --ca " + impl_->directory.path());
  }
  std::vector<Fault> faults;
  for (std::string& fault : ChainFaults(impl_->ChainOf(), clock.Now())) {
    faults.push_back({std::move(fault), {}, ""});
  }
  if (!faults.empty()) {
    faults.front().hint =
        "check the clock of this machine; where a CA has expired, make or install a new issuing CA";
    throw Error(ErrorKind::kAuthority, std::move(faults));
  }
  if (!impl_->directory.Exists(key_file)) {
    throw Error::WithHint(ErrorKind::kAuthority,
                          "'" + impl_->directory.PathOf(key_file) + "' is absent",
                          "restore it from the backup: certificates cannot be signed without it");
  }
  return IssuerCertificate::Parse(certificate->der());
}

void Authority::Unlock(PassphraseSource* passphrase, const Clock& clock) {
  IssuerCertificate certificate = CheckReady(clock);
  const std::string key_file = KeyFile(impl_->IssuingTier());
  CachedPassphrase cached(passphrase);
  const SecretBytes content = impl_->directory.ReadSecret(key_file);
  const SecretBytes pkcs8 = DecodeKeyFile(
      content, &cached, "the issuing CA key '" + impl_->directory.PathOf(key_file) + "'");
  impl_->signer = MakeSoftwareSigner(pkcs8);
  impl_->issuer =
      std::make_unique<Issuer>(std::move(certificate), *impl_->signer, impl_->ChainOf());
  UnlockFleetKey(&cached);
}

void Authority::UnlockFleetKey(PassphraseSource* passphrase) {
  const SecretBytes content = impl_->directory.ReadSecret(kFleetKeyFile);
  const std::string what = "the fleet key '" + impl_->directory.PathOf(kFleetKeyFile) + "'";
  const SecretBytes der = DecodeKeyFile(content, passphrase, what);
  SecretBytes key;
  try {
    key = BerReader(der).Enter(ber::kSequence, "a fleet key").OctetString();
  } catch (const Error&) {
  }
  if (key.size() != 32) throw Error(ErrorKind::kAuthority, what + " is damaged");
  impl_->passwords = std::make_unique<PasswordMaker>(std::move(key), impl_->id);
}

const Issuer& Authority::issuer() const { return *impl_->issuer; }
const PasswordMaker& Authority::passwords() const { return *impl_->passwords; }

}  // namespace fleetmint
