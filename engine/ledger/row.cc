#include "engine/ledger/row.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace fleetmint {
namespace {

template <typename Array>
Array ReadArray(const Query& query, int column) {
  Array array{};
  const ByteView blob = query.Blob(column);
  std::copy_n(blob.begin(), std::min(blob.size(), array.size()), array.begin());
  return array;
}

Time ReadTime(const Query& query, int column) { return Time{Seconds{query.Integer(column)}}; }

CertificateState ParseState(const std::string& name) {
  for (const CertificateState state :
       {CertificateState::kReserved, CertificateState::kIssued, CertificateState::kSuperseded,
        CertificateState::kAbandoned}) {
    if (StateName(state) == name) return state;
  }
  throw Error(ErrorKind::kLedger, "the ledger holds an unknown state '" + name + "'");
}

std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  stream.exceptions(std::ios::badbit);  // else lack of memory ends the text early
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<BundleFileRecord> SplitFiles(const std::string& text) {
  std::vector<BundleFileRecord> files;
  for (const std::string& line : SplitLines(text)) {
    std::istringstream words(line);
    words.exceptions(std::ios::badbit);
    BundleFileRecord file;
    std::string hex;
    words >> file.extension >> file.bytes >> hex;
    const Bytes digest = FromHex(hex);
    std::copy_n(digest.begin(), std::min(digest.size(), file.sha256.size()), file.sha256.begin());
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace

std::string JoinLines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::string JoinFiles(const std::vector<BundleFileRecord>& files) {
  std::string text;
  for (const BundleFileRecord& file : files) {
    text += file.extension + " " + std::to_string(file.bytes) + " " + ToHex(file.sha256) + "\n";
  }
  return text;
}

LedgerRow ReadRow(const Query& query) {
  LedgerRow row;
  row.serial = ReadArray<Serial>(query, 0);
  row.fleet = query.Text(1);
  row.endpoint = query.Text(2);
  row.state = ParseState(query.Text(3));
  row.run = query.Integer(4);
  row.reserved_at = ReadTime(query, 5);
  if (!query.IsNull(6)) row.issued_at = ReadTime(query, 6);
  if (!query.IsNull(7)) row.supersedes = ReadArray<Serial>(query, 7);
  if (!query.IsNull(8)) row.revoked_at = ReadTime(query, 8);
  row.revocation_reason = static_cast<int>(query.Integer(9));
  if (!row.issued_at) return row;
  IssuedFacts& facts = row.facts;
  facts.fqdn = query.Text(10);
  facts.profile = query.Text(11);
  facts.profile_fingerprint = query.Text(12);
  facts.subject = query.Text(13);
  facts.dns = SplitLines(query.Text(14));
  facts.ip = SplitLines(query.Text(15));
  facts.not_before = ReadTime(query, 16);
  facts.not_after = ReadTime(query, 17);
  facts.sha1 = ReadArray<Sha1Digest>(query, 18);
  facts.sha256 = ReadArray<Sha256Digest>(query, 19);
  facts.spki_sha256 = ReadArray<Sha256Digest>(query, 20);
  facts.issuer = query.Text(21);
  facts.key = query.Text(22);
  facts.encryption = query.Text(23);
  facts.password = query.Text(24);
  facts.friendly_name = query.Text(25);
  facts.files = SplitFiles(query.Text(26));
  if (!query.IsNull(27)) row.delivered_at = ReadTime(query, 27);
  return row;
}

}  // namespace fleetmint
