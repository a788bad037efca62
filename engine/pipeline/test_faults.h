// TestFaults: endpoints with something wrong, one kind of fault each, for those who must refuse
// them.
//
// They come from a maker of their own, which encodes and signs what schema, lint and signer forbid,
// and they stand in no ledger: Issuer and Ledger have no exception for them. (The one fault that is
// issued as any certificate is, and then revoked, is kRevokedFault, see inventory/fleet.h.)
// Internal to TestFleet. For one thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/base/test_mark.h"
#include "engine/keys/generate.h"
#include "engine/pipeline/bundle_passwords.h"
#include "engine/pipeline/job.h"
#include "output/pack.h"

namespace fleetmint {

// FaultWords gives the word of each fault, in the order of the README's table.
std::vector<std::string> FaultWords();
// WhatToSay gives what a verifier should say of a fault.
std::string_view WhatToSay(std::string_view fault);

// TwinOf gives the name of the endpoint that has the key of another one, and its DNS name.
inline constexpr std::string_view kSharedKeyFault = "shared-key";
std::string TwinOf(const std::string& endpoint);

// FaultyBundle is one endpoint with a fault, packed.
struct FaultyBundle {
  std::string endpoint;
  SecretBytes password;           // that the test is told; of bundle-wrong-password another one
  SecretBytes pkcs8;              // unencrypted
  Bytes certificate;              // DER
  std::vector<Bytes> chain;       // DER, issuing CA first, root last
  std::vector<BundleFile> files;  // as BundleSpec says
};

class FaultMaker {
 public:
  // FaultSurroundings is what faults are made of; nothing is owned.
  struct Surroundings {
    const Authority& authority;
    const UnlockedAuthority& unlocked;
    StreamFactory& streams;
    Time now;
    KeyOptions keys;
    std::uint32_t iterations;
    std::string fleet;
    const BundlePasswords& passwords;
  };
  FaultMaker(TestMark mark, const Surroundings& surroundings);
  ~FaultMaker();

  // Make makes the endpoint of a job with a fault (a word of FaultWords but `revoked`);
  // shared-key makes two, the second called TwinOf the first. Error(kInput): that name is too long.
  std::vector<FaultyBundle> Make(const Job& job, std::string_view fault);

 private:
  struct Draft;
  struct Kind;
  struct Stranger;
  friend std::vector<std::string> FaultWords();
  friend std::string_view WhatToSay(std::string_view fault);
  static const std::vector<Kind>& Kinds();
  static const Kind& KindOf(std::string_view fault);
  Draft Begin(const Job& job);
  FaultyBundle Finish(Draft& draft);
  static Bytes Encode(const Draft& draft);
  Bytes Sign(const Draft& draft, const Bytes& tbs) const;
  const Stranger& StrangeCa();
  void UseForbiddenKey(Draft& draft, std::uint32_t bits, std::uint32_t exponent);

  TestMark mark_;
  Surroundings with_;
  std::unique_ptr<Signer> signer_;      // of the issuing CA
  SecretBytes signing_key_;             // its key, PKCS#8
  std::unique_ptr<Stranger> stranger_;  // a CA that nobody trusts; made when it is asked for
};

}  // namespace fleetmint
