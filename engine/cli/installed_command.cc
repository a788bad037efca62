// `fleetmint installed`: the receipts of hosts.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/read_file.h"
#include "engine/base/text.h"
#include "engine/cli/session.h"

namespace fleetmint::cli {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr std::size_t kMostWarnings = 10;

using Json = nlohmann::json;

// Collects what is wrong with some lines without stopping at the first.
class Receipts {
 public:
  Receipts(Session& session, std::string file) : session_(session), file_(std::move(file)) {}

  void Read(std::string_view text) {
    for (std::size_t number = 1; !text.empty(); ++number) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      ReadLine(text.substr(0, end), number);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  void Take(Ledger& ledger) {
    const std::vector<ReceiptVerdict> verdicts = ledger.TakeReceipts(receipts_);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      const std::string& endpoint = receipts_[i].endpoint;
      switch (verdicts[i]) {
        case ReceiptVerdict::kNew:
          ++recorded;
          break;
        case ReceiptVerdict::kKnown:
          ++known;
          break;
        case ReceiptVerdict::kUnknownEndpoint:
          Refuse(lines_[i], "nothing was issued to endpoint '" + endpoint + "'");
          break;
        case ReceiptVerdict::kOther:
          Refuse(lines_[i], "endpoint '" + endpoint + "' was never issued that certificate");
          break;
      }
    }
  }

  std::size_t recorded = 0, known = 0, refused = 0;

 private:
  void Refuse(std::size_t line, const std::string& message) {
    if (++refused <= kMostWarnings) {
      session_.ui.Warn(file_ + ":" + std::to_string(line) + ": " + message);
    }
  }

  void ReadLine(std::string_view line, std::size_t number) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    const auto text = [&](const char* key) {
      const auto place = json.is_object() ? json.find(key) : json.end();
      return json.is_object() && place != json.end() && place->is_string()
                 ? place->get<std::string>()
                 : std::string();
    };
    Receipt receipt{.endpoint = text("endpoint"), .sha1 = {}, .sha256 = {}, .time = {}};
    const std::string sha1 = text("sha1"), sha256 = text("sha256"), time = text("time");
    if (receipt.endpoint.empty() || (sha1.empty() && sha256.empty())) {
      return Refuse(number, "no receipt: {\"endpoint\", \"sha1\" or \"sha256\", \"time\"}");
    }
    try {
      receipt.time = time.empty() ? session_.clock.Now() : ParseRfc3339(time);
      receipt.sha1 = Digest<Sha1Digest>(sha1);
      receipt.sha256 = Digest<Sha256Digest>(sha256);
    } catch (const Error& error) {
      return Refuse(number, error.what());
    }
    receipts_.push_back(std::move(receipt));
    lines_.push_back(number);
  }

  template <typename Array>
  static std::optional<Array> Digest(const std::string& hex) {
    if (hex.empty()) return std::nullopt;
    const Bytes bytes = FromHex(AsciiLower(hex));
    Array digest{};
    if (bytes.size() != digest.size()) {
      throw Error(ErrorKind::kUsage, "'" + hex + "' is no digest of its kind");
    }
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
  }

  Session& session_;
  std::string file_;
  std::vector<Receipt> receipts_;
  std::vector<std::size_t> lines_;
};

int Installed(Session& session, const std::vector<std::string>& files) {
  Authority authority = Authority::Open(session.ca);
  std::size_t recorded = 0, known = 0, refused = 0;
  for (const std::string& file : files) {
    const Bytes content = ReadWholeFile(file == "-" ? "/dev/stdin" : file, kMostBytes);
    Receipts receipts(session, file);
    receipts.Read(AsText(content));
    receipts.Take(authority.ledger());
    recorded += receipts.recorded;
    known += receipts.known;
    refused += receipts.refused;
  }
  if (session.json) {
    const nlohmann::ordered_json object{
        {"recorded", recorded}, {"known", known}, {"refused", refused}};
    session.ui.Out(object.dump() + "\n");
  }
  session.ui.Say("recorded " + Counted(recorded, "receipt") + ", " + Counted(known, "was", "were") +
                 " known, " + std::to_string(refused) + " refused");
  return refused == 0 ? 0 : ExitCode(ErrorKind::kFindings);
}

}  // namespace

void AddInstalled(CLI::App& app, Session& session) {
  auto* const command = app.add_subcommand(
      "installed", "take receipts of hosts: which certificate is installed where");
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("FILE", *files, "JSON lines; - is stdin")->required();
  AddCaOption(*command, session);
  AddCommonOptions(*command, session);
  command->footer(
      "A line is {\"endpoint\": \"ws-1\", \"sha1\": \"...\", \"time\": \"2026-01-31T12:00:00Z\"}, "
      "with\n"
      "sha256 instead if you like; other keys are ignored. Receipts may come late, twice and in "
      "any\n"
      "order. Nothing is revoked by them: fleetmint revoke --superseded --installed does that.\n\n"
      "Example: fleetmint installed receipts.jsonl --ca ca");
  command->callback([&session, files] {
    session.action = [&session, files] { return Installed(session, *files); };
  });
}

}  // namespace fleetmint::cli
