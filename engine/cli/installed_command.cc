// `fleetmint installed`: the receipts of hosts.
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/counted.h"
#include "engine/base/error.h"
#include "engine/base/read_file.h"
#include "engine/base/text.h"
#include "engine/base/text_file.h"
#include "engine/cli/session.h"

namespace fleetmint::cli {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr std::size_t kMostWarnings = 10;

using Json = nlohmann::json;

// Collects what is wrong with some lines without stopping at the first.
class Receipts {
 public:
  Receipts(Session& session, std::string file, const Ledger& ledger)
      : session_(session), file_(std::move(file)) {
    for (const IssuerRow& row : ledger.Issuers()) {
      if (!row.der.empty()) cas_.emplace(Sha256(row.der), row.id);
    }
  }

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
    Receipt receipt{
        .endpoint = text("endpoint"), .sha1 = {}, .sha256 = {}, .trusts = {}, .time = {}};
    const std::string sha1 = text("sha1"), sha256 = text("sha256"), time = text("time");
    const std::string trust = text("trust");
    const bool installed = !sha1.empty() || !sha256.empty();
    if (receipt.endpoint.empty() || installed == !trust.empty()) {
      return Refuse(number,
                    "no receipt: {\"endpoint\", \"sha1\" or \"sha256\" or \"trust\", \"time\"}");
    }
    try {
      receipt.time = time.empty() ? session_.clock.Now() : ParseRfc3339(time);
      receipt.sha1 = Digest<Sha1Digest>(sha1);
      receipt.sha256 = Digest<Sha256Digest>(sha256);
      if (!trust.empty()) receipt.trusts = CaOf(trust);
    } catch (const Error& error) {
      return Refuse(number, error.faults().front().message);
    }
    receipts_.push_back(std::move(receipt));
    lines_.push_back(number);
  }

  template <typename Array>
  static std::optional<Array> Digest(const std::string& hex) {
    if (hex.empty()) return std::nullopt;
    std::string digits = AsciiLower(hex);
    std::erase(digits, ':');  // as openssl writes it
    const Bytes bytes = FromHex(digits);
    Array digest{};
    if (bytes.size() != digest.size()) {
      throw Error(ErrorKind::kUsage, "'" + hex + "' is no digest of its kind");
    }
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
  }

  // The CA certificate with this SHA-256.
  std::int64_t CaOf(const std::string& hex) const {
    const auto place = cas_.find(*Digest<Sha256Digest>(hex));
    if (place != cas_.end()) return place->second;
    throw Error(ErrorKind::kUsage, "no CA certificate of this authority has SHA-256 " + hex);
  }

  Session& session_;
  std::string file_;
  std::map<Sha256Digest, std::int64_t> cas_;
  std::vector<Receipt> receipts_;
  std::vector<std::size_t> lines_;
};

int Installed(Session& session, const std::vector<std::string>& files) {
  Authority authority = Authority::Open(session.ca);
  std::size_t recorded = 0, known = 0, refused = 0;
  for (const std::string& file : files) {
    const Bytes content = ReadWholeFile(file == "-" ? "/dev/stdin" : file, kMostBytes);
    Receipts receipts(session, file, authority.ledger());
    receipts.Read(TextOf(AsText(content), file, ErrorKind::kInput));
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
      "installed",
      "take receipts of hosts: which certificate is installed where, which CA is trusted");
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("FILE", *files, "JSON lines; - is stdin")->required();
  AddCaOption(*command, session);
  AddCommonOptions(*command, session);
  command->footer(
      "A line is {\"endpoint\": \"ws-1\", \"sha1\": \"...\", \"time\": \"2026-01-31T12:00:00Z\"}, "
      "with\n"
      "sha256 instead if you like; other keys are ignored. With \"trust\" instead, the SHA-256 of "
      "a\n"
      "CA certificate, the host says that it trusts that CA: where the root is new, ca activate "
      "waits\n"
      "for that. Receipts may come late, twice and in any order. Nothing is revoked by them:\n"
      "fleetmint revoke --superseded --installed does that.\n\n"
      "Example: fleetmint installed receipts.jsonl --ca ca");
  command->callback([&session, files] {
    session.action = [&session, files] { return Installed(session, *files); };
  });
}

}  // namespace fleetmint::cli
