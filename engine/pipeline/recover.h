// Recover: what a crash left between the ledger and the output directory is brought to an end.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/base/log.h"
#include "engine/ledger/ledger.h"
#include "output/output_directory.h"

namespace fleetmint {

struct RecoveryReport {
  std::size_t finished = 0;            // pending files of issued certificates, now in place (redo)
  std::size_t discarded = 0;           // pending files of certificates that were never issued
  std::size_t abandoned = 0;           // reservations without an issue
  std::vector<std::string> strangers;  // names in .pending that are not ours; left alone
};

// Recover follows DESIGN "Recovery": a pending file whose serial is `issued` is renamed into place,
// the others are deleted, and `reserved` rows become `abandoned`. When it returns, the bundles of
// all issued endpoints are durable. Precondition: the run lock is held. Idempotent. Errors: kDisk,
// kLedger.
RecoveryReport Recover(Ledger& ledger, const OutputDirectory& output, Log& log);

}  // namespace fleetmint
