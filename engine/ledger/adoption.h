// Adoption: what a ledger that is older than an output is to learn from it, as a value.
// pipeline/adopt.h collects and judges it; Ledger::Adopt records it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/ledger/rows.h"

namespace fleetmint {

// AdoptedRun is a run that the output has recorded.
struct AdoptedRun {
  RunToken token{};
  std::uint64_t commits = 0;  // chunks
  Time started, ended;
};

// AdoptedCertificate is a certificate that the ledger does not have as issued.
struct AdoptedCertificate {
  enum class As : std::uint8_t {
    kIssued,     // supersedes what its endpoint has
    kReported,   // somebody's word; supersedes what its endpoint has, and there is no record of it
    kFormer,     // somebody's word: what came later has superseded it
    kAbandoned,  // signed, and its bundle never came to be
  };
  As as = As::kIssued;
  Serial serial{};
  std::string endpoint;
  std::optional<RunToken> run;  // of Adoption::runs; nothing: not known
  std::int64_t issuer = 0;
  Time issued_at;
  Time not_after;  // of kFormer: the latest that it can be
  std::optional<Sha1Digest> sha1;
  std::optional<Sha256Digest> sha256, spki_sha256;
  bool delivered = false;
  // Of kIssued alone:
  Bytes der;
  SettingsRecord settings;
  std::vector<BundleFileRecord> files;
  std::vector<std::string> formerly;  // names whose current certificates it has superseded, too
};

// SignedList is a CRL of ours that is out: its number and time are never fallen behind.
struct SignedList {
  Sha256Digest scope{};
  CrlStamp stamp;
  Time end;  // of the CA: no certificate of it is valid later
  std::vector<CrlEntry> entries;
};

struct Adoption {
  std::string fleet;
  std::string output;                            // id
  RunToken token{};                              // of what no run has recorded
  std::vector<AdoptedRun> runs;                  // oldest first
  std::vector<AdoptedCertificate> certificates;  // in the order in which they were issued
  std::vector<SignedList> lists;
  std::vector<Serial> delivered;  // of what the ledger has
};

struct AdoptionCount {
  std::size_t issued = 0, reported = 0, abandoned = 0;
  std::size_t revoked = 0;    // certificates, of the ledger or adopted
  std::size_t listed = 0;     // serials of CRLs of which nothing else is known
  std::size_t delivered = 0;  // of what the ledger has
};

}  // namespace fleetmint
