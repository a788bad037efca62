// IssueFleet: a whole run as `fleetmint issue` makes it, for tests and benchmarks: open, plan,
// issue, publish. The authority has no passphrase.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "engine/pipeline/issue.h"
#include "engine/pipeline/open_output.h"
#include "engine/pipeline/publish.h"

namespace fleetmint {

struct IssueFleetOptions {
  std::string ca, out;
  StreamFactory& streams;
  RunObserver& observer;
  unsigned threads = 2;
  std::stop_token stop{};
  KeyOptions keys{};
};

// `replace`: as for Plan::Make.
inline RunResult IssueFleet(const Fleet& fleet, const Catalog& catalog,
                            const IssueFleetOptions& options,
                            std::span<const std::string> replace = {}) {
  const SystemClock clock;
  SystemRandom random;
  NullLog log;
  Authority authority = Authority::Open(options.ca);
  authority.Unlock(nullptr, clock);
  Ledger ledger = authority.OpenLedger();
  Plan plan = Plan::Make(fleet, catalog, &ledger, FaultList(""), replace);
  const OutputDirectory output =
      OpenOutputToIssue(options.out, authority, ledger, fleet.name(), std::nullopt, random);
  const RunResult result = Issue(plan, {.authority = authority,
                                        .ledger = ledger,
                                        .output = output,
                                        .clock = clock,
                                        .random = random,
                                        .streams = options.streams,
                                        .observer = options.observer,
                                        .log = log,
                                        .threads = options.threads,
                                        .stop = options.stop,
                                        .keys = options.keys});
  Publish(ledger, authority, output);
  return result;
}

}  // namespace fleetmint
