#include "engine/pipeline/verify_bundle.h"

#include <algorithm>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/wipe.h"
#include "engine/keys/consistency.h"
#include "engine/x509/lint.h"
#include "output/pack.h"
#include "output/pfx.h"

namespace fleetmint {
namespace {

class BundleCheck {
 public:
  BundleCheck(const VerifyContext& context, const RowToVerify& subject)
      : context_(context), row_(subject.row), expected_(subject.expected) {}

  std::vector<Finding> Run() {
    try {
      if (const auto files = ReadFiles()) {
        WithWipedStack(kSecretStack, [&] { CheckOpened(*files); });
      }
    } catch (const Error& error) {
      AddAll("", error);
    }
    return std::move(findings_);
  }

 private:
  const OutputDirectory& output() const { return context_.target.output; }

  void Add(const std::string& message, const std::string& path = "") {
    findings_.push_back(
        {row_.endpoint,
         path.empty() ? output().BundlePath(row_.endpoint, row_.files.front().extension) : path,
         message});
  }
  void AddIf(bool wrong, const std::string& message) {
    if (wrong) Add(message);
  }
  void AddAll(const std::string& path, const Error& error) {
    for (const Fault& fault : error.faults()) Add(fault.message, path);
  }

  std::optional<std::vector<BundleFile>> ReadFiles() {
    std::vector<BundleFile> files;
    for (const BundleFileRecord& record : row_.files) {
      const std::string path = output().BundlePath(row_.endpoint, record.extension);
      try {
        Bytes content = output().root().Read(path);
        if (content.size() != record.bytes) {
          Add("has " + Counted(content.size(), "byte") + "; " +
                  Counted(record.bytes, "was", "were") + " written",
              path);
        } else if (Sha256(content) != record.sha256) {
          Add("is damaged: its SHA-256 is not the recorded one", path);
        }
        files.push_back({record.extension, std::move(content)});
      } catch (const Error& error) {
        AddAll(path, error);
      }
    }
    if (!findings_.empty()) return std::nullopt;  // what is damaged need not be opened
    return files;
  }

  void CheckOpened(const std::vector<BundleFile>& files) {
    const SecretBytes password = context_.passwords.Get(expected_.password, row_.endpoint,
                                                        row_.serial, context_.target.passwords);
    const OpenedBundle bundle = OpenBundle(files, password);
    const Certificate certificate = Certificate::Parse(bundle.certificate);
    CheckKey(bundle, certificate);
    CheckIdentity(certificate);
    CheckChain(certificate, bundle);
    CheckFiles(bundle);
    if (bundle.pfx) CheckPfx(*bundle.pfx);
  }

  void CheckKey(const OpenedBundle& bundle, const Certificate& certificate) {
    AddIf(Sha256(certificate.spki()) != row_.spki_sha256, "its key is not the recorded one");
    SystemRandom random;
    try {
      CheckPairwiseConsistency(PrivateKey(expected_.key, bundle.pkcs8, certificate.spki()), random);
    } catch (const Error&) {
      Add("its private key does not belong to its certificate");
    }
  }

  void CheckIdentity(const Certificate& certificate) {
    AddIf(certificate.der() != row_.der, "its certificate is not the recorded one");
    AddIf(!ColumnsFit(row_), "the ledger is damaged: its columns do not fit its certificate");
    AddIf(context_.now > certificate.not_after(),
          "expired at " + FormatRfc3339(certificate.not_after()));
    AddIf(context_.now < certificate.not_before(),
          "is not valid before " + FormatRfc3339(certificate.not_before()));
  }

  // The certificate is what its settings ask for, and what its issuer may sign: the rules that it
  // passed before it was signed.
  void CheckChain(const Certificate& certificate, const OpenedBundle& bundle) {
    const auto known = context_.issuers.find(row_.issuer);
    if (known == context_.issuers.end()) {
      Add("the ledger does not know its issuer");
      return;
    }
    const auto& [chain, ders, issuer] = known->second;
    AddIf(!certificate.SignedBy(chain.front()),
          "its certificate is not signed by the CA that the ledger names");
    const LintContext context{.issuer_name = issuer.subject,
                              .issuer_key_identifier = issuer.key_identifier,
                              .issuer_not_before = issuer.not_before,
                              .issuer_not_after = issuer.not_after,
                              .rules = &issuer.rules,
                              .self_signed = false};
    for (const LintFinding& finding :
         LintTbs(CertificateView::Read(certificate.der()).tbs(), expected_.certificate, context)) {
      Add("its certificate is not what it was issued under: " + finding.message + " (" +
          finding.rule + ")");
    }
    const auto part = BundleChainOf(expected_.bundle.chain, ders);
    AddIf(!std::equal(part.begin(), part.end(), bundle.chain.begin(), bundle.chain.end()),
          "its chain is not the part of the authority's that its settings name");
  }

  void CheckFiles(const OpenedBundle& bundle) {
    bool pem = false;
    for (const BundleFileRecord& file : row_.files) pem = pem || file.extension == "key.pem";
    AddIf(bundle.pfx.has_value() != expected_.bundle.pfx || pem != expected_.bundle.pem,
          "its formats are not those that its settings name");
  }

  void CheckPfx(const DecodedPfx& pfx) {
    const BundleSpec& bundle = expected_.bundle;
    const std::uint32_t iterations =
        BundlePasswords::Iterations(expected_.password, context_.target.authority.test());
    AddIf(pfx.encryption != bundle.encryption, "its encryption is not the one of its settings");
    AddIf(pfx.iterations != iterations, "its keys are derived by " +
                                            Counted(pfx.iterations, "iteration") + "; " +
                                            Counted(iterations, "was", "were") + " written");
    AddIf(pfx.friendly_name != bundle.friendly_name || pfx.description != bundle.description,
          "its friendly name or description is not the one of its settings");
    AddIf(pfx.key_container_name != KeyContainerName(row_.fleet, row_.endpoint, row_.serial),
          "its key container's name is not its own");
    AddIf(pfx.csp != bundle.csp || pfx.key_spec != bundle.key_spec ||
              pfx.machine_keys != bundle.machine_keys,
          "its key provider, key spec or key store is not the one of its settings");
  }

  const VerifyContext& context_;
  const IssuedRow& row_;
  const ExpandedProfile& expected_;
  std::vector<Finding> findings_;
};

}  // namespace

bool ColumnsFit(const IssuedRow& row) {
  const CertificateView certificate = CertificateView::Read(row.der);
  // Serials are drawn without a leading zero, so that they have one length (base/serial.h).
  const ByteView serial = certificate.serial();
  return Sha256(row.der) == row.sha256 && Sha1(row.der) == row.sha1 &&
         Sha256(certificate.spki()) == row.spki_sha256 &&
         certificate.not_after() == row.not_after &&
         std::equal(row.serial.begin(), row.serial.end(), serial.begin(), serial.end());
}

std::vector<Finding> CheckBundle(const VerifyContext& context, const RowToVerify& subject) {
  return BundleCheck(context, subject).Run();
}

}  // namespace fleetmint
