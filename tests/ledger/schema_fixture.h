// A ledger's database with a certificate in each state, and a connection to it that knows nothing
// of our code.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/ledger/ledger.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {

// A connection that knows nothing of our code.
class RawDatabase {
 public:
  explicit RawDatabase(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &handle_), SQLITE_OK);
    Execute("PRAGMA foreign_keys=ON");
  }
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;
  ~RawDatabase() { sqlite3_close(handle_); }

  // Execute gives the error message, "" for success.
  std::string Execute(const std::string& sql) {
    char* message = nullptr;
    sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message);
    std::string text = message == nullptr ? "" : message;
    sqlite3_free(message);
    return text;
  }
  std::string Value(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    std::string value = "?";
    if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
      value = text == nullptr ? "NULL" : text;
    }
    sqlite3_finalize(statement);
    return value;
  }

 private:
  sqlite3* handle_ = nullptr;
};

// A blob literal of `size` octets `octet`.
inline std::string Blob(int size, const char* octet) {
  std::string text = "x'";
  for (int i = 0; i < size; ++i) text += octet;
  return text + "'";
}

inline std::string InsertReserved(const std::string& serial, const std::string& endpoint) {
  return "INSERT INTO certificate (serial, run, fleet, endpoint, lineage, issuer, end_bound, "
         "state, "
         "reserved_at) VALUES (" +
         serial + ", 1, 1, '" + endpoint + "', 1, 1, 9, 'reserved', 1)";
}

// The record that a certificate is issued with.
inline std::string InsertRecord(const std::string& serial) {
  return "INSERT INTO record SELECT id, x'30', 'pfx 1 00' FROM certificate WHERE serial = " +
         serial;
}

// What a commit sets; `octet` makes the hashes of the key and of the certificate.
inline std::string IssuedColumns(const char* octet) {
  return "state = 'issued', issued_at = 2, not_after = 2, settings = 1, sha1 = " + Blob(20, octet) +
         ", sha256 = " + Blob(32, octet) + ", spki_sha256 = " + Blob(32, octet);
}

class SchemaFixture : public ::testing::Test {
 protected:
  SchemaFixture() {
    Ledger::Create(path_, "test-authority");
    raw_ = std::make_unique<RawDatabase>(path_);
    Must("INSERT INTO fleet (id, name, output) VALUES (1, 'acme', 'out')");
    Must(
        "INSERT INTO issuer (id, tier, generation, leaves, state, der, crl_scope, reserved_at) "
        "VALUES (1, 'issuing', 1, 1, 'current', x'30', " +
        Blob(32, "01") + ", 1)");
    Must("INSERT INTO run (id, fleet, token, selection, cutoff, started_at) VALUES (1, 1, " +
         Blob(16, "01") + ", 'missing', 1, 1)");
    Must("INSERT INTO settings VALUES (1, 1, 'p', 'g', 'subject=x')");
    Must(InsertReserved(kReserved, "reserved"));
    for (const auto& [serial, name, octet] : {std::tuple{kIssued, "issued", "02"},
                                              {kSuperseded, "superseded", "03"},
                                              {kRetired, "retired", "04"}}) {
      Must(InsertReserved(serial, name));
      Must(InsertRecord(serial));
      Must("UPDATE certificate SET " + IssuedColumns(octet) + Where(serial));
    }
    Must("UPDATE certificate SET state = 'superseded'" + Where(kSuperseded));
    Must("UPDATE certificate SET state = 'retired'" + Where(kRetired));
    for (const auto& [serial, state] :
         {std::pair{kAbandoned, "abandoned"}, std::pair{kVoid, "void"}}) {
      Must(InsertReserved(serial, state));
      Must("UPDATE certificate SET state = '" + std::string(state) + "'" + Where(serial));
    }
  }

  static std::string Where(const std::string& serial) { return " WHERE serial = " + serial; }
  void Must(const std::string& sql) { ASSERT_EQ(raw_->Execute(sql), "") << sql; }
  // Refuses expects an error with `reason`.
  void Refuses(const std::string& sql, const std::string& reason) {
    const std::string message = raw_->Execute(sql);
    EXPECT_NE(message, "") << "the database accepted: " << sql;
    EXPECT_NE(message.find(reason), std::string::npos) << message << "\nfor " << sql;
  }

  const std::string kReserved = Blob(16, "41"), kIssued = Blob(16, "42"),
                    kSuperseded = Blob(16, "43"), kAbandoned = Blob(16, "44"),
                    kNew = Blob(16, "45"), kVoid = Blob(16, "46"), kRetired = Blob(16, "47");
  const std::vector<std::string> all_{kReserved, kIssued, kSuperseded, kAbandoned, kVoid, kRetired};
  TempDir dir_;
  std::string path_ = dir_ / "ledger.db";
  std::unique_ptr<RawDatabase> raw_;
};

}  // namespace fleetmint
