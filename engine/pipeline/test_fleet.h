// TestFleet: a whole fleet with its authority, reproducible and marked, for continuous integration.
//
//   DIR/ca/            a test authority (Authority::test): no command issues with it
//   DIR/out/           the output directory, as `issue` leaves it, CRLs included
//   DIR/fleet.yaml     the fleet file, where hosts were counted instead of named
//   DIR/pem/           where asked for: NAME.key.pem (unencrypted), NAME.crt.pem (with the CAs but
//                      the root), NAME.pem (both)
//   DIR/faults/        bundles with something wrong (test_faults.h), faults/pem/, faults.jsonl
//
// Bundles, manifest, CA, CRLs and faults are a function of fleet file, options, seed and time
// alone: of no machine, kernel, thread, library version or order of events. The ledger is so as a
// dump, but for the cut of its run into chunks and the place of a fleet file with password files;
// ca/run.lock is not. Everything is marked: the CAs' names begin with TEST, all subjects have
// O=TEST ONLY, every endpoint's name ends in .test, and of host names the root may sign for .test,
// .example, .invalid and itAuth alone (of IP addresses for any). Certificates last five years at
// least. Whoever knows the seed has every key.
//
// TestFleet alone can make a TestMark, and so seeded keys and what is forbidden elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/seeded_streams.h"
#include "engine/pipeline/issue.h"
#include "engine/pipeline/test_faults.h"

namespace fleetmint {

struct TestFleetOptions {
  std::string directory;            // new, or empty
  std::string fleet_file;           // "": so many hosts
  std::size_t hosts = 0;            // of a fleet without a file
  std::vector<std::string> faults;  // FaultWords; of a fleet without a file
  std::uint64_t seed = 0;
  Time now;
  std::optional<KeySpec> key;  // of every endpoint; nothing: as its profile says, RSA 2048
  std::string password;        // of every bundle; "": derived, as `fleetmint passwords` tells
  bool pem = false;            // PEM files with plain keys, too: key and certificates apart
  bool pem_combined = false;   // the same in one file
  unsigned threads = 1;
  std::size_t chunk = 8;  // endpoints that are committed together; no output depends on it
  KeyOptions keys = {};
  std::stop_token stop = {};
};

struct TestFleetReport {
  std::size_t issued = 0;
  std::size_t faults = 0;  // bundles with something wrong
};

class TestFleet {
 public:
  // Make makes it all. Where it fails it removes what it has made, and nothing else; a file
  // `.making` says that a directory is not whole. Errors: kUsage: the directory is not empty, or
  // lies in an output or an authority; a time before 2000 or after 2069; Botan's ECDSA is not that
  // of RFC 6979; kInput: the fleet file; as Issue's.
  static TestFleetReport Make(const TestFleetOptions& options, const Catalog& catalog,
                              RunObserver& observer, Log& log);

 private:
  TestFleet(const TestFleetOptions& options, const Catalog& catalog, RunObserver& observer,
            Log& log);
  void WriteFleetFile(const std::string& file) const;
  Plan MakePlan() const;
  Settings Marked(const Settings& settings) const;
  void MakeAuthority(StreamFactory& streams, const Clock& clock) const;
  void Revoke(const Plan& plan, Authority& authority) const;
  std::size_t MakeFaults(const Plan& plan, const Authority& authority, StreamFactory& streams,
                         const Clock& clock) const;
  void WritePem(const Plan& plan, const Authority& authority) const;
  static void CheckNames(const Fleet& fleet);
  void WritePemFiles(const Directory& folder, const std::string& endpoint, ByteView pkcs8,
                     ByteView certificate, std::span<const Bytes> chain) const;
  TestFleetReport Run() const;

  const TestFleetOptions& options_;
  const Catalog& catalog_;
  RunObserver& observer_;
  Log& log_;
  TestMark mark_;
};

}  // namespace fleetmint
