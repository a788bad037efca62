// What `issue` and `renew` share: opening, the run, and telling how it went.
#pragma once

#include <optional>
#include <string>

#include "engine/cli/session.h"
#include "engine/pipeline/issue.h"
#include "engine/pipeline/plan.h"

namespace fleetmint::cli {

struct MintOptions {
  std::string command;  // "issue", "renew"
  std::string fleet;    // the fleet file
  std::string layout;   // "": as it is, or flat
  bool make_output_again = false;
  bool wait = false;
};

// AddMintOptions adds FLEET and the options of every command that mints.
void AddMintOptions(CLI::App& command, Session& session, MintOptions& options);

// LockToMint takes the run lock, after waiting where that was asked for, and warns of a clock that
// has gone back.
LockedAuthority LockToMint(Session& session, const MintOptions& options);

// OpenToMint unlocks the authority and opens the output. Everything that can be refused is refused
// here, before anything is written.
IssuingWorkspace OpenToMint(Session& session, const MintOptions& options, LockedAuthority locked,
                            const Plan& plan);

// MintPlan tells what the plan leaves out, runs it, publishes and tells how it went. Gives the exit
// code.
int MintPlan(Session& session, const Plan& plan, IssuingWorkspace& workspace,
             const std::string& nothing_to_do);

}  // namespace fleetmint::cli
