#include "engine/pipeline/verify.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <thread>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/pipeline/pending.h"
#include "engine/pipeline/presence.h"
#include "engine/pipeline/publish.h"
#include "engine/pipeline/verify_bundle.h"
#include "engine/x509/chain.h"

namespace fleetmint {
namespace {

constexpr std::size_t kBatch = 256;
constexpr std::size_t kMostManifestBytes = std::size_t{4} << 30U;

void CheckChain(const Authority& authority, Time now, VerifyReport& report) {
  for (std::string& fault : ChainFaults(authority.Chain(), now)) {
    report.findings.push_back({"", "chain.pem", std::move(fault)});
  }
}

// Holds a published file against what the ledger says it shall be; names the first difference.
class FileCheck final : public PublishedFile {
 public:
  FileCheck(const Directory& root, const std::string& folder, const std::string& name,
            VerifyReport& report)
      : report_(report), path_(folder.empty() ? name : folder + "/" + name) {
    try {
      content_ = root.Read(path_, kMostManifestBytes);
      rest_ = AsText(content_);
    } catch (const Error& error) {
      for (const auto& fault : error.faults()) Fault("", fault.message);
    }
  }

  using PublishedFile::Append;
  // Where a bundle is missing, which is a finding of its own, its line may be there or not.
  void Append(std::string_view text, const std::string& endpoint, bool present) override {
    if (faulty_) return;
    if (!rest_.starts_with(text)) {
      if (!present) return;
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

  VerifyReport& report_;
  const std::string path_;
  Bytes content_;
  std::string_view rest_;
  bool faulty_ = false;
};

class PublishedCheck final : public PublishSink {
 public:
  PublishedCheck(const Directory& root, VerifyReport& report) : root_(root), report_(report) {}
  std::unique_ptr<PublishedFile> Begin(const std::string& folder,
                                       const std::string& name) override {
    return std::make_unique<FileCheck>(root_, folder, name, report_);
  }

 private:
  const Directory& root_;
  VerifyReport& report_;
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
      try {
        look(output.bundles().Subdirectory(folder), "bundles/" + folder + "/");
      } catch (const Error&) {  // not a folder
        report.findings.push_back({"", "bundles/" + folder, "the ledger knows no such bundle"});
      }
    }
  }
  for (const std::string& name : output.pending().List()) {
    report.findings.push_back({"", ".pending/" + name,
                               name.starts_with(kRejectedPrefix)
                                   ? "was set aside: it is not what the ledger has recorded"
                                   : "a file of an unfinished run (fleetmint issue finishes it)"});
  }
}

class Verifier {
 public:
  Verifier(const VerifyTarget& target, Time now, unsigned threads, std::stop_token stop)
      : target_(target),
        ledger_(target.authority.ledger()),
        records_(target.authority, target.output),
        context_{target_, passwords_, now, issuers_},
        workers_(oneapi::tbb::global_control::max_allowed_parallelism, threads),
        arena_(static_cast<int>(threads)),
        stop_(std::move(stop)) {
    if (target_.authority.Chain().empty()) {
      throw Error(ErrorKind::kAuthority, "the authority has no certificate yet");
    }
    CheckChain(target_.authority, now, report_);
    for (const IssuerRow& row : ledger_.Issuers()) {
      IssuerChain chain{target_.authority.ChainFrom(row.id), {}, {}};
      if (chain.certificates.empty()) continue;
      for (const Certificate& one : chain.certificates) chain.ders.push_back(one.der());
      try {
        chain.issuer = IssuerCertificate::Of(chain.certificates.front());
        issuers_.emplace(row.id, std::move(chain));
      } catch (const Error& error) {
        report_.findings.push_back({"", "", error.what()});
      }
    }
  }

  VerifyReport Run() {
    for (const std::string& fault : ledger_.IntegrityFaults()) {
      report_.findings.push_back({"", "", "the ledger is damaged: " + fault});
    }
    ledger_.ForEachCurrent(target_.output.fleet(), [&](const IssuedRow& row) {
      Take(row);
      if (batch_.size() == kBatch) Flush();
    });
    Flush();
    if (!target_.run_in_progress) {
      PublishedCheck published(target_.output.root(), report_);
      RenderPublished(target_.authority, target_.output, published);
      CheckStrangers(target_.output, known_, report_);
    }
    return std::move(report_);
  }

 private:
  void Take(const IssuedRow& row) {
    ++report_.endpoints;
    const bool unique = serials_.insert(SerialHex(row.serial)).second &&
                        keys_.insert(ToHex(row.spki_sha256)).second &&
                        names_.insert(AsciiLower(row.endpoint)).second;
    if (!unique) {
      report_.findings.push_back(
          {row.endpoint, "", "its serial, key or name stands twice in the ledger"});
    }
    if (row.files.empty()) {
      report_.findings.push_back(
          {row.endpoint, "", "the ledger is damaged: it names no file of the bundle"});
      return;
    }
    if (WasTakenAway(row, target_.output)) {
      ++report_.delivered;
      for (const std::string& path : FilesPresent(row, target_.output)) {
        known_.insert(path);
        report_.findings.push_back({row.endpoint, path,
                                    "was delivered, and the rest of its bundle is not here "
                                    "(fleetmint delivered --delete removes this, too)"});
      }
      return;
    }
    for (const BundleFileRecord& file : row.files) {
      known_.insert(target_.output.BundlePath(row.endpoint, file.extension));
    }
    report_.files += row.files.size();
    try {
      batch_.push_back({row, Expected(row)});
    } catch (const Error& error) {
      for (const Fault& fault : error.faults()) {
        report_.findings.push_back({row.endpoint, "", fault.message});
      }
    }
  }

  // What the settings of the row make of its name; its password can be had.
  ExpandedProfile Expected(const IssuedRow& row) {
    std::vector<Fault> faults;
    auto expected = records_.LayerOf(row).endpoints.Expand(row.endpoint, faults);
    if (!expected) throw Error(ErrorKind::kFindings, std::move(faults));
    passwords_.Load(expected->password, row.endpoint);
    return std::move(*expected);
  }

  void Flush() {
    std::vector<std::vector<Finding>> results(batch_.size());
    arena_.execute([&] {
      oneapi::tbb::parallel_for(std::size_t{0}, batch_.size(), [&](std::size_t i) {
        if (!stop_.stop_requested()) results[i] = CheckBundle(context_, batch_[i]);
      });
    });
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      if (stop_.stop_requested()) throw Error(ErrorKind::kInterrupted, "verify was interrupted");
      if (!results[i].empty() && target_.run_in_progress) results[i] = LookAgain(batch_[i]);
      std::move(results[i].begin(), results[i].end(), std::back_inserter(report_.findings));
    }
    batch_.clear();
  }

  // A run that has passed its commit point renames the files right after it, and may replace the
  // certificate meanwhile.
  std::vector<Finding> LookAgain(const RowToVerify& subject) const {
    std::vector<Finding> findings;
    for (int attempt = 0; attempt < 10 && !stop_.stop_requested(); ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      const auto now = ledger_.Find(subject.row.serial);
      if (!now || now->state != CertificateState::kIssued) return {};
      findings = CheckBundle(context_, subject);
      if (findings.empty()) break;
    }
    return findings;
  }

  const VerifyTarget& target_;
  const Ledger& ledger_;
  VerifyReport report_;
  BundlePasswords passwords_;
  std::map<std::int64_t, IssuerChain> issuers_;
  Records records_;
  VerifyContext context_;
  oneapi::tbb::global_control workers_;  // more than there are processors, too
  oneapi::tbb::task_arena arena_;
  const std::stop_token stop_;
  std::unordered_set<std::string> known_, serials_, keys_, names_;
  std::vector<RowToVerify> batch_;
};

}  // namespace

VerifyReport Verify(const VerifyTarget& target, const Clock& clock, unsigned threads,
                    std::stop_token stop) {
  return Verifier(target, clock.Now(), threads, std::move(stop)).Run();
}

}  // namespace fleetmint
