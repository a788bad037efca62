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

inline TierPlan RootTier(KeySpec key = kP256) {
  return {"root", CaSpec("CN=Root CA, O=Test", "20y"), key};
}
inline TierPlan IssuingTier(KeySpec key = kP256) {
  TierPlan tier{"issuing", CaSpec("CN=Issuing CA, O=Test", "6y"), key};
  tier.certificate.path_length = 0;
  return tier;
}

class AuthorityFixture : public testing::Test {
 protected:
  // Init makes an authority in ca_; `passphrase` may be null.
  Authority Init(std::vector<TierPlan> tiers, PassphraseSource* passphrase) {
    const InitOptions options{std::move(tiers), ParseDuration("1y"), passphrase};
    return Authority::Init(ca_, options, random_, streams_, clock_);
  }
  Authority InitTwoTier(PassphraseSource* passphrase = nullptr) {
    return Init({RootTier(), IssuingTier()}, passphrase);
  }

  // IssueLeaf signs an endpoint certificate by the unlocked authority.
  Bytes IssueLeaf(const Authority& authority, const std::string& endpoint = "ws-0001") {
    static const PrivateKey key = NewKey(kP256);
    Ledger ledger = authority.OpenLedger();
    auto reservations = ledger.Reserve(ledger.BeginRun("fleet", clock_.Now()), "fleet",
                                       {&endpoint, 1}, random_, clock_.Now());
    std::vector<PreparedCertificate> prepared;
    prepared.push_back(authority.issuer().Prepare(reservations.front(), LeafSpec("CN=" + endpoint),
                                                  key.spki(), clock_.Now()));
    return authority.issuer().Sign(std::move(prepared)).front().der;
  }

  // ChainPem gives certificates as a PEM text.
  static std::string ChainPem(const std::vector<Bytes>& ders) {
    std::string text;
    for (const Bytes& der : ders) text += PemEncode("CERTIFICATE", der);
    return text;
  }

  // OpensslVerify asks openssl whether `leaf` verifies under the authority's chain.
  ProgramResult OpensslVerify(const Authority& authority, const Bytes& leaf) const {
    std::vector<Bytes> chain = authority.Chain();
    temp_.Write("verify-root.pem", PemEncode("CERTIFICATE", chain.back()));
    temp_.Write("verify-chain.pem", ChainPem(chain));
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
