// What the ledger's tests share: a ledger with a fleet, an issuer and a run, and certificates to
// commit.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/ledger/ledger.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {

inline void NoDamage(const LedgerRow& row, const std::string& damage) {
  ADD_FAILURE() << row.endpoint << ": " << damage;
}

inline const Time kNow = ParseRfc3339("2026-01-01T00:00:00Z");

class LedgerFixture : public ::testing::Test {
 protected:
  LedgerFixture() {
    for (const char* fleet : {"acme", "beta"})
      ledger_.BindOutput(fleet, "out of " + std::string(fleet));
    run_ = ledger_.BeginRun("acme", {"missing", kNow}, random_, kNow);
    beta_ = ledger_.BeginRun("beta", {"missing", kNow}, random_, kNow);
    const NewIssuer issuer{.tier = "issuing",
                           .generation = 1,
                           .parent = std::nullopt,
                           .leaves = true,
                           .key_file = "issuing.key",
                           .der = {1, 2, 3},
                           .scope = {7}};
    issuer_ = ledger_.AddIssuers({&issuer, 1}, kNow).front();
  }

  std::vector<Reservation> Reserve(const std::vector<std::string>& endpoints,
                                   std::string_view fleet = "acme") {
    return ledger_.Reserve(fleet == "acme" ? run_ : beta_, endpoints, {issuer_, kEnd}, streams_,
                           kNow);
  }
  Reservation ReserveOne(const std::string& endpoint, std::string_view fleet = "acme") {
    return std::move(Reserve({endpoint}, fleet).front());
  }
  // An item with a certificate and a key of its own.
  CommitItem Item(Reservation reservation) {
    CommitItem item{.reservation = std::move(reservation),
                    .der = Bytes(700),
                    .not_after = kNow + std::chrono::days{365},
                    .settings = {1, "mtls-client", "all", "subject=CN={fqdn}\n"},
                    .files = {{"pfx", 3000, Sha256Digest{5}}, {"chain.pem", 0, {}}}};
    random_.Fill(item.der);
    random_.Fill(item.sha1);
    random_.Fill(item.sha256);
    random_.Fill(item.spki_sha256);
    return item;
  }
  // Gives the bundles that it has replaced.
  std::vector<ReplacedBundle> Commit(CommitItem item, Time now = kNow + Seconds{60}) {
    const std::string fleet(item.reservation.fleet());
    const fleetmint::Run& run = fleet == "acme" ? run_ : beta_;
    std::vector<CommitItem> items;
    items.push_back(std::move(item));
    return ledger_
        .Commit(run, ledger_.FindRun(run.token, fleet)->commits + 1, std::move(items), now)
        .at(0);
  }
  // Issue reserves and commits; gives the serial.
  Serial Issue(const std::string& endpoint, std::string_view fleet = "acme",
               Time now = kNow + Seconds{60}) {
    Reservation reservation = ReserveOne(endpoint, fleet);
    const Serial serial = reservation.serial();
    Commit(Item(std::move(reservation)), now);
    return serial;
  }
  CertificateState StateOf(const Serial& serial) { return ledger_.Find(serial).value().state; }

  static inline const Time kEnd = kNow + std::chrono::days{400};
  TempDir dir_;
  const std::string path_ = dir_ / "ledger.db";
  SystemRandom random_;
  SystemStreams streams_{random_};
  Ledger ledger_ = Ledger::Create(path_, "test-authority");
  fleetmint::Run run_, beta_;
  std::int64_t issuer_ = 0;
};

}  // namespace fleetmint
