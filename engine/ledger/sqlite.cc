#include "engine/ledger/sqlite.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

#include "engine/base/descriptor.h"

namespace fleetmint {
namespace {

constexpr int kBusyMilliseconds = 30'000;

std::string HintFor(int code) {
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return "free some space and run the same command again";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process holds the ledger; run the same command again when it has ended";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return "check the owner and the mode of the authority's directory";
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return "restore the ledger from a backup of the authority's directory";
    default:
      return "";
  }
}

// SQLite has no exclusive creation: without this it would write its tables into what is there. The
// files beside it (-wal, -shm) get the same mode from SQLite.
void CreateFile(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  if (!file.IsOpen()) {
    throw Error(ErrorKind::kLedger, "cannot create ledger '" + path + "': " + std::strerror(errno));
  }
}

// In WAL mode SQLite writes beside a database even to read it.
bool IsReadOnlyMedium(const std::string& path) {
  struct statvfs medium {};
  return ::statvfs(path.c_str(), &medium) == 0 && (medium.f_flag & ST_RDONLY) != 0;
}

void CheckNoWal(const std::string& path) {
  const std::string wal = path + "-wal";
  struct stat status {};
  if (::stat(wal.c_str(), &status) != 0 || status.st_size == 0) return;
  throw Error::WithHint(ErrorKind::kLedger,
                        "ledger '" + path + "' is on a read-only medium, and '" + wal +
                            "' has changes that can be read only where they can be written",
                        "copy the directory to a disk, and use the copy");
}

// Immutable: SQLite neither locks nor looks for changes.
std::string ImmutableUri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      const auto byte = static_cast<std::uint8_t>(c);
      uri += "%" + ToHex(ByteView(&byte, 1));
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

Connection::Connection(const std::string& path, bool create) : path_(path) {
  if (create) CreateFile(path);
  if (!create && IsReadOnlyMedium(path)) {
    CheckNoWal(path);
    Open(ImmutableUri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX);
    return;
  }
  Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  sqlite3_busy_timeout(handle_, kBusyMilliseconds);
  try {
    Execute("PRAGMA journal_mode=WAL");
    Execute("PRAGMA synchronous=FULL");  // NORMAL loses acknowledged rows in a power cut
    Execute("PRAGMA foreign_keys=ON");
    Execute("PRAGMA recursive_triggers=ON");  // INSERT OR REPLACE asks the triggers of DELETE, too
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

void Connection::Open(const std::string& name, int flags) {
  const int code = sqlite3_open_v2(name.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    const std::string reason = sqlite3_errstr(code);
    sqlite3_close(handle_);
    throw Error::WithHint(ErrorKind::kLedger, "cannot open ledger '" + path_ + "': " + reason,
                          HintFor(code));
  }
  sqlite3_extended_result_codes(handle_, 1);
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

void Connection::Fail(int code) const {
  if (sqlite3_extended_errcode(handle_) == SQLITE_CONSTRAINT_UNIQUE) {
    throw Error(ErrorKind::kLedger, "ledger '" + path_ + "' refuses a duplicate: " +
                                        std::string(sqlite3_errmsg(handle_)));
  }
  throw Error::WithHint(ErrorKind::kLedger,
                        "ledger '" + path_ + "': " + std::string(sqlite3_errmsg(handle_)),
                        HintFor(code));
}

void Connection::Execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) Fail(code);
}

// In one step: a copy by pieces begins anew whenever another process writes in between. In WAL mode
// nobody waits for it.
void Connection::CopyTo(Connection& copy) {
  sqlite3_backup* const backup = sqlite3_backup_init(copy.handle_, "main", handle_, "main");
  if (backup == nullptr) copy.Fail(sqlite3_errcode(copy.handle_));
  int code = SQLITE_OK;
  do {
    code = sqlite3_backup_step(backup, -1);
  } while (code == SQLITE_BUSY || code == SQLITE_LOCKED);
  const int finished = sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) copy.Fail(code);
  if (finished != SQLITE_OK) copy.Fail(finished);
}

sqlite3_stmt* Connection::Prepared(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) {
    const int code =
        sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) Fail(code);
  }
  return statement;
}

Query& Query::Bind(std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_, ++bound_, value);
  if (code != SQLITE_OK) connection_.Fail(code);
  return *this;
}

Query& Query::Bind(std::string_view text) {
  const int code =
      sqlite3_bind_text64(statement_, ++bound_, text.data() == nullptr ? "" : text.data(),
                          text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) connection_.Fail(code);
  return *this;
}

Query& Query::Bind(ByteView blob) {
  const int code =
      sqlite3_bind_blob64(statement_, ++bound_, blob.data(), blob.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) connection_.Fail(code);
  return *this;
}

Query& Query::BindNull() {
  const int code = sqlite3_bind_null(statement_, ++bound_);
  if (code != SQLITE_OK) connection_.Fail(code);
  return *this;
}

bool Query::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  connection_.Fail(code);
}

std::string_view Query::TextView(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) {
    if (!IsNull(column)) connection_.Fail(SQLITE_NOMEM);  // no memory for the text
    return "";
  }
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

ByteView Query::Blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Transaction::~Transaction() {
  if (open_) connection_.RollBack();
}

void Transaction::Commit() {
  connection_.Execute("COMMIT");
  open_ = false;
}

}  // namespace fleetmint
