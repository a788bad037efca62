#include "engine/ledger/row.h"

#include <algorithm>
#include <charconv>

#include "engine/base/error.h"
#include "engine/ledger/ledger_impl.h"

namespace fleetmint {
namespace {

constexpr CertificateState kStates[] = {CertificateState::kReserved,   CertificateState::kVoid,
                                        CertificateState::kAbandoned,  CertificateState::kIssued,
                                        CertificateState::kSuperseded, CertificateState::kRetired,
                                        CertificateState::kReported};

[[noreturn]] void BadFiles() {
  throw Error::OfCause(ErrorKind::kLedger, ErrorCause::kDamaged,
                       "the ledger is damaged: the files of a bundle cannot be read");
}

// The part of `rest` up to `end`, which is taken off.
std::string_view Take(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  if (at == std::string_view::npos) BadFiles();
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return part;
}

}  // namespace

CertificateState ParseState(std::string_view name) {
  for (const CertificateState state : kStates) {
    if (StateName(state) == name) return state;
  }
  throw Error(ErrorKind::kLedger, "the ledger holds an unknown state '" + std::string(name) + "'");
}

std::string_view StateName(CertificateState state) {
  switch (state) {
    case CertificateState::kReserved:
      return "reserved";
    case CertificateState::kVoid:
      return "void";
    case CertificateState::kAbandoned:
      return "abandoned";
    case CertificateState::kIssued:
      return "issued";
    case CertificateState::kSuperseded:
      return "superseded";
    case CertificateState::kRetired:
      return "retired";
    case CertificateState::kReported:
      return "reported";
  }
  return "?";
}

std::string JoinFiles(const std::vector<BundleFileRecord>& files) {
  std::string text;
  for (const BundleFileRecord& file : files) {
    text += file.extension + " " + std::to_string(file.bytes) + " " + ToHex(file.sha256) + "\n";
  }
  return text;
}

std::vector<BundleFileRecord> SplitFiles(std::string_view text) {
  std::vector<BundleFileRecord> files;
  while (!text.empty()) {
    BundleFileRecord file;
    file.extension = Take(text, ' ');
    const std::string_view bytes = Take(text, ' ');
    const auto [end, error] =
        std::from_chars(bytes.data(), bytes.data() + bytes.size(), file.bytes);
    const Bytes digest = FromHex(Take(text, '\n'));
    if (error != std::errc() || end != bytes.data() + bytes.size() ||
        digest.size() != file.sha256.size()) {
      BadFiles();
    }
    std::copy(digest.begin(), digest.end(), file.sha256.begin());
    files.push_back(std::move(file));
  }
  return files;
}

LedgerRow ReadRow(const Query& query) {
  LedgerRow row;
  row.id = query.Integer(0);
  row.serial = ReadArray<Serial>(query, 1);
  row.fleet = query.Text(2);
  row.endpoint = query.Text(3);
  row.state = ParseState(query.TextView(4));
  row.run = query.Integer(5);
  row.lineage = query.Integer(6);
  row.issuer = query.Integer(7);
  row.reserved_at = FromUnix(query.Integer(8));
  row.end_bound = FromUnix(query.Integer(9));
  if (!query.IsNull(10)) row.issued_at = FromUnix(query.Integer(10));
  row.not_after = FromUnix(query.Integer(11));
  row.settings = query.Integer(12);
  row.sha1 = ReadArray<Sha1Digest>(query, 13);
  row.sha256 = ReadArray<Sha256Digest>(query, 14);
  row.spki_sha256 = ReadArray<Sha256Digest>(query, 15);
  if (!query.IsNull(16)) row.supersedes = query.Integer(16);
  if (!query.IsNull(17)) row.revoked_at = FromUnix(query.Integer(17));
  row.reason = static_cast<int>(query.Integer(18));
  if (!query.IsNull(19)) row.delivered_at = FromUnix(query.Integer(19));
  return row;
}

IssuedRow ReadIssuedRow(const Query& query) {
  IssuedRow row{ReadRow(query), {}, {}};
  const ByteView der = query.Blob(20);
  row.der.assign(der.begin(), der.end());
  row.files = SplitFiles(query.TextView(21));
  return row;
}

}  // namespace fleetmint
