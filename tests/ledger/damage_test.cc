// Rows that are not whole: each is named to who visits it, and takes no other with it.
#include "engine/ledger/ledger.h"
#include "tests/ledger/ledger_fixture.h"
#include "tests/ledger/schema_fixture.h"
#include "tests/support/thrown.h"

namespace fleetmint {
namespace {

class DamageTest : public LedgerFixture, public testing::WithParamInterface<const char*> {
 protected:
  void Damage(const std::string& change) {
    const std::string message = RawDatabase(path_).Execute(
        "DROP TRIGGER records_are_kept; DROP TRIGGER records_are_not_removed; "
        "PRAGMA ignore_check_constraints = ON; " +
        change);
    ASSERT_EQ(message, "");
  }
};

TEST_P(DamageTest, IsNamedAndTakesNoOtherRowWithIt) {
  for (const char* name : {"a", "b", "c"}) Issue(name);
  Damage(GetParam());
  std::string text;
  ledger_.ForEachCurrent(
      "acme", [&](const IssuedRow& row) { text += row.endpoint + " "; },
      [&](const LedgerRow& row, const std::string& damage) {
        EXPECT_NE(damage.find("the ledger is damaged"), std::string::npos) << damage;
        text += "(" + row.endpoint + ") ";
      });
  EXPECT_EQ(text, "a (b) c ");
  const auto error = ThrownBy([&] { ledger_.Current("acme", "b"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kLedger);
  EXPECT_EQ(error->cause(), ErrorCause::kDamaged);
  EXPECT_NE(std::string(error->what()).find("endpoint 'b'"), std::string::npos) << error->what();
  EXPECT_NO_THROW(Issue("b")) << "a new certificate takes its place";
}

INSTANTIATE_TEST_SUITE_P(
    Changes, DamageTest,
    testing::Values("DELETE FROM record WHERE id = 2", "UPDATE record SET files = '' WHERE id = 2",
                    "UPDATE record SET files = 'pfx 1' WHERE id = 2",
                    "UPDATE record SET files = 'pfx 1 zz' || char(10) WHERE id = 2",
                    "UPDATE record SET files = 'pfx x 00' || char(10) WHERE id = 2",
                    "UPDATE certificate SET issued_at = 1 << 62 WHERE id = 2",
                    "UPDATE certificate SET delivered_at = -1 WHERE id = 2"));

class DamageOfAnyStateTest : public DamageTest {
 protected:
  std::string Visit() {
    std::string text;
    ledger_.ForEach([&](const LedgerRow& row) { text += std::to_string(row.id) + " "; },
                    [&](const LedgerRow& row, const std::string& damage) {
                      text += "(" + std::to_string(row.id) + ": " + damage + ") ";
                    });
    return text;
  }
};

TEST_F(DamageOfAnyStateTest, ASupersededRowWithoutItsRecordIsNamed) {
  for (int i = 0; i < 2; ++i) Issue("a");
  Damage("DELETE FROM record WHERE id = 1");
  EXPECT_EQ(Visit(), "(1: the ledger is damaged: its record is missing) 1 2 ");
}

TEST_F(DamageOfAnyStateTest, AnUnknownStateAndALostFleetAreNamed) {
  Issue("a");
  Issue("x", "beta");
  Damage(
      "PRAGMA foreign_keys = OFF; DROP TRIGGER states_only_go_forward; UPDATE certificate SET "
      "state = 'nonsense' WHERE id = 1; DELETE FROM fleet WHERE name = 'beta'");
  EXPECT_EQ(Visit(),
            "(1: the ledger is damaged: unknown state 'nonsense') 1 "
            "(2: the ledger is damaged: its fleet is missing) 2 ");
}

// What no constraint can say: rows that SQLite finds sound, and that contradict each other.
TEST_F(DamageOfAnyStateTest, RowsThatDoNotFitEachOtherAreNamed) {
  for (int i = 0; i < 2; ++i) Issue("a");
  Issue("x", "beta");
  EXPECT_TRUE(ledger_.Misfits().empty());
  const auto faults_after = [&](const std::string& change) {
    RawDatabase raw(path_);
    EXPECT_EQ(raw.Execute("BEGIN; " + change + "; COMMIT"), "");
    return ledger_.Misfits();
  };
  for (const auto& [change, back] :
       {std::pair{"lineage = 2 WHERE id = 2", "lineage = 1 WHERE id = 2"},
        std::pair{"lineage = 1 WHERE id = 3", "lineage = 3 WHERE id = 3"},
        std::pair{"endpoint = 'b' WHERE id = 1", "endpoint = 'a' WHERE id = 1"},
        std::pair{"former = 'x' WHERE id = 2", "former = NULL WHERE id = 2"},
        std::pair{"supersedes = NULL WHERE id = 2", "supersedes = 1 WHERE id = 2"},
        std::pair{"supersedes = 3 WHERE id = 2", "supersedes = 1 WHERE id = 2"},
        std::pair{"run = 2 WHERE id = 1", "run = 1 WHERE id = 1"}}) {
    EXPECT_FALSE(faults_after(std::string("UPDATE certificate SET ") + change).empty()) << change;
    EXPECT_TRUE(faults_after(std::string("UPDATE certificate SET ") + back).empty()) << back;
  }
  EXPECT_FALSE(faults_after("UPDATE issuer SET leaves = 0").empty());
}

}  // namespace
}  // namespace fleetmint
