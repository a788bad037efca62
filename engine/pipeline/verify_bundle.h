// BundleCheck: one endpoint's bundle, opened again and held against its row of the ledger.
// Internal to verify.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/pipeline/bundle_passwords.h"
#include "engine/pipeline/verify.h"
#include "engine/x509/certificate.h"

namespace fleetmint {

// VerifyContext is what bundles are held against; const, so that threads share it.
struct VerifyContext {
  const Authority& authority;
  const OutputDirectory& output;
  const Catalog& catalog;
  const BundlePasswords& passwords;
  std::vector<Certificate> chain;  // issuing first
  std::set<Bytes> chain_ders;
  Time now;
};

struct BundleResult {
  std::vector<Finding> findings;
  bool profile_compared = false;
};

// CheckBundle opens one endpoint's bundle and collects what is wrong with it. Any thread.
BundleResult CheckBundle(const VerifyContext& context, const LedgerRow& row);

}  // namespace fleetmint
