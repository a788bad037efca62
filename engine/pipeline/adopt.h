// Adopt: a ledger that was restored from an older backup learns what an output knows and it does
// not (`ca adopt`).
//
// What is believed, of each certificate the best there is:
//   .runs/<token>   records: certificate, settings and files; the certificate must be signed by a
//   CA
//                   of ours, and be what its settings make of its endpoint's name
//   CRLs            those that a CA of ours has signed: serials are revoked, with time and reason
//   bundles         where no record is left and the bundle opens with its password: under settings
//                   by which verify finds nothing wrong with it
//   manifest.jsonl  where there is neither: serial, hashes and dates, which nothing proves. The
//                   certificate is `reported`: it can be revoked, its serial and its key are taken,
//                   and its endpoint is not issued anew unasked
//
// What is retired, or revoked and on no CRL, leaves no trace and is not learned. For one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/pipeline/adopt_judge.h"
#include "engine/pipeline/workspace.h"

namespace fleetmint {

// AdoptPlan is what the ledger is to learn.
struct AdoptPlan {
  Adoption adoption;
  // The newest CRLs, for the authority's crl/: file name, DER.
  std::vector<std::pair<std::string, Bytes>> crls;
  std::vector<Refused> refused;               // evidence that is not true, or tells too little
  std::vector<std::string> reported;          // endpoints
  std::vector<std::string> settings_guessed;  // endpoints whose settings were told by their bundles
  std::vector<std::string> said_revoked;      // endpoints, by the manifest and by no CRL
  bool empty = true;                          // there is nothing that the ledger does not know
};

// PlanAdoption reads the output and judges it; writes nothing. `passwords` is asked for where a
// bundle is to be opened. Throws Error(kInput) where the output's head is damaged.
AdoptPlan PlanAdoption(const Authority& authority, const OutputDirectory& output,
                       const std::function<const PasswordMaker&()>& passwords, RandomSource& random,
                       Time now);

// Adopt has the ledger learn it: it notes that it is older (Ledger::AskFleets), CRLs are copied
// into the authority's crl/, and then one transaction records all the rest, takes over the output's
// last run, and says that this fleet was asked. A crash before it leaves what the same call
// finishes; after it, what opening the output (Workspace) does. Under the run lock.
AdoptionCount Adopt(LockedAuthority& locked, const AdoptPlan& plan, Time now);

}  // namespace fleetmint
