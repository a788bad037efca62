// Verify: every bundle is opened again and everything that can be checked is checked.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/authority/authority.h"
#include "engine/base/clock.h"
#include "output/output_directory.h"

namespace fleetmint {

// Finding is one thing that is not as the ledger says.
struct Finding {
  std::string endpoint;  // "" where it is no endpoint's
  std::string path;      // relative to the output directory, or ""
  std::string message;
};

struct VerifyReport {
  std::size_t endpoints = 0;  // current certificates looked at
  std::size_t files = 0;
  std::size_t delivered = 0;  // of the endpoints: their bundles were shipped and taken away
  std::vector<Finding> findings;
};

// VerifyTarget is what is verified; nothing is owned.
struct VerifyTarget {
  const Authority& authority;
  const PasswordMaker& passwords;
  const OutputDirectory& output;
  // Another process issues into this output. Then what is wrong with an endpoint is looked at again
  // for some seconds before it is a finding, and published files and strangers, which follow the
  // ledger, are not looked at.
  bool run_in_progress = false;
};

// Verify checks, for each current certificate of the output's fleet: files present, sizes and
// hashes as recorded; bundle opens with its password (MAC); key matches certificate and the
// recorded key hash; certificate is the recorded one, signed by the issuer that the ledger names,
// valid now; certificate and bundle are what the settings it was issued under ask for, its own
// overrides included; manifest line agrees. Over all: the chain by x509/chain.h; serials, keys and
// endpoint names unique; no bundle that the ledger does not know; the ledger's own integrity. Uses
// `threads` threads.
VerifyReport Verify(const VerifyTarget& target, const Clock& clock, unsigned threads,
                    std::stop_token stop);

}  // namespace fleetmint
