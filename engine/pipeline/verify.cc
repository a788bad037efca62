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
#include "engine/pipeline/workspace.h"
#include "engine/x509/chain.h"

namespace fleetmint {
namespace {

constexpr std::size_t kBatch = 256;
constexpr std::size_t kMostManifestBytes = std::size_t{4} << 30U;

void CheckChain(const Authority& authority, Time now, VerifyReport& report) {
  for (Fault& fault : Errors(ChainFaults(authority.Chain(), now))) {
    report.findings.push_back({"", "chain.pem", std::move(fault.message)});
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
    PassUnknown(text);
    if (!rest_.starts_with(text)) {
      if (!present) return;
      Fault(endpoint, endpoint.empty() ? "differs from what it shall be"
                                       : "its line is missing or differs from the ledger");
      return;
    }
    rest_.remove_prefix(text.size());
  }

  void AppendUnknown() override { ++unknown_; }

  void End() override {
    for (; unknown_ != 0; --unknown_) rest_ = AfterLine(rest_);
    if (!faulty_ && !rest_.empty()) Fault("", "goes on after what it shall be");
  }

 private:
  static std::string_view AfterLine(std::string_view text) {
    const std::size_t end = text.find('\n');
    return end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }

  // Goes on at `text` if only lines that cannot be told are before it.
  void PassUnknown(std::string_view text) {
    std::string_view rest = rest_;
    std::size_t left = unknown_;
    for (; left != 0 && !rest.starts_with(text); --left) rest = AfterLine(rest);
    if (!rest.starts_with(text)) return;
    rest_ = rest;
    unknown_ = left;
  }

  void Fault(const std::string& endpoint, const std::string& message) {
    faulty_ = true;
    report_.findings.push_back(
        {endpoint, path_, message + " (fleetmint manifest writes it again)"});
  }

  VerifyReport& report_;
  const std::string path_;
  Bytes content_;
  std::string_view rest_;
  std::size_t unknown_ = 0;  // lines that may stand before what comes next
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

// Recovery has come before: what is pending still was left for a reason.
std::string WhyPending(const std::string& name) {
  if (name.starts_with(kRejectedPrefix)) {
    return "was set aside: it is not what the ledger has recorded";
  }
  if (!ParsePendingName(name)) return "is not fleetmint's";
  return "a bundle that could not be put in its place: something else stands there, or the "
         "ledger's record of it is damaged";
}

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
    report.findings.push_back({"", ".pending/" + name, WhyPending(name)});
  }
}

class Verifier {
 public:
  Verifier(const VerifyTarget& target, Time now, unsigned threads, std::stop_token stop)
      : target_(target),
        ledger_(target.authority.ledger()),
        passwords_(FleetFolder(target.authority, target.output.fleet())),
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
        CheckIssuer(row, chain.certificates.front());
        chain.issuer = IssuerCertificate::Of(chain.certificates);
        issuers_.emplace(row.id, std::move(chain));
      } catch (const Error& error) {
        Add("", error);
      }
    }
  }

  VerifyReport Run() {
    for (const std::string& fault : ledger_.IntegrityFaults()) {
      report_.findings.push_back({"", "", "the ledger is damaged: " + fault});
    }
    for (const std::string& fault : ledger_.Misfits()) {
      report_.findings.push_back({"", "", "the ledger is damaged: " + fault});
    }
    ledger_.ForEachCurrent(
        target_.output.fleet(),
        [&](const IssuedRow& row) {
          Take(row);
          if (batch_.size() == kBatch) Flush();
        },
        [&](const LedgerRow& row, const std::string& damage) { TakeDamaged(row, damage); });
    Flush();
    CheckOtherRows();
    for (const LedgerRow& row : ledger_.Reported(target_.output.fleet())) TakeReported(row);
    if (!target_.run_in_progress) {
      CheckPublished();
      CheckStrangers(target_.output, known_, report_);
    }
    return std::move(report_);
  }

 private:
  void Add(const std::string& endpoint, const Error& error) {
    for (const Fault& fault : error.faults()) {
      report_.findings.push_back({endpoint, "", fault.message});
    }
  }

  void TakeDamaged(const LedgerRow& row, const std::string& damage) {
    ++report_.endpoints;
    report_.findings.push_back({row.endpoint, "", damage});
    // Its files may be there; they are not strangers.
    for (const char* extension : kBundleExtensions) {
      known_.insert(target_.output.BundlePath(row.endpoint, extension));
    }
  }

  // Of what is known from a manifest alone there is no record to hold a bundle against.
  void TakeReported(const LedgerRow& row) {
    for (const char* extension : kBundleExtensions) {
      if (!target_.output.Exists(row.endpoint, extension)) continue;
      const std::string path = target_.output.BundlePath(row.endpoint, extension);
      known_.insert(path);
      report_.findings.push_back({row.endpoint, path,
                                  "its certificate is known from a manifest alone: it cannot be "
                                  "checked (fleetmint renew --only " +
                                      row.endpoint + " makes it anew)"});
    }
  }

  // The rows that are not current certificates of this fleet: what else the ledger has recorded.
  void CheckOtherRows() {
    const auto add = [&](const LedgerRow& row, const std::string& damage) {
      report_.findings.push_back(
          {row.endpoint, "", damage + " (serial " + SerialHex(row.serial) + ")"});
    };
    const std::string& fleet = target_.output.fleet();
    ledger_.ForEach([](const LedgerRow&) {},
                    [&](const LedgerRow& row, const std::string& damage) {
                      const bool current = row.state == CertificateState::kIssued;
                      // Former ones have their turn below.
                      if (current ? row.fleet != fleet : !row.issued_at) add(row, damage);
                    });
    ledger_.ForEachFormer(
        [&](const IssuedRow& row) {
          const std::string fault = RecordFault(row);
          if (!fault.empty()) add(row, fault);
        },
        add);
  }

  // What is wrong with a record whose bundle is not here to be held against it; "" if nothing.
  std::string RecordFault(const IssuedRow& row) {
    try {
      records_.LayerOf(row);
      return ColumnsFit(row) ? "" : "the ledger is damaged: its columns do not fit its certificate";
    } catch (const Error& error) {
      return error.faults().front().message;
    }
  }

  void CheckIssuer(const IssuerRow& row, const Certificate& certificate) {
    const Bytes& serial = certificate.serial();
    const bool fits =
        row.scope == ScopeOf(certificate) &&
        (!row.own_serial ||
         std::equal(serial.begin(), serial.end(), row.own_serial->begin(), row.own_serial->end()));
    if (fits) return;
    report_.findings.push_back({"", "",
                                "the ledger is damaged: the columns of CA certificate '" +
                                    row.tier + "' do not fit its certificate"});
  }

  void CheckPublished() {
    try {
      PublishedCheck published(target_.output.root(), report_);
      RenderPublished(target_.authority, target_.output, context_.now, published);
    } catch (const Error& error) {
      Add("", error);
    }
  }

  void Take(const IssuedRow& row) {
    ++report_.endpoints;
    const bool unique = serials_.insert(SerialHex(row.serial)).second &&
                        keys_.insert(ToHex(row.spki_sha256)).second &&
                        names_.insert(AsciiLower(row.endpoint)).second;
    if (!unique) {
      report_.findings.push_back(
          {row.endpoint, "", "its serial, key or name stands twice in the ledger"});
    }
    if (WasTakenAway(row, target_.output)) {
      ++report_.delivered;
      const std::string fault = RecordFault(row);
      if (!fault.empty()) report_.findings.push_back({row.endpoint, "", fault});
      if (context_.now > row.not_after) {
        report_.findings.push_back(
            {row.endpoint, "", "was delivered, and expired at " + FormatRfc3339(row.not_after)});
      }
      for (const std::string& path : FilesPresent(row, target_.output)) {
        known_.insert(path);
        report_.findings.push_back({row.endpoint, path,
                                    "was delivered, and the rest of its bundle is not here "
                                    "(fleetmint delivered " +
                                        row.endpoint + " --delete removes this, too)"});
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
      Add(row.endpoint, error);
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
