// The schema: the database itself refuses what would break a promise, whoever writes.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/ledger/sqlite.h"
#include "tests/ledger/schema_fixture.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

class SchemaTest : public SchemaFixture {};

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
  const std::vector<Row> rows{// issued: with its columns, below
                              {kReserved, "reserved", {"abandoned", "void", "reported"}},
                              {kIssued, "issued", {"superseded", "retired"}},
                              {kSuperseded, "superseded", {}},
                              {kRetired, "retired", {}},
                              {kVoid, "void", {}},
                              // issued: with its columns, too, as a restored ledger learns it
                              {kAbandoned, "abandoned", {"reported"}}};
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
  Refuses("INSERT INTO fleet (id, name, output) VALUES (2, '', 'o')", "CHECK constraint failed");
  Refuses("INSERT INTO fleet (id, name, output) VALUES (2, 'beta', 'out')",
          "UNIQUE constraint failed: fleet.output");
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
  Must("INSERT INTO fleet (id, name, output) VALUES (2, 'beta', 'o')");
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

}  // namespace
}  // namespace fleetmint
