// IssueFixture: an authority with ECDSA keys in ca/, a catalog with a profile for such keys, and
// fleets of it. For the tests of pipeline/.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "engine/pipeline/hierarchy.h"
#include "tests/support/issue_fleet.h"
#include "tests/support/temp_dir.h"

namespace fleetmint {

class IssueFixture : public testing::Test {
 protected:
  IssueFixture() {
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
    Authority::Init(dir_ / ca, HierarchyOf(*catalog_.FindAuthority("fast")), random_, streams,
                    clock_);
  }

  Fleet LoadFleet(const std::string& hosts, const std::string& more = "") {
    return Fleet::Load(
        dir_.Write("fleet.yaml",
                   "fleet: test\nprofile: fast-agent\ndefaults: {domain: example.com}\n"
                   "groups:\n  - {name: all, hosts: \"" +
                       hosts + "\"}\n" + more),
        catalog_);
  }

  TempDir dir_;
  Catalog catalog_ = Catalog::Builtin();
  SystemClock clock_;
  SystemRandom random_;
};

}  // namespace fleetmint
