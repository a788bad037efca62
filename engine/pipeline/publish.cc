#include "engine/pipeline/publish.h"

#include "engine/base/pem.h"
#include "output/rollout.h"

namespace fleetmint {
namespace {

constexpr std::string_view kNewline = "\n";
constexpr std::string_view kCrLf = "\r\n";  // RFC 4180 2.1

void AppendLine(DurableFile& file, const std::string& line, std::string_view end) {
  file.Append(AsBytes(line));
  file.Append(AsBytes(end));
}

void WriteChain(const Authority& authority, const OutputDirectory& output) {
  std::string text;
  for (const Bytes& certificate : authority.Chain()) text += PemEncode("CERTIFICATE", certificate);
  output.root().WriteDurably("chain.pem", AsBytes(text));
}

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
  entry.state = StateName(row.state);
  if (row.issued_at) entry.issued_at = FormatRfc3339(*row.issued_at);
  return entry;
}

std::size_t Publish(const Ledger& ledger, const Authority& authority,
                    const OutputDirectory& output) {
  DurableFile json(output.root(), "manifest.jsonl");
  DurableFile csv(output.root(), "manifest.csv");
  AppendLine(csv, ManifestCsvHeader(), kCrLf);
  std::size_t lines = 0;
  ledger.ForEachCurrent(output.fleet(), [&](const LedgerRow& row) {
    const ManifestEntry entry = ManifestEntryOf(row, ledger, output);
    AppendLine(json, ManifestJsonLine(entry), kNewline);
    AppendLine(csv, ManifestCsvLine(entry), kCrLf);
    ++lines;
  });
  json.Commit();
  csv.Commit();
  WriteChain(authority, output);
  const Directory rollout = output.root().MakeSubdirectory("rollout", 0700);
  for (const EmbeddedFile& file : RolloutFiles()) rollout.WriteDurably(file.name, AsBytes(file.text));
  return lines;
}

}  // namespace fleetmint
