// What the pipeline's tests share: an authority with ECDSA keys, a fleet file, and runs of it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/issue_fleet.h"
#include "tests/support/manifest_lines.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown.h"

namespace fleetmint {

class CountingObserver final : public RunObserver {
 public:
  void Acknowledged(std::span<const std::string>, std::size_t total) override {
    acknowledged = total;
  }
  void Failed(const std::string& endpoint, const std::string&) override {
    failed.push_back(endpoint);
  }
  std::size_t acknowledged = 0;
  std::vector<std::string> failed;
};

class FleetFixture : public testing::Test {
 protected:
  FleetFixture() {
    dir_.Write("fast-authority.yaml",
               "authority: fast\nsummary: ECDSA\ntiers:\n"
               "  - {name: root, subject: \"CN=Root\", key: {algorithm: ecdsa, curve: p256}, "
               "validity: 10y}\n"
               "  - {name: issuing, subject: \"CN=Issuing\", key: {algorithm: ecdsa, curve: p256}, "
               "validity: 5y, path_length: 0}\n"
               "crl_validity: 1y\n");
    dir_.Write("fast-agent.yaml",
               "profile: fast-agent\nextends: mtls-client\nkey: {algorithm: ecdsa, curve: p256}\n"
               "key_usage: [digital_signature]\n"
               "bundle: {csp: \"Microsoft Software Key Storage Provider\", key_spec: none}\n");
    FaultList faults("profiles");
    for (const char* name : {"fast-authority.yaml", "fast-agent.yaml"})
      catalog_.AddFile(dir_ / name, faults);
    faults.ThrowIfAny();
    Init("ca");
  }

  void Init(const std::string& ca) {
    SystemStreams streams(random_);
    Authority::Init(dir_ / ca, *catalog_.FindAuthority("fast"),
                    {.random = random_, .streams = streams, .clock = clock_});
  }

  Plan MakePlan(const std::string& hosts, const std::string& more = "") {
    const std::string file =
        dir_.Write("fleet.yaml",
                   "fleet: test\nprofile: fast-agent\ndefaults: {domain: example.com}\n"
                   "groups:\n  - {name: all, hosts: \"" +
                       hosts + "\"}\n" + more);
    return Plan::Make(Fleet::Load(file, catalog_), catalog_);
  }

  IssueFleetOptions Options(StreamFactory& streams) {
    return {.ca = dir_ / "ca", .out = out_, .streams = streams, .observer = observer_};
  }
  RunResult RunHosts(const std::string& hosts, const std::string& more = "") {
    SystemStreams streams(random_);
    return IssueFleet(MakePlan(hosts, more), Options(streams));
  }
  // A workspace of the fleet's output, recovered.
  Workspace Open() {
    return Workspace::Open(LockedAuthority::Acquire(dir_ / "ca", "test"), out_, clock_, log_);
  }
  void PublishAgain() {
    const Workspace workspace = Open();
    Publish(workspace.authority(), workspace.output(), clock_.Now());
  }
  std::map<std::string, nlohmann::json> Manifest() { return ReadManifest(out_); }
  Counts CountRows() { return Authority::Open(dir_ / "ca").ledger().Count(); }

  TempDir dir_;
  const std::string out_ = dir_ / "out";
  Catalog catalog_ = Catalog::Builtin();
  SystemClock clock_;
  SystemRandom random_;
  NullLog log_;
  CountingObserver observer_;
};

}  // namespace fleetmint
