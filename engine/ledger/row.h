// Rows of the certificate table <-> values. Internal to ledger/.
#pragma once

#include "engine/ledger/rows.h"
#include "engine/ledger/sqlite.h"

namespace fleetmint {

// What ReadRow and ReadIssuedRow expect, in their order; macros so that statements stay literals.
#define FLEETMINT_ROW_COLUMNS                                                                \
  "c.id, c.serial, f.name, c.endpoint, c.state, c.run, c.lineage, c.issuer, c.reserved_at, " \
  "c.end_bound, c.issued_at, c.not_after, c.settings, c.sha1, c.sha256, c.spki_sha256, "     \
  "c.supersedes, c.revoked_at, c.reason, c.delivered_at, r.id"
// Left joins: a row whose fleet or record is missing is damaged, and not to be passed over.
#define FLEETMINT_ROW_TABLES                                           \
  " FROM certificate c LEFT JOIN fleet f ON f.id = c.fleet LEFT JOIN " \
  "record r ON r.id = c.id"
#define FLEETMINT_ROWS FLEETMINT_ROW_COLUMNS FLEETMINT_ROW_TABLES
#define FLEETMINT_ISSUED_ROWS FLEETMINT_ROW_COLUMNS ", r.der, r.files" FLEETMINT_ROW_TABLES

// ParseState is the inverse of StateName; nothing if no state is called so.
std::optional<CertificateState> ParseState(std::string_view name);

// ReadRow and ReadIssuedRow fill `row` with what can be read, and say what is damaged: "" if the
// row is whole.
std::string ReadRow(const Query& query, LedgerRow& row);
std::string ReadIssuedRow(const Query& query, IssuedRow& row);
// WholeRow and WholeIssuedRow throw Error(kLedger) of cause kDamaged, which names the row, where it
// is not whole.
LedgerRow WholeRow(const Query& query);
IssuedRow WholeIssuedRow(const Query& query);

// A blob of a fixed size; a shorter one is filled with zeros.
template <typename Array>
Array ReadArray(const Query& query, int column) {
  Array array{};
  const ByteView blob = query.Blob(column);
  for (std::size_t i = 0; i < array.size() && i < blob.size(); ++i) array[i] = blob[i];
  return array;
}

// JoinFiles gives the text column for files, one a line; SplitFiles is its inverse.
std::string JoinFiles(const std::vector<BundleFileRecord>& files);
std::vector<BundleFileRecord> SplitFiles(std::string_view text);

// Begins a query with past_line: the line ?1, and those that were joined to it (schema.sql), of
// each what is before the id `before`, at first ?2.
#define FLEETMINT_PAST_LINES                                                                  \
  "WITH RECURSIVE past_line(line, before) AS (VALUES (?1, ?2) UNION SELECT j.line, "          \
  "j.certificate FROM past_line p JOIN joined j ON j.into_line = p.line AND j.certificate < " \
  "p.before) "

}  // namespace fleetmint
