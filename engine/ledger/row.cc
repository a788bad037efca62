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

// A moment that RFC 5280 can write; others are damage.
bool IsTime(const Query& query, int column) {
  constexpr std::int64_t kEndOfTheYear9999 = 253'402'300'799;
  return query.IsNull(column) ||
         (query.Integer(column) >= 0 && query.Integer(column) <= kEndOfTheYear9999);
}

[[noreturn]] void Damaged(const LedgerRow& row, const std::string& damage) {
  throw Error::OfCause(
      ErrorKind::kLedger, ErrorCause::kDamaged,
      "endpoint '" + row.endpoint + "', serial " + SerialHex(row.serial) + ": " + damage,
      "restore the ledger from a backup of the authority");
}

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

std::optional<CertificateState> ParseState(std::string_view name) {
  const auto* const state =
      std::find_if(std::begin(kStates), std::end(kStates),
                   [&](CertificateState known) { return StateName(known) == name; });
  return state == std::end(kStates) ? std::nullopt : std::optional(*state);
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

std::string ReadRow(const Query& query, LedgerRow& row) {
  row.id = query.Integer(0);
  row.serial = ReadArray<Serial>(query, 1);
  row.fleet = query.Text(2);
  row.endpoint = query.Text(3);
  const auto state = ParseState(query.TextView(4));
  row.state = state.value_or(CertificateState::kReserved);
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
  if (!state) return "the ledger is damaged: unknown state '" + query.Text(4) + "'";
  if (query.IsNull(2)) return "the ledger is damaged: its fleet is missing";
  if (row.issued_at && query.IsNull(20)) return "the ledger is damaged: its record is missing";
  for (const int column : {8, 9, 10, 11, 17, 19}) {
    if (!IsTime(query, column)) return "the ledger is damaged: a time of it is out of range";
  }
  return "";
}

std::string ReadIssuedRow(const Query& query, IssuedRow& row) {
  std::string damage = ReadRow(query, row);
  if (!damage.empty()) return damage;
  const ByteView der = query.Blob(21);
  row.der.assign(der.begin(), der.end());
  try {
    row.files = SplitFiles(query.TextView(22));
  } catch (const Error& error) {
    if (error.cause() != ErrorCause::kDamaged) throw;
    return "the ledger is damaged: the files of its bundle cannot be read";
  }
  return row.files.empty() ? "the ledger is damaged: it names no file of the bundle" : "";
}

LedgerRow WholeRow(const Query& query) {
  LedgerRow row;
  const std::string damage = ReadRow(query, row);
  if (!damage.empty()) Damaged(row, damage);
  return row;
}

IssuedRow WholeIssuedRow(const Query& query) {
  IssuedRow row;
  const std::string damage = ReadIssuedRow(query, row);
  if (!damage.empty()) Damaged(row, damage);
  return row;
}

}  // namespace fleetmint
