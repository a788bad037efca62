#include "engine/pipeline/verify_bundle.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/keys/consistency.h"
#include "engine/x509/name.h"
#include "output/pack.h"
#include "output/pfx.h"

namespace fleetmint {
namespace {

class BundleCheck {
 public:
  BundleCheck(const VerifyContext& context, const LedgerRow& row) : context_(context), row_(row) {}

  BundleResult Run() {
    if (row_.facts.files.empty()) {
      result_.findings.push_back(
          {row_.endpoint, "", "the ledger is damaged: it names no file of the bundle"});
      return std::move(result_);
    }
    try {
      if (const auto files = ReadFiles()) CheckOpened(*files);
    } catch (const Error& error) {
      Add(error.faults().front().message);
    }
    return std::move(result_);
  }

 private:
  void Add(const std::string& message, const std::string& path = "") {
    result_.findings.push_back(
        {row_.endpoint,
         path.empty()
             ? context_.output.BundlePath(row_.endpoint, row_.facts.files.front().extension)
             : path,
         message});
  }
  void AddIf(bool wrong, const std::string& message) {
    if (wrong) Add(message);
  }

  std::optional<std::vector<BundleFile>> ReadFiles() {
    std::vector<BundleFile> files;
    for (const BundleFileRecord& record : row_.facts.files) {
      const std::string path = context_.output.BundlePath(row_.endpoint, record.extension);
      try {
        Bytes content = context_.output.root().Read(path);
        if (content.size() != record.bytes) {
          Add("has " + std::to_string(content.size()) + " bytes; " + std::to_string(record.bytes) +
                  " were written",
              path);
        } else if (Sha256(content) != record.sha256) {
          Add("is damaged: its SHA-256 is not the recorded one", path);
        }
        files.push_back({record.extension, std::move(content)});
      } catch (const Error& error) {
        Add(error.faults().front().message, path);
      }
    }
    if (!result_.findings.empty()) return std::nullopt;  // what is damaged need not be opened
    return files;
  }

  void CheckOpened(const std::vector<BundleFile>& files) {
    const PasswordSource source = PasswordSource::Parse(row_.facts.password);
    const SecretBytes password =
        context_.passwords.Get(source, row_.endpoint, row_.serial, context_.authority.passwords());
    const OpenedBundle bundle = OpenBundle(files, password);
    const Certificate certificate = Certificate::Parse(bundle.certificate);
    CheckKey(bundle, certificate);
    CheckIdentity(certificate);
    CheckFacts(certificate);
    if (bundle.pfx) CheckPfx(*bundle.pfx, BundlePasswords::Iterations(source));
    for (const Bytes& der : bundle.chain) {
      AddIf(!context_.chain_ders.contains(der),
            "its chain holds a certificate that is not the authority's");
    }
    CheckProfile(certificate, bundle);
  }

  void CheckKey(const OpenedBundle& bundle, const Certificate& certificate) {
    AddIf(Sha256(certificate.spki()) != row_.facts.spki_sha256, "its key is not the recorded one");
    const auto spec = ParseKeySpecName(row_.facts.key);
    if (!spec) {
      Add("the ledger names an unknown kind of key '" + row_.facts.key + "'");
      return;
    }
    SystemRandom random;
    try {
      CheckPairwiseConsistency(PrivateKey(*spec, bundle.pkcs8, certificate.spki()), random);
    } catch (const Error&) {
      Add("its private key does not belong to its certificate");
    }
  }

  void CheckIdentity(const Certificate& certificate) {
    AddIf(Sha256(certificate.der()) != row_.facts.sha256 ||
              Sha1(certificate.der()) != row_.facts.sha1,
          "its certificate is not the recorded one");
    AddIf(!std::equal(row_.serial.begin(), row_.serial.end(), certificate.serial().begin(),
                      certificate.serial().end()),
          "its serial is not the recorded one");
    const Certificate& issuer = context_.chain.front();
    AddIf(!certificate.SignedBy(issuer) || certificate.issuer() != issuer.subject(),
          "its certificate is not signed by this authority's issuing CA");
    AddIf(row_.facts.issuer != ToHex(Sha256(issuer.der())),
          "its recorded issuer is not this authority's issuing CA");
    AddIf(context_.now > certificate.not_after(),
          "expired at " + FormatRfc3339(certificate.not_after()));
    AddIf(context_.now < certificate.not_before(),
          "is not valid before " + FormatRfc3339(certificate.not_before()));
  }

  void CheckFacts(const Certificate& certificate) {
    const IssuedFacts& facts = row_.facts;
    std::vector<std::string> ips;
    for (const Bytes& ip : certificate.san().ip) ips.push_back(FormatIp(ip));
    AddIf(NameToString(certificate.subject()) != facts.subject ||
              certificate.san().dns != facts.dns || ips != facts.ip,
          "its names are not the recorded ones");
    AddIf(
        certificate.not_before() != facts.not_before || certificate.not_after() != facts.not_after,
        "its validity is not the recorded one");
    AddIf(certificate.is_ca(), "its certificate is one of a CA");
  }

  void CheckPfx(const DecodedPfx& pfx, std::uint32_t iterations) {
    const bool legacy = pfx.encryption == PfxEncryption::kLegacy;
    AddIf((legacy ? "legacy" : "modern") != row_.facts.encryption,
          "its encryption is not the recorded one");
    AddIf(pfx.iterations != iterations, "its keys are derived by " +
                                            std::to_string(pfx.iterations) + " iterations; " +
                                            std::to_string(iterations) + " were written");
    AddIf(pfx.friendly_name != row_.facts.friendly_name,
          "its friendly name is not the recorded one");
  }

  // An endpoint may override its profile, and profiles change: then the recorded fingerprint is
  // another one, and the profile itself says nothing of this bundle.
  void CheckProfile(const Certificate& certificate, const OpenedBundle& bundle) {
    const Profile* const profile = context_.catalog.Find(row_.facts.profile);
    if (profile == nullptr || profile->Fingerprint() != row_.facts.profile_fingerprint) return;
    result_.profile_compared = true;
    const ProfileConfig& config = profile->config();
    const std::string of = " not that of profile '" + profile->name() + "'";
    AddIf(certificate.key_usage() != config.key_usage ||
              certificate.extended_key_usage() != config.extended_key_usage,
          "its key usage is" + of);
    AddIf(KeySpecName(config.key) != row_.facts.key, "its kind of key is" + of);
    AddIf(certificate.not_after() - certificate.not_before() >
              config.validity.duration + config.validity.backdate,
          "its validity is" + of);
    for (const std::string& dns : config.dns) {
      if (dns.find('{') != std::string::npos) continue;  // a template
      const auto& names = certificate.san().dns;
      AddIf(std::find(names.begin(), names.end(), dns) == names.end(),
            "it lacks the dns name '" + dns + "' of profile '" + profile->name() + "'");
    }
    if (!bundle.pfx) return;
    AddIf(bundle.pfx->csp != config.bundle.csp || bundle.pfx->key_spec != config.bundle.key_spec ||
              bundle.pfx->machine_keys != config.bundle.machine_keys,
          "its key provider, key spec or key store is" + of);
  }

  const VerifyContext& context_;
  const LedgerRow& row_;
  BundleResult result_;
};

}  // namespace

BundleResult CheckBundle(const VerifyContext& context, const LedgerRow& row) {
  return BundleCheck(context, row).Run();
}

}  // namespace fleetmint
