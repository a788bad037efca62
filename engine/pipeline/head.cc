#include "engine/pipeline/head.h"

#include <algorithm>
#include <optional>
#include <set>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/pipeline/crl.h"
#include "engine/pipeline/pending.h"
#include "output/manifest_words.h"
#include "output/run_records.h"

namespace fleetmint {
namespace {

constexpr const char* kHead = ".head";
constexpr std::size_t kMostBytes = 4096;

}  // namespace

std::optional<RunToken> ParseToken(std::string_view text) {
  RunToken token{};
  try {
    const Bytes bytes = FromHex(text);
    if (bytes.size() != token.size()) return std::nullopt;
    std::copy(bytes.begin(), bytes.end(), token.begin());
    return token;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<RunToken> ReadHead(const OutputDirectory& output) {
  if (!output.root().Exists(kHead)) return std::nullopt;
  std::optional<RunToken> token;
  try {
    const Bytes content = output.root().Read(kHead, kMostBytes);
    std::string_view text = AsText(content);
    if (text.ends_with('\n')) text.remove_suffix(1);
    token = ParseToken(text);
  } catch (const Error&) {  // a link, a directory, or too long
  }
  if (token) return token;
  throw Error::OfCause(ErrorKind::kInput, ErrorCause::kDamaged,
                       "'" + output.root().PathOf(kHead) + "' is damaged: it names no run",
                       "move it away: it is written again, and what lies in '" +
                           output.runs().path() + "' is judged without it");
}

namespace {

// Whether all files of a bundle lie in their place, byte for byte.
bool IsInPlace(const RunRecords::Place& place, const OutputDirectory& output) {
  const auto lies = [&](const RecordedFile& file) {
    const std::string path = output.BundlePath(place.endpoint, file.extension);
    try {
      const auto size = output.root().FileSize(path);
      return size == file.bytes && Sha256(output.root().Read(path)) == file.sha256;
    } catch (const Error&) {
      return false;  // not readable as a file: recovery and verify say so
    }
  };
  return !place.files.empty() && std::all_of(place.files.begin(), place.files.end(), lies);
}

// Whether a chunk was recorded and not committed, as a crash leaves it. What is committed is put in
// its place (or its run says so: that line has no serial); so nothing of this chunk may be in its
// own, and the ledger must have reserved its serials. What is there besides does not tell: a power
// cut may take any of the pending files, and a bundle that was to be replaced may have been lost
// before.
bool IsCutShort(const RunRecords& records, const RunRecords::Position& chunk, const Ledger& ledger,
                const OutputDirectory& output) {
  const std::optional<Serial> serial = chunk.committed ? std::nullopt : ParseSerial(chunk.serial);
  const auto row = serial ? ledger.Find(*serial) : std::nullopt;
  if (!row || row->issued_at) return false;
  const std::vector<RunRecords::Place> places = records.PlacesOf(chunk);
  return std::none_of(places.begin(), places.end(),
                      [&](const RunRecords::Place& place) { return IsInPlace(place, output); });
}

}  // namespace

void WriteHead(const OutputDirectory& output, const RunToken& token) {
  const std::string text = ToHex(token) + "\n";
  output.root().WriteDurably(kHead, AsBytes(text));
}

namespace {

// What one run has recorded, held against the ledger.
struct RunJudgement {
  std::string unknown;   // to the ledger; "": nothing
  RunPosition position;  // as the output has it, where nothing is unknown
};

RunJudgement JudgeRun(const RunToken& token, const Ledger& ledger, const OutputDirectory& output) {
  const std::string run = "run " + ToHex(token);
  const auto position = ledger.FindRun(token, output.fleet());
  if (!position) return {run, {}};
  const RunRecords records(output, ToHex(token));
  const auto last = records.Last();
  const std::uint64_t recorded = last ? last->number : 0, committed = position->commits;
  if (recorded > committed + 1 ||
      (recorded == committed + 1 && !IsCutShort(records, *last, ledger, output))) {
    return {run + " has recorded " + Counted(recorded, "chunk") + ", of which the ledger knows " +
                std::to_string(committed),
            {}};
  }
  return {"", {position->run, token, recorded}};
}

}  // namespace

namespace {

// Of an output that was copied without its hidden files the manifest is all that tells.
std::optional<std::string> UnknownOfManifest(const Ledger& ledger, const OutputDirectory& output) {
  constexpr std::size_t kMostBytes = std::size_t{4} << 30U;
  constexpr const char* kManifest = "manifest.jsonl";
  if (!output.root().FileSize(kManifest)) return std::nullopt;
  const Bytes content = output.root().Read(kManifest, kMostBytes);
  std::optional<std::string> unknown;
  ReadManifestWords(
      AsText(content),
      [&](ManifestWord&& word) {
        if (unknown) return;
        const auto row = ledger.Find(word.serial);
        if (row && (row->issued_at || row->state == CertificateState::kReported)) return;
        unknown = "serial " + SerialHex(word.serial) + " of '" + word.endpoint +
                  "', which its manifest names";
      },
      [](std::uint64_t) {});
  return unknown;
}

}  // namespace

std::optional<std::string> UnknownToLedger(const Ledger& ledger, const OutputDirectory& output) {
  // A revocation commits no chunk; but a CRL that was published names its number.
  if (const auto number = LostCrl(ledger, output.root())) {
    return "CRL number " + std::to_string(*number);
  }
  const std::optional<RunToken> head = ReadHead(output);
  for (const std::string& name : output.runs().List()) {
    const auto run = ParseToken(name);
    if (!run || run == head) continue;
    if (head) {
      if (!ledger.FindRun(*run, output.fleet())) return "run " + name;
      continue;
    }
    std::string unknown = JudgeRun(*run, ledger, output).unknown;
    if (!unknown.empty()) return unknown;
  }
  if (!head) return UnknownOfManifest(ledger, output);
  std::string unknown = JudgeRun(*head, ledger, output).unknown;
  return unknown.empty() ? std::nullopt : std::optional(std::move(unknown));
}

void JudgeHead(Ledger& ledger, const OutputDirectory& output, const std::string& ca) {
  const std::string& out = output.root().path();
  if (const auto unknown = UnknownToLedger(ledger, output)) {
    ledger.AskFleets(output.fleet());
    throw Error::WithHint(
        ErrorKind::kInput, "output '" + out + "' holds what this ledger does not know: " + *unknown,
        "was the authority restored from an older backup, or is a second copy of it in use? Put "
        "the newest ledger back; where there is none, it learns what is here by: fleetmint ca "
        "adopt --ca " +
            ShellWord(ca) + " --out " + ShellWord(out));
  }
  const std::optional<RunToken> token = ReadHead(output);
  if (!token) return;
  ledger.FleetAsked(output.fleet());
  const RunPosition here = JudgeRun(*token, ledger, output).position;
  const auto head = ledger.HeadOf(output.fleet());
  if (!head || head->run < here.run) return;
  if (head->run == here.run && here.commits >= head->commits) return;
  throw Error::WithHint(
      ErrorKind::kInput,
      "output '" + out + "' is an old copy: the ledger has committed " +
          Counted(head->commits, "chunk") + " of run " + ToHex(head->token) + ", and " +
          (head->run == here.run ? "only " + Counted(here.commits, "is", "are") + " here"
                                 : "that run was never here"),
      "put the newest copy of the output back; where there is none, remove '" +
          output.root().PathOf(kHead) +
          "' and let `issue --replace-damaged` make the bundles anew that are missing");
}

void AlignHead(const Ledger& ledger, const OutputDirectory& output) {
  const std::optional<RunToken> token = ReadHead(output);
  const auto position =
      token ? ledger.FindRun(*token, output.fleet()) : ledger.HeadOf(output.fleet());
  if (!position) return;
  const RunRecords records(output, ToHex(position->token));
  records.CutAfter(position->commits);
  if (position->commits != 0) records.SetCommitted(position->commits);
  if (!token) WriteHead(output, position->token);
}

void DropBackedUpRecords(const Ledger& ledger, const OutputDirectory& output) {
  const std::optional<RunToken> head = ReadHead(output);
  std::set<std::string> held;
  for (const RunToken& token : ledger.BackedUpRuns(output.fleet())) {
    if (head && token != *head) held.insert(ToHex(token));
  }
  for (const std::string& name : output.runs().List()) {
    if (held.contains(name)) output.runs().Remove(name);
  }
}

}  // namespace fleetmint
