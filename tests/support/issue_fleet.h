// IssueFleet: a whole run as `fleetmint issue` makes it, for tests and benchmarks: plan, workspace,
// issue, publish. The authority has no passphrase.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "engine/pipeline/issue.h"
#include "engine/pipeline/publish.h"

namespace fleetmint {

struct IssueFleetOptions {
  std::string ca, out;
  StreamFactory& streams;
  RunObserver& observer;
  unsigned threads = 2;
  std::stop_token stop{};
  KeyOptions keys{};
  Selection selection = Selection::Missing();
  const Clock* clock = nullptr;  // null: the system's
};

// OpenWorkspace opens what a run of `fleet` works on.
inline IssuingWorkspace OpenIssuingWorkspace(const std::string& ca, const std::string& out,
                                             const std::string& fleet, const Clock& clock) {
  static NullLog log;
  SystemRandom random;
  LockedAuthority locked = LockedAuthority::Acquire(ca, "test");
  UnlockedAuthority unlocked = locked.authority().Unlock(nullptr, clock);
  return IssuingWorkspace::Open(std::move(locked), std::move(unlocked),
                                {out, fleet, ".", {}, false}, random, clock, log);
}

// IssuerThatEnds is an issuing CA of which nothing is known but its end.
inline IssuerCertificate IssuerThatEnds(Time at) {
  IssuerCertificate issuer;
  issuer.not_after = at;
  return issuer;
}

inline RunResult IssueFleet(Plan plan, const IssueFleetOptions& options) {
  const SystemClock system_clock;
  const Clock& clock = options.clock != nullptr ? *options.clock : system_clock;
  IssuingWorkspace workspace =
      OpenIssuingWorkspace(options.ca, options.out, plan.fleet_name(), clock);
  plan.Compare(workspace.ledger(), clock.Now());
  plan.Select(options.selection);
  RunResult result = Issue(plan, workspace,
                           {.clock = clock,
                            .streams = options.streams,
                            .observer = options.observer,
                            .threads = options.threads,
                            .stop = options.stop,
                            .keys = options.keys});
  Publish(workspace.authority(), workspace.output(), clock.Now());
  return result;
}

}  // namespace fleetmint
