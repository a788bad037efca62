// BundleCheck: one endpoint's bundle, opened again and held against its row of the ledger.
// Internal to verify.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/pipeline/bundle_passwords.h"
#include "engine/pipeline/records.h"
#include "engine/pipeline/verify.h"

namespace fleetmint {

// VerifyContext is what bundles are held against; const, so that threads share it.
struct VerifyContext {
  const VerifyTarget& target;
  const BundlePasswords& passwords;
  Time now;
};

// RowToVerify is a current certificate, with what it was issued under.
struct RowToVerify {
  IssuedRow row;
  ExpandedProfile expected;  // what its settings make of its name
};

// CheckBundle opens one endpoint's bundle and collects what is wrong with it. Any thread.
std::vector<Finding> CheckBundle(const VerifyContext& context, const RowToVerify& subject);

}  // namespace fleetmint
