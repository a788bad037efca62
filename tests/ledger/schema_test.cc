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
#include "engine/ledger/migrations.h"
#include "engine/ledger/sqlite.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

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
std::string Blob(int size, const char* octet) {
  std::string text = "x'";
  for (int i = 0; i < size; ++i) text += octet;
  return text + "'";
}

std::string InsertReserved(const std::string& serial, const std::string& endpoint) {
  return "INSERT INTO certificate (serial, run, fleet, endpoint, lineage, issuer, end_bound, "
         "state, "
         "reserved_at) VALUES (" +
         serial + ", 1, 1, '" + endpoint + "', 1, 1, 9, 'reserved', 1)";
}

// The record that a certificate is issued with.
std::string InsertRecord(const std::string& serial) {
  return "INSERT INTO record SELECT id, x'30', 'pfx 1 00' FROM certificate WHERE serial = " +
         serial;
}

// What a commit sets; `octet` makes the hashes of the key and of the certificate.
std::string IssuedColumns(const char* octet) {
  return "state = 'issued', issued_at = 2, not_after = 2, settings = 1, sha1 = " + Blob(20, octet) +
         ", sha256 = " + Blob(32, octet) + ", spki_sha256 = " + Blob(32, octet);
}

class SchemaTest : public ::testing::Test {
 protected:
  SchemaTest() {
    Ledger::Create(path_, "test-authority");
    raw_ = std::make_unique<RawDatabase>(path_);
    Must("INSERT INTO fleet VALUES (1, 'acme', 'out')");
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

TEST_F(SchemaTest, ASerialIsUniqueAndSixteenOctets) {
  for (const std::string& serial : all_) {
    Refuses(InsertReserved(serial, "other"), "UNIQUE constraint failed: certificate.serial");
  }
  Refuses(InsertReserved(Blob(15, "55"), "other"), "CHECK constraint failed: length(serial) = 16");
  Refuses(InsertReserved("NULL", "other"), "NOT NULL constraint failed");
  Refuses(InsertReserved("'0123456789abcdef'", "other"), "cannot store TEXT value in BLOB column");
  Must(InsertReserved(kNew, "other"));
}

TEST_F(SchemaTest, AKeyIsNeverUsedTwice) {
  Must(InsertReserved(kNew, "other"));
  Must(InsertRecord(kNew));
  for (const char* octet : {"02", "03", "04"}) {
    Refuses("UPDATE certificate SET " + IssuedColumns(octet) + Where(kNew),
            "UNIQUE constraint failed: certificate.spki_sha256");
  }
  Must("UPDATE certificate SET " + IssuedColumns("05") + Where(kNew));
}

// Names are equal whatever their case.
TEST_F(SchemaTest, AnEndpointHasOneCurrentCertificate) {
  for (const auto& [octet, name] :
       {std::pair{"51", "issued"}, {"52", "ISSUED"}, {"53", "Issued"}}) {
    const std::string serial = Blob(16, octet);
    Must(InsertReserved(serial, name));
    Must(InsertRecord(serial));
    Refuses("UPDATE certificate SET " + IssuedColumns("05") + Where(serial),
            "UNIQUE constraint failed: certificate.fleet, certificate.endpoint");
  }
  Must(InsertReserved(kNew, "superseded"));
  Must(InsertRecord(kNew));
  Must("UPDATE certificate SET " + IssuedColumns("05") + Where(kNew));
  Refuses("UPDATE certificate SET endpoint = 'issued'" + Where(kNew), "UNIQUE constraint failed");
}

TEST_F(SchemaTest, StatesGoForwardOnly) {
  struct Row {
    std::string serial;
    const char* state;
    std::vector<std::string> allowed;  // beside the state itself
  };
  const std::vector<Row> rows{
      {kReserved, "reserved", {"abandoned", "void"}},  // issued: with its columns, below
      {kIssued, "issued", {"superseded", "retired"}},
      {kSuperseded, "superseded", {}},
      {kRetired, "retired", {}},
      {kVoid, "void", {}},
      {kAbandoned, "abandoned", {}}};
  for (const Row& row : rows) {
    for (const std::string state :
         {"reserved", "issued", "superseded", "abandoned", "void", "retired", "reported"}) {
      if (state == row.state) continue;
      Must("SAVEPOINT attempt");
      const std::string sql = "UPDATE certificate SET state = '" + state + "'" + Where(row.serial);
      const bool allowed =
          std::find(row.allowed.begin(), row.allowed.end(), state) != row.allowed.end();
      const bool needs_record = row.serial == kReserved && state == "issued";
      if (allowed) {
        Must(sql);
      } else {
        Refuses(sql, needs_record        ? "issued together with its record"
                     : state == "issued" ? ""  // one of two triggers
                                         : "may not go backwards");
      }
      Must("ROLLBACK TO attempt");
      Must("RELEASE attempt");
    }
  }
  Refuses("UPDATE certificate SET state = 'lost'" + Where(kIssued), "");
}

TEST_F(SchemaTest, ACertificateBeginsAsAReservationOrAsSomebodysWord) {
  for (const char* state : {"issued", "superseded", "abandoned", "void", "retired"}) {
    Must("SAVEPOINT attempt");
    std::string sql = InsertReserved(kNew, "other");
    sql.replace(sql.find("'reserved'"), 10, "'" + std::string(state) + "'");
    Refuses(sql, "begins as a reservation");
    Must("ROLLBACK TO attempt");
    Must("RELEASE attempt");
  }
  std::string sql = InsertReserved(kNew, "other");
  sql.replace(sql.find("'reserved'"), 10, "'reported'");
  Must(sql);
}

TEST_F(SchemaTest, AnIssuedCertificateHasItsColumnsAndItsRecord) {
  Must(InsertReserved(kNew, "other"));
  Refuses("UPDATE certificate SET " + IssuedColumns("05") + Where(kNew),
          "issued together with its record");
  Must(InsertRecord(kNew));
  for (const char* change :
       {"issued_at = NULL", "sha1 = NULL", "sha256 = NULL", "spki_sha256 = NULL", "settings = NULL",
        "not_after = NULL", "not_after = 10", "sha256 = x'00'", "spki_sha256 = x'00'",
        "sha1 = x'00'"}) {
    Must("SAVEPOINT attempt");
    Must("UPDATE certificate SET " + IssuedColumns("05") + Where(kNew));
    Refuses("UPDATE certificate SET " + std::string(change) + Where(kNew),
            "CHECK constraint failed");
    Must("ROLLBACK TO attempt");
    Must("RELEASE attempt");
  }
  Refuses("UPDATE certificate SET issued_at = 1" + Where(kReserved), "CHECK constraint failed");
  Refuses("UPDATE certificate SET delivered_at = 1" + Where(kReserved), "CHECK constraint failed");
}

TEST_F(SchemaTest, ARevocationIsFinalAndOfWhatMayBeSigned) {
  for (const std::string& serial : {kReserved, kVoid}) {
    Refuses("UPDATE certificate SET revoked_at = 1, reason = 0" + Where(serial),
            "CHECK constraint failed");
  }
  for (const std::string& serial : {kIssued, kSuperseded, kAbandoned, kRetired}) {
    Refuses("UPDATE certificate SET revoked_at = 1" + Where(serial), "CHECK constraint failed");
    Refuses("UPDATE certificate SET reason = 1" + Where(serial), "CHECK constraint failed");
    Must("UPDATE certificate SET revoked_at = 1, reason = 4" + Where(serial));
    for (const char* change :
         {"revoked_at = NULL, reason = NULL", "revoked_at = 2", "reason = 1"}) {
      Refuses("UPDATE certificate SET " + std::string(change) + Where(serial), "never taken back");
    }
  }
}

// DELETE, and REPLACE, which deletes without saying so.
TEST_F(SchemaTest, NothingIsForgotten) {
  for (const std::string& serial : all_) {
    Refuses("DELETE FROM certificate" + Where(serial), "never removed");
  }
  Refuses("DELETE FROM certificate", "never removed");
  Refuses("DELETE FROM issuer", "never removed");
  Refuses("DELETE FROM record", "never removed");
  Refuses("UPDATE record SET der = x'31'", "never changed");
  Refuses("UPDATE record SET files = 'x'", "never changed");
  Refuses("UPDATE settings SET body = ''", "never changed");
  {
    Connection ours(path_, false);
    Query replace(ours,
                  "INSERT OR REPLACE INTO certificate (id, serial, run, fleet, endpoint, "
                  "lineage, issuer, end_bound, state, reserved_at) SELECT id, serial, run, "
                  "fleet, endpoint, lineage, issuer, end_bound, 'reserved', 1 FROM "
                  "certificate WHERE state = 'issued'");
    EXPECT_THROW(replace.Run(), Error) << "an issued certificate was replaced";
  }
  EXPECT_EQ(raw_->Value("SELECT count(*) FROM certificate"), "6");
}

TEST_F(SchemaTest, ReferencesLeadSomewhere) {
  for (const char* change :
       {"supersedes = 99", "run = 99", "fleet = 99", "issuer = 99", "settings = 99"}) {
    Refuses("UPDATE certificate SET " + std::string(change) + Where(kIssued),
            "FOREIGN KEY constraint failed");
  }
  Refuses("INSERT INTO record VALUES (99, x'30', 'f')", "FOREIGN KEY constraint failed");
  Refuses("UPDATE issuer SET parent = 99", "FOREIGN KEY constraint failed");
  Refuses("DELETE FROM run", "FOREIGN KEY constraint failed");
  Refuses("DELETE FROM fleet", "FOREIGN KEY constraint failed");
}

TEST_F(SchemaTest, SmallTablesKeepTheirRules) {
  Refuses("INSERT INTO run (fleet, token, selection, cutoff, started_at) VALUES (1, " +
              Blob(16, "02") + ", 'x', 1, 'yesterday')",
          "cannot store TEXT");
  Refuses("INSERT INTO run (fleet, token, selection, cutoff, started_at) VALUES (1, " +
              Blob(16, "01") + ", 'x', 1, 1)",
          "UNIQUE constraint failed: run.token");
  Refuses(InsertReserved(kNew, ""), "CHECK constraint failed: endpoint <> ''");
  Refuses("INSERT INTO fleet VALUES (2, '', 'o')", "CHECK constraint failed");
  Refuses("INSERT INTO fleet VALUES (2, 'beta', 'out')", "UNIQUE constraint failed: fleet.output");
  Refuses("INSERT INTO settings VALUES (2, 1, 'p', 'g', 'subject=x')", "UNIQUE constraint failed");
  Must(InsertReserved(kNew, "other"));
  Refuses("INSERT INTO record SELECT id, x'30', '' FROM certificate" + Where(kNew),
          "CHECK constraint failed: files <> ''");
}

// The head of an output counts a run's commits; they only become more.
TEST_F(SchemaTest, CommitsAndCrlsOnlyGoForward) {
  Must("UPDATE run SET commits = 2");
  for (const char* commits : {"2", "1", "0"}) {
    Refuses("UPDATE run SET commits = " + std::string(commits), "only become more");
  }
  Must("UPDATE run SET commits = 3");
  Must("INSERT INTO crl VALUES (" + Blob(32, "01") + ", 5, 100)");
  for (const char* change : {"number = 5", "number = 4", "number = 6, this_update = 99"}) {
    Refuses("UPDATE crl SET " + std::string(change), "may not go backwards");
  }
  Must("UPDATE crl SET number = 6, this_update = 100");
}

TEST_F(SchemaTest, AnIssuerIsWholeAndOneOfItsTier) {
  const auto insert = [](const char* values) {
    return "INSERT INTO issuer (tier, generation, leaves, state, der, crl_scope, reserved_at) "
           "VALUES (" +
           std::string(values) + ", 1)";
  };
  Refuses(insert("'issuing', 1, 0, 'next', NULL, NULL"), "UNIQUE constraint failed: issuer.tier");
  Refuses(insert("'other', 1, 0, 'current', NULL, NULL"), "CHECK constraint failed");
  Refuses(insert("'', 1, 0, 'next', NULL, NULL"), "CHECK constraint failed");
  Refuses(insert("'other', 0, 0, 'next', NULL, NULL"), "CHECK constraint failed");
  const std::string scope = Blob(32, "02");
  Refuses(insert(("'issuing', 2, 0, 'current', x'30', " + scope).c_str()),
          "UNIQUE constraint failed: issuer.tier");
  Refuses(insert(("'other', 1, 1, 'current', x'30', " + scope).c_str()),
          "UNIQUE constraint failed: issuer.leaves");
  Must(insert(("'other', 1, 0, 'current', x'30', " + scope).c_str()));
  Must(insert("'issuing', 2, 1, 'next', NULL, NULL"));
}

TEST_F(SchemaTest, AFleetStaysInItsOutputOnceItHasACertificate) {
  Refuses("UPDATE fleet SET output = 'elsewhere'", "stays in its output directory");
  Must("INSERT INTO fleet VALUES (2, 'beta', 'o')");
  Must("UPDATE fleet SET output = 'p' WHERE id = 2");
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
  EXPECT_EQ(Pragma(connection, "PRAGMA recursive_triggers"), "1");
  EXPECT_EQ(Pragma(connection, "PRAGMA busy_timeout"), "30000");
  EXPECT_EQ(raw_->Value("PRAGMA journal_mode"), "wal") << "WAL is a property of the file";
  EXPECT_EQ(raw_->Value("PRAGMA user_version"), std::to_string(Ledger::kSchemaVersion));
}

TEST_F(SchemaTest, TheFilesAreTheOwnersAlone) {
  Ledger ledger = Ledger::Open(path_, "test-authority");
  ledger.BindOutput("beta", "o");
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

// Versions 1 and 2 did not keep the certificates: refused, in one sentence, and left as they are.
TEST_F(SchemaTest, ALedgerWithoutItsCertificatesIsRefused) {
  for (const char* version : {"1", "2"}) {
    const std::string path = dir_ / ("old" + std::string(version));
    RawDatabase(path).Execute("PRAGMA user_version=" + std::string(version) +
                              "; CREATE TABLE ledger (one, authority)");
    const auto error = ThrownBy([&] { Ledger::Open(path, "test-authority"); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::kLedger);
    EXPECT_EQ(error->cause(), ErrorCause::kUnsupported);
    EXPECT_EQ(error->faults().size(), 1u);
    EXPECT_NE(std::string(error->what()).find("schema version " + std::string(version)),
              std::string::npos)
        << error->what();
    EXPECT_NE(error->faults()[0].hint, "");
    EXPECT_EQ(RawDatabase(path).Value("PRAGMA user_version"), version);
  }
}

// The mechanism: one step at a time, each whole or not at all, none twice.
TEST_F(SchemaTest, MigrationsRunOnceInOrderAndWhole) {
  constexpr const char* kSteps[] = {"ALTER TABLE ledger ADD COLUMN a TEXT",
                                    "UPDATE ledger SET a = coalesce(a, '') || 'x'",
                                    "UPDATE ledger SET a = a || 'y'; SELECT nonsense"};
  Must("INSERT INTO ledger VALUES (1, 'x') ON CONFLICT DO NOTHING");
  const auto version = [&] { return raw_->Value("PRAGMA user_version"); };
  {
    Connection connection(path_, false);
    Migrate(connection, Ledger::kSchemaVersion, std::span(kSteps).first(2));
    EXPECT_EQ(version(), std::to_string(Ledger::kSchemaVersion + 2));
    EXPECT_EQ(raw_->Value("SELECT a FROM ledger"), "x");
    Migrate(connection, Ledger::kSchemaVersion, std::span(kSteps).first(2));
    EXPECT_EQ(raw_->Value("SELECT a FROM ledger"), "x") << "a migration ran twice";
    EXPECT_THROW(Migrate(connection, Ledger::kSchemaVersion, kSteps), Error);
  }
  EXPECT_EQ(version(), std::to_string(Ledger::kSchemaVersion + 2));
  EXPECT_EQ(raw_->Value("SELECT a FROM ledger"), "x") << "half of a migration stayed";
}

TEST_F(SchemaTest, ABackupIsOneStateWhileOthersWrite) {
  Ledger ledger = Ledger::Open(path_, "test-authority");
  const std::string copy = dir_ / "copy.db";
  ledger.BackUp(copy);
  ledger.BindOutput("other", "o");
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
  EXPECT_EQ(raw_->Value("SELECT count(*) FROM certificate"), "6");
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
