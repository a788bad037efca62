#include "engine/pipeline/verify.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/pipeline/presence.h"
#include "engine/pipeline/publish.h"
#include "engine/pipeline/verify_bundle.h"
#include "engine/x509/chain.h"

namespace fleetmint {
namespace {

constexpr std::size_t kBatch = 256;
constexpr std::size_t kMostManifestBytes = std::size_t{4} << 30U;

std::vector<Certificate> CheckChain(const Authority& authority, Time now, VerifyReport& report) {
  std::vector<Certificate> chain;
  for (const Bytes& der : authority.Chain()) chain.push_back(Certificate::Parse(der));
  for (std::string& fault : ChainFaults(chain, now)) {
    report.findings.push_back({"", "chain.pem", std::move(fault)});
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
      try {
        look(output.bundles().Subdirectory(folder), "bundles/" + folder + "/");
      } catch (const Error&) {  // not a folder
        report.findings.push_back({"", "bundles/" + folder, "the ledger knows no such bundle"});
      }
    }
  }
  for (const std::string& name : output.pending().List()) {
    report.findings.push_back(
        {"", ".pending/" + name, "a file of an unfinished run (fleetmint issue finishes it)"});
  }
}

class Verifier {
 public:
  Verifier(const Ledger& ledger, const Authority& authority, const OutputDirectory& output,
           const Catalog& catalog, Time now, unsigned threads, bool run_in_progress,
           std::stop_token stop)
      : ledger_(ledger),
        output_(output),
        context_{authority, output, catalog, passwords_, CheckChain(authority, now, report_),
                 {},        now},
        workers_(oneapi::tbb::global_control::max_allowed_parallelism, threads),
        arena_(static_cast<int>(threads)),
        run_in_progress_(run_in_progress),
        stop_(std::move(stop)) {
    if (context_.chain.empty()) {
      throw Error(ErrorKind::kAuthority, "the authority has no certificate yet");
    }
    for (const Certificate& certificate : context_.chain) {
      context_.chain_ders.insert(certificate.der());
    }
  }

  VerifyReport Run() {
    for (const std::string& fault : ledger_.IntegrityFaults()) {
      report_.findings.push_back({"", "", "the ledger is damaged: " + fault});
    }
    ledger_.ForEachCurrent(output_.fleet(), [&](const LedgerRow& row) {
      Take(row);
      if (batch_.size() == kBatch) Flush();
    });
    Flush();
    if (!run_in_progress_) {
      PublishedCheck published(output_.root(), report_);
      RenderPublished(ledger_, context_.authority, output_, published);
      CheckStrangers(output_, known_, report_);
    }
    return std::move(report_);
  }

 private:
  void Take(const LedgerRow& row) {
    ++report_.endpoints;
    const bool unique = serials_.insert(SerialHex(row.serial)).second &&
                        keys_.insert(ToHex(row.facts.spki_sha256)).second &&
                        names_.insert(AsciiLower(row.endpoint)).second;
    if (!unique) {
      report_.findings.push_back(
          {row.endpoint, "", "its serial, key or name stands twice in the ledger"});
    }
    if (WasTakenAway(row, output_)) {
      ++report_.delivered;
      for (const std::string& path : FilesPresent(row, output_)) {
        known_.insert(path);
        report_.findings.push_back({row.endpoint, path,
                                    "was delivered, and the rest of its bundle is not here "
                                    "(fleetmint delivered --delete removes this, too)"});
      }
      return;
    }
    for (const BundleFileRecord& file : row.facts.files) {
      known_.insert(output_.BundlePath(row.endpoint, file.extension));
    }
    report_.files += row.facts.files.size();
    try {
      passwords_.Load(PasswordSource::Parse(row.facts.password), row.endpoint);
      batch_.push_back(row);
    } catch (const Error& error) {
      report_.findings.push_back({row.endpoint, "", error.faults().front().message});
    }
  }

  void Flush() {
    std::vector<BundleResult> results(batch_.size());
    arena_.execute([&] {
      oneapi::tbb::parallel_for(std::size_t{0}, batch_.size(), [&](std::size_t i) {
        if (!stop_.stop_requested()) results[i] = CheckBundle(context_, batch_[i]);
      });
    });
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      if (stop_.stop_requested()) throw Error(ErrorKind::kInterrupted, "verify was interrupted");
      if (!results[i].findings.empty() && run_in_progress_) results[i] = LookAgain(batch_[i]);
      if (!results[i].profile_compared) ++report_.profile_not_compared;
      std::move(results[i].findings.begin(), results[i].findings.end(),
                std::back_inserter(report_.findings));
    }
    batch_.clear();
  }

  // A run that has passed its commit point renames the files right after it, and may replace the
  // certificate meanwhile.
  BundleResult LookAgain(const LedgerRow& row) const {
    BundleResult result;
    for (int attempt = 0; attempt < 10 && !stop_.stop_requested(); ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      const auto now = ledger_.Find(row.serial);
      if (!now || now->state != CertificateState::kIssued) return {};
      result = CheckBundle(context_, *now);
      if (result.findings.empty()) break;
    }
    return result;
  }

  const Ledger& ledger_;
  const OutputDirectory& output_;
  VerifyReport report_;
  BundlePasswords passwords_;
  VerifyContext context_;
  oneapi::tbb::global_control workers_;  // more than there are processors, too
  oneapi::tbb::task_arena arena_;
  const bool run_in_progress_;
  const std::stop_token stop_;
  std::unordered_set<std::string> known_, serials_, keys_, names_;
  std::vector<LedgerRow> batch_;
};

}  // namespace

VerifyReport Verify(const Ledger& ledger, const Authority& authority, const OutputDirectory& output,
                    const Catalog& catalog, const Clock& clock, unsigned threads,
                    bool run_in_progress, std::stop_token stop) {
  return Verifier(ledger, authority, output, catalog, clock.Now(), threads, run_in_progress,
                  std::move(stop))
      .Run();
}

}  // namespace fleetmint
