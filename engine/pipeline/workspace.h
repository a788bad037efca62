// Workspace: the one place that opens what a command works on, in one order, and hands out what the
// command may touch.
//
//   1. the authority's directory     5. the output: its pin, and the ledger's word for where it is
//   2. the run lock                  6. the output's head is judged (head.h) and aligned
//   3. the ledger and the issuers    7. recovery
//   4. (issue) plan and passphrase
//
// Three kinds: a ReadingWorkspace takes no lock and changes nothing; a Workspace holds the run lock
// and has recovered; an IssuingWorkspace is unlocked, too. What fails on the way has written
// nothing that the same command would not write again. All of them are for one thread, but const
// access to an IssuingWorkspace is safe from several.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "engine/authority/authority.h"
#include "engine/authority/run_lock.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/random.h"
#include "engine/pipeline/recover.h"
#include "output/output_directory.h"

namespace fleetmint {

// CheckPlaceOfAuthority throws Error(kAuthority) if a new authority in `path` would lie within an
// output directory, and so be shipped; `option` is the one that the hint names.
void CheckPlaceOfAuthority(const std::string& path, const std::string& option = "--ca");

// FleetFolder gives where the fleet's file lay at the last issue, with `authority` where it is now:
// there relative paths of password files start.
std::string FleetFolder(const Authority& authority, const std::string& fleet);

// OpenOutput opens an output that exists, as it is. Errors: as ReadingWorkspace::Open.
OutputDirectory OpenOutput(const std::string& path, const Authority& authority);

// LockedAuthority is an authority that no other run is using. Steps 1 to 3.
class LockedAuthority {
 public:
  // Acquire throws Error(kBusy) where another process holds the lock; `command` is what that one
  // is told.
  static LockedAuthority Acquire(const std::string& ca, const std::string& command,
                                 const std::string& instead = "");
  // Wait waits for it; `told` is called once, with the holder, if there is one.
  static LockedAuthority Wait(const std::string& ca, const std::string& command,
                              const std::function<void(const std::string& holder)>& told);
  // TryAcquire gives nothing where another one holds it, and who.
  static std::optional<LockedAuthority> TryAcquire(const std::string& ca,
                                                   const std::string& command, std::string* holder);

  Authority& authority() { return authority_; }
  const Authority& authority() const { return authority_; }

 private:
  LockedAuthority(AuthorityDirectory directory, RunLock lock)
      : lock_(std::move(lock)), authority_(Authority::Open(std::move(directory))) {
    authority_.RemoveStaleKeys();
  }
  RunLock lock_;
  Authority authority_;  // opened when the lock was held
};

// ReadingWorkspace: authority and output as they are. A run may be going on.
class ReadingWorkspace {
 public:
  // Errors: kInput: the output is another one's; kFindings: it is damaged.
  static ReadingWorkspace Open(const std::string& ca, const std::string& out);

  const Authority& authority() const { return authority_; }
  const Ledger& ledger() const { return authority_.ledger(); }
  const OutputDirectory& output() const { return output_; }

 private:
  ReadingWorkspace(Authority authority, OutputDirectory output)
      : authority_(std::move(authority)), output_(std::move(output)) {}
  Authority authority_;
  OutputDirectory output_;
};

// Workspace: authority and output in one state, under the run lock.
class Workspace {
 public:
  // Open opens an output that exists. Errors: as ReadingWorkspace::Open; kInput where the head says
  // that ledger or output is an old copy.
  static Workspace Open(LockedAuthority locked, const std::string& out, const Clock& clock,
                        Log& log);

  const Authority& authority() const { return locked_.authority(); }
  Ledger& ledger() { return locked_.authority().ledger(); }
  const Ledger& ledger() const { return locked_.authority().ledger(); }
  const OutputDirectory& output() const { return output_; }
  const RecoveryReport& recovered() const { return recovered_; }

 protected:
  Workspace(LockedAuthority locked, OutputDirectory output, const Clock& clock, Log& log);

 private:
  LockedAuthority locked_;
  OutputDirectory output_;
  RecoveryReport recovered_;
};

// OutputRequest says which output a fleet is to be issued into.
struct OutputRequest {
  std::string path;
  std::string fleet;
  std::string folder;                 // of the fleet file
  std::optional<Layout> layout;       // of a new one
  bool make_again = false;            // it was lost: `path`, new or empty, takes its place
  std::optional<TestMark> test = {};  // of a test authority alone
};

// IssuingWorkspace: a Workspace that can sign.
class IssuingWorkspace : public Workspace {
 public:
  // Open makes the output if it is new, and records in the ledger that the fleet is there. A crash
  // on the way leaves what the next call finishes: the pin is durable before the ledger knows it,
  // and the ledger's record binds once a certificate was issued. Errors: kInput, with nothing
  // written, if the fleet's bundles are elsewhere (unless `make_again`) or the directory is another
  // one's; kDisk; kLedger; kUsage: a test authority's without a TestMark.
  static IssuingWorkspace Open(LockedAuthority locked, UnlockedAuthority unlocked,
                               const OutputRequest& request, RandomSource& random,
                               const Clock& clock, Log& log);

  const Issuer& issuer() const { return unlocked_.issuer(); }
  const PasswordMaker& passwords() const { return unlocked_.passwords(); }

 private:
  IssuingWorkspace(LockedAuthority locked, OutputDirectory output, const Clock& clock, Log& log,
                   UnlockedAuthority unlocked)
      : Workspace(std::move(locked), std::move(output), clock, log),
        unlocked_(std::move(unlocked)) {}
  UnlockedAuthority unlocked_;
};

}  // namespace fleetmint
