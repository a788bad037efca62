#include "engine/pipeline/publish.h"

#include <algorithm>
#include <optional>

#include "engine/base/pem.h"
#include "engine/pipeline/presence.h"
#include "output/rollout.h"

namespace fleetmint {
namespace {

constexpr const char* kCrLf = "\r\n";  // RFC 4180 2.1

// Writes each file durably, in place of the one before.
class FileWriter final : public PublishSink {
 public:
  explicit FileWriter(const Directory& root) : root_(root) {}

  void Begin(const std::string& folder, const std::string& name) override {
    if (!folder.empty()) folder_.emplace(root_.MakeSubdirectory(folder, 0700));
    file_.emplace(folder.empty() ? root_ : *folder_, name);
  }
  void Append(std::string_view text, const std::string&, bool present) override {
    if (present) file_->Append(AsBytes(text));
  }
  void End() override { file_->Commit(); }

 private:
  const Directory& root_;
  std::optional<Directory> folder_;
  std::optional<DurableFile> file_;
};

}  // namespace

ManifestEntry ManifestEntryOf(const LedgerRow& row, const Ledger& ledger,
                              const OutputDirectory& output) {
  const IssuedFacts& facts = row.facts;
  ManifestEntry entry;
  entry.endpoint = row.endpoint;
  entry.fqdn = facts.fqdn;
  entry.profile = facts.profile;
  entry.subject = facts.subject;
  entry.dns = facts.dns;
  entry.ip = facts.ip;
  entry.serial = SerialHex(row.serial);
  entry.not_before = FormatRfc3339(facts.not_before);
  entry.not_after = FormatRfc3339(facts.not_after);
  entry.sha1 = ToHex(facts.sha1);
  entry.sha256 = ToHex(facts.sha256);
  entry.spki_sha256 = ToHex(facts.spki_sha256);
  entry.issuer = facts.issuer;
  entry.key = facts.key;
  entry.encryption = facts.encryption;
  for (const BundleFileRecord& file : facts.files) {
    entry.files.push_back(
        {output.BundlePath(row.endpoint, file.extension), file.bytes, ToHex(file.sha256)});
  }
  const auto predecessor = row.supersedes ? ledger.Find(*row.supersedes) : std::nullopt;
  if (predecessor) {
    entry.supersedes.push_back({SerialHex(predecessor->serial), ToHex(predecessor->facts.sha1),
                                ToHex(predecessor->facts.sha256)});
  }
  entry.state = row.delivered_at ? "delivered" : StateName(row.state);
  if (row.issued_at) entry.issued_at = FormatRfc3339(*row.issued_at);
  return entry;
}

namespace {

// manifest.jsonl and manifest.csv, of one state of the ledger and of the bundles.
PublishReport RenderManifests(const Ledger& ledger, const OutputDirectory& output,
                              PublishSink& sink) {
  PublishReport report;
  std::vector<bool> presence;  // of the rows, in their order
  sink.Begin("", "manifest.jsonl");
  ledger.ForEachCurrent(output.fleet(), [&](const LedgerRow& row) {
    const bool present = IsPresent(row, output) || WasTakenAway(row, output);
    presence.push_back(present);
    sink.Append(ManifestJsonLine(ManifestEntryOf(row, ledger, output)) + "\n", row.endpoint,
                present);
    if (present) {
      ++report.endpoints;
    } else {
      report.missing.push_back(row.endpoint);
    }
  });
  sink.End();
  sink.Begin("", "manifest.csv");
  sink.Append(ManifestCsvHeader() + kCrLf, "", true);
  std::size_t next = 0;
  ledger.ForEachCurrent(output.fleet(), [&](const LedgerRow& row) {
    sink.Append(ManifestCsvLine(ManifestEntryOf(row, ledger, output)) + kCrLf, row.endpoint,
                presence.at(next++));
  });
  sink.End();
  return report;
}

}  // namespace

PublishReport RenderPublished(const Ledger& ledger, const Authority& authority,
                              const OutputDirectory& output, PublishSink& sink) {
  PublishReport report;
  ledger.Snapshot([&] { report = RenderManifests(ledger, output, sink); });
  sink.Begin("", "chain.pem");
  for (const Bytes& certificate : authority.Chain())
    sink.Append(PemEncode("CERTIFICATE", certificate), "", true);
  sink.End();
  for (const EmbeddedFile& file : RolloutFiles()) {
    sink.Begin("rollout", std::string(file.name));
    sink.Append(file.text, "", true);
    sink.End();
  }
  return report;
}

PublishReport Publish(const Ledger& ledger, const Authority& authority,
                      const OutputDirectory& output) {
  const FileLock alone = output.LockForPublishing();
  FileWriter writer(output.root());
  return RenderPublished(ledger, authority, output, writer);
}

}  // namespace fleetmint
