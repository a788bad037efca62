// The ledger's file: how it is opened, made, copied and brought to a newer schema.
#include <span>

#include "engine/base/error.h"
#include "engine/ledger/migrations.h"
#include "engine/ledger/sqlite.h"
#include "tests/ledger/schema_fixture.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

class LedgerFileTest : public SchemaFixture {};

std::string Pragma(Connection& connection, const char* sql) {
  Query query(connection, sql);
  EXPECT_TRUE(query.Step());
  return query.Text(0);
}

// NORMAL lost acknowledged rows in power cuts; without foreign_keys the references are only
// decoration.
TEST_F(LedgerFileTest, EveryConnectionIsDurable) {
  Connection connection(path_, false);
  EXPECT_EQ(Pragma(connection, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(Pragma(connection, "PRAGMA synchronous"), "2");
  EXPECT_EQ(Pragma(connection, "PRAGMA foreign_keys"), "1");
  EXPECT_EQ(Pragma(connection, "PRAGMA recursive_triggers"), "1");
  EXPECT_EQ(Pragma(connection, "PRAGMA busy_timeout"), "30000");
  EXPECT_EQ(raw_->Value("PRAGMA journal_mode"), "wal") << "WAL is a property of the file";
  EXPECT_EQ(raw_->Value("PRAGMA user_version"), std::to_string(Ledger::kSchemaVersion));
}

TEST_F(LedgerFileTest, TheFilesAreTheOwnersAlone) {
  Ledger ledger = Ledger::Open(path_, "test-authority");
  ledger.BindOutput("beta", "o");
  for (const char* suffix : {"", "-wal", "-shm"})
    EXPECT_EQ(ModeOf(path_ + suffix), 0600u) << suffix;
}

TEST_F(LedgerFileTest, ANewerSchemaIsRefused) {
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
TEST_F(LedgerFileTest, ALedgerWithoutItsCertificatesIsRefused) {
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
TEST_F(LedgerFileTest, MigrationsRunOnceInOrderAndWhole) {
  constexpr const char* kSteps[] = {"ALTER TABLE ledger ADD COLUMN a TEXT",
                                    "UPDATE ledger SET a = coalesce(a, '') || 'x'",
                                    "UPDATE ledger SET a = a || 'y'; SELECT nonsense"};
  Must("INSERT INTO ledger VALUES (1, 'x', 'k') ON CONFLICT DO NOTHING");
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

TEST_F(LedgerFileTest, ABackupIsOneStateWhileOthersWrite) {
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
TEST_F(LedgerFileTest, CreateLeavesAnExistingFileAlone) {
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

TEST_F(LedgerFileTest, WhatIsNoLedgerIsRefused) {
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
