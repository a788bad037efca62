// SQLite, wrapped so that every error is an Error(kLedger) that names the file and the reason.
// Internal to ledger/. A connection and its statements are for one thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/error.h"

namespace fleetmint {

class Connection {
 public:
  // Opens an existing database; `create` makes a new one and fails if it exists. On a medium that
  // nobody can write (statvfs) it is read as it stands; Error(kLedger) where a -wal file beside it
  // says that this is not all.
  Connection(const std::string& path, bool create);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  void Execute(const char* sql);
  // RollBack ends a transaction, if SQLite has not done so by itself; where that fails, closing the
  // connection does.
  void RollBack() noexcept { sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr); }
  // Prepared gives the statement of `sql`, prepared once and kept.
  sqlite3_stmt* Prepared(const char* sql);
  // CopyTo overwrites the database of `copy` with one state of this one.
  void CopyTo(Connection& copy);
  [[noreturn]] void Fail(int code) const;
  const std::string& path() const { return path_; }

 private:
  void Open(const std::string& name, int flags);
  std::string path_;
  sqlite3* handle_ = nullptr;
  std::map<std::string_view, sqlite3_stmt*> statements_;  // keyed by their text's literal
};

// Query is one use of a prepared statement: bind in order, step, read; reset when it goes.
class Query {
 public:
  Query(Connection& connection, const char* sql)
      : connection_(connection), statement_(connection.Prepared(sql)) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

  Query& Bind(std::int64_t value);
  Query& Bind(std::string_view text);
  Query& Bind(ByteView blob);
  Query& BindNull();

  // Step returns whether there is a row.
  bool Step();
  void Run() { Step(); }

  std::int64_t Integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string Text(int column) const { return std::string(TextView(column)); }
  // TextView holds until the next Step. NULL is "".
  std::string_view TextView(int column) const;
  ByteView Blob(int column) const;
  bool IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  Connection& connection_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

// Transaction rolls back unless Commit was called. BEGIN IMMEDIATE: it waits for other writers at
// its start, not at its end.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {
    connection_.Execute("BEGIN IMMEDIATE");
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void Commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace fleetmint
