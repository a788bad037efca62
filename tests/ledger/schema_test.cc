// The schema and the connection: the database itself refuses what would break a promise, whoever
// writes.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "engine/base/error.h"
#include "engine/ledger/ledger.h"
#include "engine/ledger/sqlite.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

const Time kNow = ParseRfc3339("2026-01-01T00:00:00Z");

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
    const std::string text = message == nullptr ? "" : message;
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
std::string Blob(int size, const char* octet) {
  std::string text = "x'";
  for (int i = 0; i < size; ++i) text += octet;
  return text + "'";
}

std::string InsertReserved(const std::string& serial, const std::string& endpoint) {
  return "INSERT INTO certificate (serial, run, fleet, endpoint, endpoint_key, state, reserved_at) "
         "VALUES (" +
         serial + ", 1, 'acme', '" + endpoint + "', lower('" + endpoint + "'), 'reserved', 1)";
}

// What a commit sets; `octet` makes the hashes of the key and of the certificate.
std::string IssuedColumns(const char* octet) {
  return "state = 'issued', issued_at = 2, not_before = 1, not_after = 2, files = '', sha256 = " +
         Blob(32, octet) + ", spki_sha256 = " + Blob(32, octet);
}

class SchemaTest : public ::testing::Test {
 protected:
  SchemaTest() {
    Ledger::Create(path_, "test-authority").BeginRun("acme", kNow);
    raw_ = std::make_unique<RawDatabase>(path_);
    Must(InsertReserved(kReserved, "reserved"));
    for (const auto& [serial, name, octet] :
         {std::tuple{kIssued, "issued", "02"}, {kSuperseded, "superseded", "03"}}) {
      Must(InsertReserved(serial, name));
      Must("UPDATE certificate SET " + IssuedColumns(octet) + Where(serial));
    }
    Must("UPDATE certificate SET state = 'superseded'" + Where(kSuperseded));
    Must(InsertReserved(kAbandoned, "abandoned"));
    Must("UPDATE certificate SET state = 'abandoned'" + Where(kAbandoned));
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
                    kNew = Blob(16, "45");
  TempDir dir_;
  std::string path_ = dir_ / "ledger.db";
  std::unique_ptr<RawDatabase> raw_;
};

TEST_F(SchemaTest, ASerialIsUniqueAndSixteenOctets) {
  for (const std::string& serial : {kReserved, kIssued, kSuperseded, kAbandoned}) {
    Refuses(InsertReserved(serial, "other"), "UNIQUE constraint failed: certificate.serial");
  }
  Refuses(InsertReserved(Blob(15, "45"), "other"), "CHECK constraint failed: length(serial) = 16");
  Refuses(InsertReserved("NULL", "other"), "NOT NULL constraint failed");
  Refuses(InsertReserved("'0123456789abcdef'", "other"), "cannot store TEXT value in BLOB column");
  Must(InsertReserved(kNew, "other"));
}

TEST_F(SchemaTest, AKeyIsNeverUsedTwice) {
  Must(InsertReserved(kNew, "other"));
  for (const char* octet : {"02", "03"}) {
    Refuses("UPDATE certificate SET " + IssuedColumns(octet) + Where(kNew),
            "UNIQUE constraint failed: certificate.spki_sha256");
  }
  Must("UPDATE certificate SET " + IssuedColumns("05") + Where(kNew));
}

TEST_F(SchemaTest, AnEndpointHasOneCurrentCertificate) {
  for (const auto& [octet, name] :
       {std::pair{"51", "issued"}, {"52", "ISSUED"}, {"53", "Issued"}}) {
    const std::string serial = Blob(16, octet);
    Must(InsertReserved(serial, name));
    Refuses("UPDATE certificate SET " + IssuedColumns("05") + Where(serial),
            "UNIQUE constraint failed: certificate.fleet, certificate.endpoint_key");
  }
  Must(InsertReserved(kNew, "superseded"));
  Must("UPDATE certificate SET " + IssuedColumns("05") + Where(kNew));
  Refuses("UPDATE certificate SET endpoint = 'issued', endpoint_key = 'issued'" + Where(kNew),
          "UNIQUE constraint failed");
}

// Else two spellings of one endpoint would both be current.
TEST_F(SchemaTest, TheKeyOfAnEndpointIsItsLowerCase) {
  const std::string rest = "', 'reserved', 1)";
  const std::string begin =
      "INSERT INTO certificate (serial, run, fleet, endpoint, endpoint_key, state, reserved_at) "
      "VALUES (" +
      kNew + ", 1, 'acme', 'ISSUED', '";
  Refuses(begin + "ISSUED" + rest, "CHECK constraint failed");
  Refuses(begin + "other" + rest, "CHECK constraint failed");
  Must(begin + "issued" + rest);
}

TEST_F(SchemaTest, StatesGoForwardOnly) {
  struct Row {
    std::string serial;
    const char* state;
    std::vector<std::string> allowed;  // beside the state itself
  };
  const std::vector<Row> rows{
      {kReserved, "reserved", {"abandoned"}},  // issued: with its facts, below
      {kIssued, "issued", {"superseded"}},
      {kSuperseded, "superseded", {}},
      {kAbandoned, "abandoned", {}}};
  for (const Row& row : rows) {
    for (const std::string state : {"reserved", "issued", "superseded", "abandoned"}) {
      if (state == row.state) continue;
      Must("SAVEPOINT attempt");
      const std::string sql = "UPDATE certificate SET state = '" + state + "'" + Where(row.serial);
      const bool allowed =
          std::find(row.allowed.begin(), row.allowed.end(), state) != row.allowed.end();
      const bool needs_facts = row.serial == kReserved && state == "issued";
      if (allowed) {
        Must(sql);
      } else {
        Refuses(sql, needs_facts ? "CHECK constraint failed" : "may not go backwards");
      }
      Must("ROLLBACK TO attempt");
      Must("RELEASE attempt");
    }
  }
  Refuses("UPDATE certificate SET state = 'lost'" + Where(kIssued), "");
  Refuses(
      "INSERT INTO certificate (serial, fleet, endpoint, endpoint_key, state, reserved_at) VALUES "
      "(" +
          kNew + ", '', 'root', 'root', 'lost', 1)",
      "CHECK constraint failed: state IN");
}

TEST_F(SchemaTest, AnIssuedCertificateHasItsFacts) {
  Must(InsertReserved(kNew, "other"));
  for (const char* change :
       {"issued_at = NULL", "sha256 = NULL", "spki_sha256 = NULL", "files = NULL", "not_after = 1",
        "sha256 = x'00'", "spki_sha256 = x'00'", "sha1 = x'00'"}) {
    Must("SAVEPOINT attempt");
    Must("UPDATE certificate SET " + IssuedColumns("05") + Where(kNew));
    Refuses("UPDATE certificate SET " + std::string(change) + Where(kNew),
            "CHECK constraint failed");
    Must("ROLLBACK TO attempt");
    Must("RELEASE attempt");
  }
  Refuses("UPDATE certificate SET issued_at = 1" + Where(kReserved), "CHECK constraint failed");
}

TEST_F(SchemaTest, NothingIsForgotten) {
  for (const std::string& serial : {kReserved, kIssued, kSuperseded, kAbandoned}) {
    Refuses("DELETE FROM certificate" + Where(serial), "never removed");
  }
  Refuses("DELETE FROM certificate", "never removed");
  EXPECT_EQ(raw_->Value("SELECT count(*) FROM certificate"), "4");
}

TEST_F(SchemaTest, ReferencesLeadSomewhere) {
  Refuses("UPDATE certificate SET supersedes = " + kNew + Where(kIssued),
          "FOREIGN KEY constraint failed");
  Refuses("UPDATE certificate SET run = 99" + Where(kIssued), "FOREIGN KEY constraint failed");
  Must("UPDATE certificate SET supersedes = " + kSuperseded + Where(kIssued));
  Refuses("DELETE FROM run", "FOREIGN KEY constraint failed");
}

TEST_F(SchemaTest, SmallTablesKeepTheirRules) {
  Refuses("INSERT INTO crl_number VALUES ('aa', 0)", "CHECK constraint failed");
  Must("INSERT INTO crl_number VALUES ('aa', 1)");
  Refuses("INSERT INTO crl_number VALUES ('aa', 2)", "UNIQUE constraint failed");
  Refuses("INSERT INTO run (fleet, started_at) VALUES ('acme', 'yesterday')", "cannot store TEXT");
  Refuses(InsertReserved(kNew, ""), "CHECK constraint failed: endpoint <> ''");
}

TEST_F(SchemaTest, IntegrityFaultsNamesWhatSlippedIn) {
  EXPECT_TRUE(Ledger::Open(path_, "test-authority").IntegrityFaults().empty());
  Must("PRAGMA foreign_keys=OFF");
  Must("UPDATE certificate SET run = 99" + Where(kIssued));
  const auto faults = Ledger::Open(path_, "test-authority").IntegrityFaults();
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_NE(faults[0].find("certificate"), std::string::npos) << faults[0];
}

std::string Pragma(Connection& connection, const char* sql) {
  Query query(connection, sql);
  EXPECT_TRUE(query.Step());
  return query.Text(0);
}

// NORMAL lost acknowledged rows in power cuts; without foreign_keys the references are only
// decoration.
TEST_F(SchemaTest, EveryConnectionIsDurable) {
  Connection connection(path_, false);
  EXPECT_EQ(Pragma(connection, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(Pragma(connection, "PRAGMA synchronous"), "2");
  EXPECT_EQ(Pragma(connection, "PRAGMA foreign_keys"), "1");
  EXPECT_EQ(Pragma(connection, "PRAGMA busy_timeout"), "30000");
  EXPECT_EQ(raw_->Value("PRAGMA journal_mode"), "wal") << "WAL is a property of the file";
  EXPECT_EQ(raw_->Value("PRAGMA user_version"), std::to_string(Ledger::kSchemaVersion));
}

TEST_F(SchemaTest, TheFilesAreTheOwnersAlone) {
  Ledger ledger = Ledger::Open(path_, "test-authority");
  ledger.BeginRun("acme", kNow);
  for (const char* suffix : {"", "-wal", "-shm"})
    EXPECT_EQ(ModeOf(path_ + suffix), 0600u) << suffix;
}

TEST_F(SchemaTest, ANewerSchemaIsRefused) {
  Must("PRAGMA user_version=" + std::to_string(Ledger::kSchemaVersion + 1));
  const auto error = ThrownBy([&] { Ledger::Open(path_, "test-authority"); });
  ASSERT_TRUE(error.has_value()) << "a ledger of the future was opened";
  EXPECT_EQ(error->kind(), ErrorKind::kLedger);
  EXPECT_NE(std::string(error->what()).find(path_), std::string::npos) << error->what();
  EXPECT_NE(std::string(error->what())
                .find("schema version " + std::to_string(Ledger::kSchemaVersion + 1)),
            std::string::npos)
      << error->what();
  EXPECT_NE(error->faults()[0].hint, "");
}

// A ledger as version 1 wrote it, with a certificate: nothing of it is lost, and what is new can be
// used. The schema is a copy of what was once written, so that it stays as it was.
TEST_F(SchemaTest, AnOlderSchemaIsBroughtUpToDate) {
  const std::string path = dir_ / "old.db";
  {
    RawDatabase old(path);
    ASSERT_EQ(old.Execute(ReadFileText(FLEETMINT_VECTORS "/ledger-schema-1.sql")), "");
    ASSERT_EQ(
        old.Execute("PRAGMA user_version=1; INSERT INTO ledger VALUES (1, 'test-authority'); "
                    "INSERT INTO run VALUES (7, 'acme', 1000, 2000); "
                    "INSERT INTO certificate (serial, run, fleet, endpoint, endpoint_key, state, "
                    "reserved_at, issued_at, not_before, not_after, sha256, spki_sha256, files) "
                    "VALUES (" +
                    Blob(16, "01") +
                    ", 7, 'acme', 'WS-1', 'ws-1', 'issued', 1001, "
                    "1002, 1, 2, " +
                    Blob(32, "02") + ", " + Blob(32, "03") + ", '')"),
        "");
  }
  Ledger ledger = Ledger::Open(path, "test-authority");
  const auto row = ledger.Current("acme", "ws-1");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->run, 7);
  EXPECT_EQ(row->issued_at, Time{Seconds{1002}});
  EXPECT_FALSE(row->delivered_at);
  EXPECT_EQ(ledger.LatestTime(), Time{Seconds{2000}});
  ledger.MarkDelivered({&row->serial, 1}, kNow);
  EXPECT_EQ(ledger.Current("acme", "ws-1")->delivered_at, kNow);
  EXPECT_TRUE(ledger.IntegrityFaults().empty());
  EXPECT_EQ(RawDatabase(path).Value("PRAGMA user_version"), std::to_string(Ledger::kSchemaVersion));
  EXPECT_EQ(Ledger::Open(path, "test-authority").Count().issued, 1U);
}

// The columns of a migrated ledger are those of a new one.
TEST_F(SchemaTest, AMigratedSchemaHasTheColumnsOfANewOne) {
  const std::string path = dir_ / "old.db";
  ASSERT_EQ(RawDatabase(path).Execute(ReadFileText(FLEETMINT_VECTORS "/ledger-schema-1.sql") +
                                      "; PRAGMA user_version=1; "
                                      "INSERT INTO ledger VALUES (1, 'test-authority')"),
            "");
  Ledger::Open(path, "test-authority");
  const char* const columns =
      "SELECT group_concat(t.name || '.' || c.name || ' ' || c.type) FROM (SELECT name FROM "
      "sqlite_schema WHERE type = 'table' ORDER BY name) t, pragma_table_info(t.name) c";
  EXPECT_EQ(RawDatabase(path).Value(columns), RawDatabase(path_).Value(columns));
}

TEST_F(SchemaTest, ABackupIsOneStateWhileOthersWrite) {
  Ledger ledger = Ledger::Open(path_, "test-authority");
  ledger.BeginRun("acme", kNow);
  const std::string copy = dir_ / "copy.db";
  ledger.BackUp(copy);
  ledger.BeginRun("other", kNow);
  EXPECT_EQ(Ledger::Open(copy, "test-authority").Fleets(), std::vector<std::string>{"acme"});
  EXPECT_EQ(ModeOf(copy), 0600u);
  const auto error = ThrownBy([&] { ledger.BackUp(copy); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kLedger);
}

// Create never writes into what is there: a ledger, another program's database, a file of a wrong
// mode.
TEST_F(SchemaTest, CreateLeavesAnExistingFileAlone) {
  const std::string foreign = dir_ / "foreign", empty = dir_.Write("empty", "", 0644);
  RawDatabase(foreign).Execute("CREATE TABLE t (a)");
  for (const std::string& path : {path_, foreign, empty}) {
    const auto error = ThrownBy([&] { Ledger::Create(path, "test-authority"); });
    ASSERT_TRUE(error.has_value()) << "a ledger was created over " << path;
    EXPECT_EQ(error->kind(), ErrorKind::kLedger);
    EXPECT_NE(std::string(error->what()).find(path), std::string::npos) << error->what();
  }
  EXPECT_EQ(raw_->Value("SELECT count(*) FROM certificate"), "4");
  EXPECT_EQ(RawDatabase(foreign).Value("SELECT group_concat(name) FROM sqlite_schema"), "t");
  EXPECT_EQ(ReadFileText(empty), "");
}

TEST(LedgerFileTest, WhatIsNoLedgerIsRefused) {
  const TempDir dir;
  const std::string text = dir.Write("text", std::string(4096, 'x'));
  const std::string empty = dir.Write("empty", "");
  const std::string foreign = dir / "foreign";
  RawDatabase(foreign).Execute("CREATE TABLE t (a)");
  struct Case {
    std::string path;
    const char* reason;
  };
  for (const Case& c :
       {Case{text, "not a database"}, Case{empty, "not a fleetmint ledger"},
        Case{foreign, "not a fleetmint ledger"}, Case{dir / "absent", "unable to open"},
        Case{dir.path(), "unable to open"}}) {
    const auto error = ThrownBy([&] { Ledger::Open(c.path, "test-authority"); });
    ASSERT_TRUE(error.has_value()) << c.path;
    EXPECT_EQ(error->kind(), ErrorKind::kLedger);
    const std::string message = error->what();
    EXPECT_NE(message.find(c.path), std::string::npos) << message;
    EXPECT_NE(message.find(c.reason), std::string::npos) << message;
  }
  EXPECT_EQ(ReadFileText(text), std::string(4096, 'x')) << "a file that is no ledger was changed";
  EXPECT_THROW(Ledger::Create(dir / "absent/ledger.db", "test-authority"), Error);
}

}  // namespace
}  // namespace fleetmint
