// Records: rows of the ledger as projections need them: their settings read, their issuer found.
//
// What a layer's certificates share is read once and kept, as long as that is not too much. For one
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engine/authority/authority.h"
#include "engine/ledger/ledger.h"
#include "output/manifest.h"
#include "output/output_directory.h"
#include "profiles/endpoint_template.h"
#include "profiles/settings.h"

namespace fleetmint {

// LayerRecord is what certificates that were issued under the same settings share.
struct LayerRecord {
  Settings settings;
  EndpointTemplate endpoints;
};

class Records {
 public:
  // Both must outlive the object.
  Records(const Authority& authority, const OutputDirectory& output)
      : authority_(authority), output_(output) {}

  // LayerOf gives the settings of a row. Throws Error(kLedger) if they are damaged. The result
  // holds until the next call.
  const LayerRecord& LayerOf(const LedgerRow& row);

  // ManifestLineOf gives the manifest's lines of a current row.
  ManifestLine ManifestLineOf(const IssuedRow& row);

 private:
  const std::string& IssuerHex(std::int64_t issuer);

  const Authority& authority_;
  const OutputDirectory& output_;
  std::map<std::int64_t, LayerRecord> layers_;
  std::map<std::int64_t, std::string> issuers_;  // hex SHA-256 of the certificate
};

}  // namespace fleetmint
