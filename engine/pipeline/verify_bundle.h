// BundleCheck: one endpoint's bundle, opened again and held against its row of the ledger.
// Internal to verify.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/pipeline/bundle_passwords.h"
#include "engine/pipeline/records.h"
#include "engine/pipeline/verify.h"

namespace fleetmint {

// IssuerChain is an issuer and the certificates above it, as bundles and lint need them.
struct IssuerChain {
  std::vector<Certificate> certificates;  // the issuer's own first
  std::vector<Bytes> ders;
  IssuerCertificate issuer;
};

// VerifyContext is what bundles are held against; const, so that threads share it.
struct VerifyContext {
  const VerifyTarget& target;
  const BundlePasswords& passwords;
  Time now;
  const std::map<std::int64_t, IssuerChain>& issuers;  // by the ledger's id
};

// RowToVerify is a current certificate, with what it was issued under.
struct RowToVerify {
  IssuedRow row;
  ExpandedProfile expected;  // what its settings make of its name
};

// ColumnsFit tells whether the ledger's columns are those of the certificate that it has recorded.
// Throws Error of cause kDamaged if that is none.
bool ColumnsFit(const IssuedRow& row);

// CheckBundle opens one endpoint's bundle and collects what is wrong with it. Any thread.
std::vector<Finding> CheckBundle(const VerifyContext& context, const RowToVerify& subject);

}  // namespace fleetmint
