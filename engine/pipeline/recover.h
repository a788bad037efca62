// Recover: what a crash left between the ledger and the output directory is brought to an end.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/ledger/ledger.h"
#include "output/output_directory.h"

namespace fleetmint {

struct RecoveryReport {
  std::size_t finished = 0;            // pending files of issued certificates, now in place (redo)
  std::size_t discarded = 0;           // pending files of certificates that were never issued
  std::size_t abandoned = 0;           // reservations without an issue
  std::vector<std::string> strangers;  // names in .pending that are not ours; left alone
  std::vector<std::string> rejected;   // named as ours, but not what the ledger has; set aside
};

// Recover: a pending file whose serial is `issued`, and whose size and hash are the recorded ones,
// is renamed into place; one of that name with another content is set aside as `rejected-NAME`; the
// other pending files of ours are deleted; `reserved` rows become `abandoned`. When it returns, the
// bundles of all issued endpoints are durable. Precondition: the run lock is held, and AlignHead
// was called. Idempotent. Errors: kDisk, kLedger.
// Bundles of retired endpoints are removed (RemoveRetired).
RecoveryReport Recover(Ledger& ledger, const OutputDirectory& output, Time now, Log& log);

// RemoveRetired removes the bundles of retired endpoints, durably, and gives the number of files.
std::size_t RemoveRetired(const Ledger& ledger, const OutputDirectory& output);

}  // namespace fleetmint
