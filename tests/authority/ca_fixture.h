// What the authority's tests share: a passphrase, cheap hierarchies, CAs that openssl made.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_chain.h"

namespace fleetmint {

// FixedPassphrase answers always the same and counts how often it was asked.
class FixedPassphrase final : public PassphraseSource {
 public:
  explicit FixedPassphrase(std::string_view phrase) : phrase_(phrase) {}
  SecretBytes Get(const std::string&, bool confirm) override {
    ++asked;
    confirmed = confirmed || confirm;
    return {phrase_.begin(), phrase_.end()};
  }
  int asked = 0;
  bool confirmed = false;

 private:
  std::string phrase_;
};

inline constexpr const char* kPhrase = "canary passphrase 7c1e9a";
inline constexpr KeySpec kP256{KeyAlgorithm::kEcdsa, 256};
inline constexpr KeySpec kP384{KeyAlgorithm::kEcdsa, 384};

inline Tier RootTier(KeySpec key = kP256) {
  return {"root", CaSpec("CN=Root CA, O=Test", "20y"), key};
}
inline Tier IssuingTier(KeySpec key = kP256) {
  Tier tier{"issuing", CaSpec("CN=Issuing CA, O=Test", "6y"), key};
  tier.certificate.path_length = 0;
  return tier;
}

class AuthorityFixture : public testing::Test {
 protected:
  NewAuthorityOptions Options(PassphraseSource* passphrase = nullptr) {
    return {.random = random_, .streams = streams_, .clock = clock_, .passphrase = passphrase};
  }
  static AuthorityProfile ProfileOf(std::vector<Tier> tiers) {
    return {"test", "", std::move(tiers), ParseDuration("1y")};
  }
  // Init makes an authority in ca_; `passphrase` may be null.
  Authority Init(std::vector<Tier> tiers, PassphraseSource* passphrase) {
    return Authority::Init(ca_, ProfileOf(std::move(tiers)), Options(passphrase));
  }
  Authority InitTwoTier(PassphraseSource* passphrase = nullptr) {
    return Init({RootTier(), IssuingTier()}, passphrase);
  }

  // IssueLeaf signs an endpoint certificate.
  Bytes IssueLeaf(const Authority& authority, const UnlockedAuthority& unlocked,
                  const std::string& endpoint = "ws-0001") {
    static const PrivateKey key = NewKey(kP256);
    Ledger ledger = authority.OpenLedger();
    const Time now = clock_.Now();
    const Issuer& issuer = unlocked.issuer();
    ledger.BindOutput("fleet", "out");
    auto reservations =
        ledger.Reserve(ledger.BeginRun("fleet", {"missing", now}, random_, now), {&endpoint, 1},
                       {issuer.id(), issuer.certificate().not_after}, streams_, now);
    SigningBatch batch = issuer.NewBatch();
    batch.Prepare(reservations.front(), LeafSpec("CN=" + endpoint), key.spki(), now);
    return std::move(batch).Sign().front().der;
  }
  Bytes IssueLeaf(const Authority& authority, const std::string& endpoint = "ws-0001") {
    return IssueLeaf(authority, authority.Unlock(nullptr, clock_), endpoint);
  }

  // ChainPem gives certificates as a PEM text.
  static std::string ChainPem(const std::vector<Bytes>& ders) {
    std::string text;
    for (const Bytes& der : ders) text += PemEncode("CERTIFICATE", der);
    return text;
  }

  // OpensslVerify asks openssl whether `leaf` verifies under the authority's chain.
  ProgramResult OpensslVerify(const Authority& authority, const Bytes& leaf) const {
    const auto chain = authority.ChainDers();
    temp_.Write("verify-root.pem", PemEncode("CERTIFICATE", chain.back()));
    temp_.Write("verify-chain.pem", ChainPem({chain.begin(), chain.end()}));
    temp_.Write("verify-leaf.pem", PemEncode("CERTIFICATE", leaf));
    return RunProgram({"openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile",
                       temp_ / "verify-root.pem", "-untrusted", temp_ / "verify-chain.pem",
                       temp_ / "verify-leaf.pem"});
  }

  TempDir temp_;
  const std::string ca_ = temp_ / "ca";
  SystemRandom random_;
  SystemStreams streams_{random_};
  SystemClock clock_;
};

}  // namespace fleetmint
