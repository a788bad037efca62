#include "engine/pipeline/verify.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/keys/consistency.h"
#include "engine/pipeline/bundle_passwords.h"
#include "engine/pipeline/publish.h"
#include "engine/x509/certificate.h"
#include "engine/x509/name.h"
#include "output/pack.h"

namespace fleetmint {
namespace {

constexpr std::size_t kBatch = 256;
constexpr std::size_t kMostManifestBytes = std::size_t{4} << 30U;

KeySpec ParseKeySpecName(const std::string& name) {
  for (const KeySpec spec : {KeySpec{KeyAlgorithm::kRsa, 2048}, KeySpec{KeyAlgorithm::kRsa, 3072},
                             KeySpec{KeyAlgorithm::kRsa, 4096}, KeySpec{KeyAlgorithm::kEcdsa, 256},
                             KeySpec{KeyAlgorithm::kEcdsa, 384}}) {
    if (KeySpecName(spec) == name) return spec;
  }
  throw Error(ErrorKind::kFindings, "the ledger names an unknown kind of key '" + name + "'");
}

// What one bundle is held against; const, so that threads share it.
struct Context {
  const Authority& authority;
  const OutputDirectory& output;
  const Catalog& catalog;
  const BundlePasswords& passwords;
  std::vector<Certificate> chain;  // issuing first
  std::set<Bytes> chain_ders;
  Time now;
};

// BundleCheck opens one endpoint's bundle and collects what is wrong with it.
class BundleCheck {
 public:
  BundleCheck(const Context& context, const LedgerRow& row) : context_(context), row_(row) {}

  std::vector<Finding> Run() {
    if (row_.facts.files.empty()) {
      findings_.push_back(
          {row_.endpoint, "", "the ledger is damaged: it names no file of the bundle"});
      return std::move(findings_);
    }
    try {
      const auto files = ReadFiles();
      if (!files) return std::move(findings_);
      const SecretBytes password =
          context_.passwords.Get(PasswordSource::Parse(row_.facts.password), row_.endpoint,
                                 row_.serial, context_.authority.passwords());
      const OpenedBundle bundle = OpenBundle(*files, password);
      const Certificate certificate = Certificate::Parse(bundle.certificate);
      CheckKey(bundle, certificate);
      CheckCertificate(certificate);
      CheckProfile(certificate);
      for (const Bytes& der : bundle.chain) {
        if (!context_.chain_ders.contains(der))
          Add("its chain holds a certificate that is not the authority's");
      }
    } catch (const Error& error) {
      Add(error.faults().front().message);
    }
    return std::move(findings_);
  }

 private:
  void Add(const std::string& message, const std::string& path = "") {
    findings_.push_back({row_.endpoint,
                         path.empty() ? context_.output.BundlePath(
                                            row_.endpoint, row_.facts.files.front().extension)
                                      : path,
                         message});
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
    if (!findings_.empty()) return std::nullopt;  // what is damaged need not be opened
    return files;
  }

  void CheckKey(const OpenedBundle& bundle, const Certificate& certificate) {
    if (Sha256(certificate.spki()) != row_.facts.spki_sha256)
      Add("its key is not the recorded one");
    SystemRandom random;
    try {
      CheckPairwiseConsistency(
          PrivateKey(ParseKeySpecName(row_.facts.key), bundle.pkcs8, certificate.spki()), random);
    } catch (const Error&) {
      Add("its private key does not belong to its certificate");
    }
  }

  void CheckCertificate(const Certificate& certificate) {
    const IssuedFacts& facts = row_.facts;
    if (Sha256(certificate.der()) != facts.sha256) Add("its certificate is not the recorded one");
    if (!std::equal(row_.serial.begin(), row_.serial.end(), certificate.serial().begin(),
                    certificate.serial().end())) {
      Add("its serial is not the recorded one");
    }
    if (!certificate.SignedBy(context_.chain.front()) ||
        certificate.issuer() != context_.chain.front().subject()) {
      Add("its certificate is not signed by this authority's issuing CA");
    }
    if (context_.now > certificate.not_after()) {
      Add("expired at " + FormatRfc3339(certificate.not_after()));
    }
    if (context_.now < certificate.not_before()) {
      Add("is not valid before " + FormatRfc3339(certificate.not_before()));
    }
    std::vector<std::string> ips;
    for (const Bytes& ip : certificate.san().ip) ips.push_back(FormatIp(ip));
    if (NameToString(certificate.subject()) != facts.subject ||
        certificate.san().dns != facts.dns || ips != facts.ip) {
      Add("its names are not the recorded ones");
    }
  }

  void CheckProfile(const Certificate& certificate) {
    const Profile* const profile = context_.catalog.Find(row_.facts.profile);
    if (profile == nullptr) return;  // a user's profile that this run was not given
    if (certificate.is_ca()) Add("its certificate is one of a CA");
    // An endpoint may override its profile's usages; then the fingerprint differs, and only the
    // profile itself can be compared.
    if (profile->Fingerprint() != row_.facts.profile_fingerprint) return;
    if (certificate.key_usage() != profile->config().key_usage ||
        certificate.extended_key_usage() != profile->config().extended_key_usage) {
      Add("its key usages are not those of profile '" + profile->name() + "'");
    }
  }

  const Context& context_;
  const LedgerRow& row_;
  std::vector<Finding> findings_;
};

// The chain must hold by itself, up to a self-signed root.
std::vector<Certificate> CheckChain(const Authority& authority, VerifyReport& report) {
  std::vector<Certificate> chain;
  for (const Bytes& der : authority.Chain()) chain.push_back(Certificate::Parse(der));
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const Certificate& issuer = chain[std::min(i + 1, chain.size() - 1)];
    if (!chain[i].SignedBy(issuer)) {
      report.findings.push_back({"", "chain.pem",
                                 "CA certificate '" + NameToString(chain[i].subject()) +
                                     "' is not signed by the next one"});
    }
  }
  return chain;
}

// Holds the published files against what the ledger says they shall be; names the first difference
// of each.
class PublishedCheck final : public PublishSink {
 public:
  PublishedCheck(const Directory& root, VerifyReport& report) : root_(root), report_(report) {}

  void Begin(const std::string& folder, const std::string& name) override {
    path_ = folder.empty() ? name : folder + "/" + name;
    rest_ = {};
    faulty_ = false;
    try {
      content_ = folder.empty() ? root_.Read(name, kMostManifestBytes)
                                : root_.Subdirectory(folder).Read(name, kMostManifestBytes);
      rest_ = AsText(content_);
    } catch (const Error& error) {
      Fault("", error.faults().front().message);
    }
  }

  void Append(std::string_view text, const std::string& endpoint) override {
    if (faulty_) return;
    if (!rest_.starts_with(text)) {
      Fault(endpoint, endpoint.empty() ? "differs from what it shall be"
                                       : "its line is missing or differs from the ledger");
      return;
    }
    rest_.remove_prefix(text.size());
  }

  void End() override {
    if (!faulty_ && !rest_.empty()) Fault("", "goes on after what it shall be");
  }

 private:
  void Fault(const std::string& endpoint, const std::string& message) {
    faulty_ = true;
    report_.findings.push_back(
        {endpoint, path_, message + " (fleetmint manifest writes it again)"});
  }

  const Directory& root_;
  VerifyReport& report_;
  std::string path_;
  Bytes content_;
  std::string_view rest_;
  bool faulty_ = false;
};

// Names below bundles/ that the ledger does not know.
void CheckStrangers(const OutputDirectory& output, const std::unordered_set<std::string>& known,
                    VerifyReport& report) {
  const auto look = [&](const Directory& directory, const std::string& prefix) {
    for (const std::string& name : directory.List()) {
      if (known.contains(prefix + name)) continue;
      report.findings.push_back({"", prefix + name, "the ledger knows no such bundle"});
    }
  };
  if (output.layout() == Layout::kFlat) {
    look(output.bundles(), "bundles/");
  } else {
    for (const std::string& folder : output.bundles().List()) {
      look(output.bundles().Subdirectory(folder), "bundles/" + folder + "/");
    }
  }
  for (const std::string& name : output.pending().List()) {
    report.findings.push_back(
        {"", ".pending/" + name, "a file of an unfinished run (fleetmint issue finishes it)"});
  }
}

}  // namespace

VerifyReport Verify(const Ledger& ledger, const Authority& authority, const OutputDirectory& output,
                    const Catalog& catalog, const Clock& clock, unsigned threads,
                    std::stop_token stop) {
  VerifyReport report;
  for (const std::string& fault : ledger.IntegrityFaults()) {
    report.findings.push_back({"", "", "the ledger is damaged: " + fault});
  }
  BundlePasswords passwords;
  Context context{authority, output,     catalog, passwords, CheckChain(authority, report),
                  {},        clock.Now()};
  for (const Certificate& certificate : context.chain) context.chain_ders.insert(certificate.der());
  std::unordered_set<std::string> known, serials, keys, names;
  std::vector<LedgerRow> batch;
  oneapi::tbb::task_arena arena(static_cast<int>(threads));

  const auto flush = [&] {
    std::vector<std::vector<Finding>> found(batch.size());
    arena.execute([&] {
      oneapi::tbb::parallel_for(std::size_t{0}, batch.size(), [&](std::size_t i) {
        if (!stop.stop_requested()) found[i] = BundleCheck(context, batch[i]).Run();
      });
    });
    for (auto& findings : found) {
      std::move(findings.begin(), findings.end(), std::back_inserter(report.findings));
    }
    batch.clear();
    if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "verify was interrupted");
  };

  ledger.ForEachCurrent(output.fleet(), [&](const LedgerRow& row) {
    ++report.endpoints;
    report.files += row.facts.files.size();
    const bool unique = serials.insert(SerialHex(row.serial)).second &&
                        keys.insert(ToHex(row.facts.spki_sha256)).second &&
                        names.insert(AsciiLower(row.endpoint)).second;
    if (!unique)
      report.findings.push_back(
          {row.endpoint, "", "its serial, key or name stands twice in the ledger"});
    for (const BundleFileRecord& file : row.facts.files)
      known.insert(output.BundlePath(row.endpoint, file.extension));
    try {
      passwords.Load(PasswordSource::Parse(row.facts.password), row.endpoint);
      batch.push_back(row);
    } catch (const Error& error) {
      report.findings.push_back({row.endpoint, "", error.faults().front().message});
    }
    if (batch.size() == kBatch) flush();
  });
  flush();
  PublishedCheck published(output.root(), report);
  RenderPublished(ledger, authority, output, published);
  CheckStrangers(output, known, report);
  return report;
}

}  // namespace fleetmint
