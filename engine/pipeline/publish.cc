#include "engine/pipeline/publish.h"

#include <algorithm>
#include <optional>

#include "engine/base/durable_file.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/pipeline/presence.h"
#include "engine/x509/cert_list_view.h"
#include "output/rollout.h"

namespace fleetmint {
namespace {

// Replaces a file durably, but leaves one alone that would not change, its times included: the new
// text is held against the old one, and written from the first difference on.
class ReplacedFile final : public PublishedFile {
 public:
  ReplacedFile(const Directory& directory, std::string name)
      : directory_(directory),
        name_(std::move(name)),
        old_size_(directory_.FileSize(name_).value_or(0)),
        existed_(directory_.FileSize(name_).has_value()) {}

  using PublishedFile::Append;
  void Append(std::string_view text, const std::string&, bool present) override {
    if (!present) return;
    if (!file_ && Continues(text)) {
      same_ += text.size();
      return;
    }
    Differ();
    file_->Append(AsBytes(text));
  }

  void End() override {
    if (!file_ && existed_ && same_ == old_size_) return;
    Differ();
    file_->Commit();
  }

 private:
  static constexpr std::uint64_t kWindow = std::uint64_t{1} << 20U;

  // Whether the old file goes on with `text` where it has been equal so far.
  bool Continues(std::string_view text) {
    if (same_ + text.size() > old_size_) return false;
    if (same_ < window_at_ || same_ + text.size() > window_at_ + window_.size()) {
      window_at_ = same_;
      window_ = directory_.ReadRange(name_, same_, std::max<std::uint64_t>(kWindow, text.size()));
    }
    return AsText(window_).substr(static_cast<std::size_t>(same_ - window_at_), text.size()) ==
           text;
  }

  // From here on a new file is written, with what was equal at its start.
  void Differ() {
    if (file_) return;
    file_.emplace(directory_, name_);
    for (std::uint64_t at = 0; at < same_; at += kWindow) {
      file_->Append(directory_.ReadRange(name_, at, std::min(kWindow, same_ - at)));
    }
  }

  const Directory& directory_;
  const std::string name_;
  const std::uint64_t old_size_;
  const bool existed_;
  std::uint64_t same_ = 0;       // bytes that are as they were
  std::uint64_t window_at_ = 0;  // of the old file
  Bytes window_;
  std::optional<DurableFile> file_;
};

class FileWriter final : public PublishSink {
 public:
  explicit FileWriter(const Directory& root) : root_(root) {}

  std::unique_ptr<PublishedFile> Begin(const std::string& folder,
                                       const std::string& name) override {
    if (folder.empty()) return std::make_unique<ReplacedFile>(root_, name);
    if (!folder_) folder_.emplace(root_.MakeSubdirectory(folder, 0700));
    return std::make_unique<ReplacedFile>(*folder_, name);
  }

 private:
  const Directory& root_;
  std::optional<Directory> folder_;  // there is one: rollout
};

// Nothing where the ledger's record of the row is damaged: one row must not take the others' lines.
// (Settings of a later version of fleetmint are not damaged, and not to be left out.)
std::optional<ManifestLine> LineOf(Records& records, const IssuedRow& row) {
  try {
    return records.ManifestLineOf(row);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kLedger && error.cause() != ErrorCause::kDamaged) throw;
    return std::nullopt;
  }
}

// manifest.jsonl and manifest.csv, of one state of the ledger and of the bundles.
PublishReport RenderManifests(const Authority& authority, const OutputDirectory& output,
                              PublishSink& sink) {
  PublishReport report;
  Records records(authority, output);
  const auto json = sink.Begin("", "manifest.jsonl");
  const auto csv = sink.Begin("", "manifest.csv");
  csv->Append(ManifestCsvHeader() + kCsvLineEnd);
  const auto leave_out = [&](const LedgerRow& row, const std::string&) {
    json->AppendUnknown();
    csv->AppendUnknown();
    report.damaged.push_back(row.endpoint);
  };
  const auto append = [&](const IssuedRow& row) {
    const auto line = LineOf(records, row);
    if (!line) {
      leave_out(row, "");
      return;
    }
    const bool present = IsPresent(row, output) || WasTakenAway(row, output);
    json->Append(line->json + "\n", row.endpoint, present);
    csv->Append(line->csv + kCsvLineEnd, row.endpoint, present);
    if (present) {
      ++report.endpoints;
    } else {
      report.missing.push_back(row.endpoint);
    }
  };
  authority.ledger().ForEachCurrent(output.fleet(), append, leave_out);
  json->End();
  csv->End();
  return report;
}

// What is published is a CRL: servers that are given anything else refuse everybody.
Bytes ReadCrl(const Directory& folder, const std::string& file) {
  Bytes crl = folder.Read(file);
  try {
    static_cast<void>(CertListView::Read(crl));
  } catch (const Error& error) {
    throw Error::WithHint(ErrorKind::kLedger,
                          "'" + folder.PathOf(file) + "' is no CRL: " + error.what(),
                          "move it away: fleetmint crl makes the next one from the ledger");
  }
  return crl;
}

// crl.der is the CRL of the current issuing CA; crl.pem those of every CA, root included, without
// which servers refuse what they should take, as long as something that it signed has not ended.
// Nothing before the issuing CA's first.
void RenderCrls(const Authority& authority, Time now, PublishSink& sink) {
  std::string own;
  for (const Authority::CrlIssuer& issuer : authority.CrlIssuers()) {
    const auto chain = authority.Chain();
    if (!chain.empty() && issuer.scope == ScopeOf(chain.front())) own = issuer.file;
  }
  const Directory folder = authority.Crls();
  if (own.empty() || !folder.Exists(own)) return;
  const Bytes own_crl = ReadCrl(folder, own);
  const auto der = sink.Begin("", "crl.der");
  der->Append(AsText(own_crl));
  der->End();
  const auto pem = sink.Begin("", "crl.pem");
  for (const std::string& file : authority.CrlFiles(now)) {
    pem->Append(PemEncode("X509 CRL", ReadCrl(folder, file)));
  }
  pem->End();
}

}  // namespace

PublishReport RenderPublished(const Authority& authority, const OutputDirectory& output, Time now,
                              PublishSink& sink) {
  PublishReport report;
  authority.ledger().Snapshot([&] { report = RenderManifests(authority, output, sink); });
  const auto chain = sink.Begin("", "chain.pem");
  for (const Bytes& certificate : authority.ChainDers()) {
    chain->Append(PemEncode("CERTIFICATE", certificate));
  }
  chain->End();
  const auto trust = sink.Begin("", "trust.pem");
  for (const Bytes& certificate : authority.TrustDers(now)) {
    trust->Append(PemEncode("CERTIFICATE", certificate));
  }
  trust->End();
  RenderCrls(authority, now, sink);
  for (const EmbeddedFile& file : RolloutFiles()) {
    const auto script = sink.Begin("rollout", std::string(file.name));
    script->Append(file.text);
    script->End();
  }
  return report;
}

PublishReport Publish(const Authority& authority, const OutputDirectory& output, Time now) {
  const FileLock alone = output.LockForPublishing();
  FileWriter writer(output.root());
  return RenderPublished(authority, output, now, writer);
}

}  // namespace fleetmint
