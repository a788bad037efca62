// path_verdict: what fleetmint says of certification paths, for tests/interop/paths_test.sh.
//
//   path_verdict < LINES   each "SECONDS CHAIN.pem LEAF.pem"; CHAIN: issuing CA first, root last
//
// Prints for each line its errors, a tab, and who else refuses, each "rule=who", ';' between them.
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/pem.h"
#include "engine/x509/chain.h"
#include "engine/x509/leaf_rules.h"
#include "engine/x509/oids.h"

namespace fleetmint {
namespace {

std::vector<Certificate> Read(const std::string& path) {
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  std::vector<Certificate> certificates;
  for (const PemBlock& block : PemDecodeAll(text)) {
    certificates.push_back(Certificate::Parse(block.der));
  }
  return certificates;
}

std::string Verdict(const std::string& line) {
  std::istringstream words(line);
  std::int64_t seconds = 0;
  std::string chain_file, leaf_file, errors, warnings;
  words >> seconds >> chain_file >> leaf_file;
  const std::vector<Certificate> chain = Read(chain_file), leaf = Read(leaf_file);
  for (const PathFault& fault : ChainFaults(chain, Time(Seconds(seconds)))) {
    const std::string rule(fault.fault.rule);
    if (fault.IsError()) {
      errors += rule + ";";
    } else {
      warnings += rule + "=" + fault.refused_by + ";";
    }
  }
  const Bytes* const san = leaf.front().Extension(oid::kSubjectAltName);
  for (const Fault& fault : LeafRules(chain).Faults({.subject = leaf.front().subject(),
                            .san = san == nullptr ? ByteView() : ByteView(*san),
                            .extended_key_usage = leaf.front().extended_key_usage(),
                            .key_usage = leaf.front().key_usage()})) {
    errors += std::string(fault.rule) + ";";
  }
  return errors + "\t" + warnings;
}

}  // namespace
}  // namespace fleetmint

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << fleetmint::Verdict(line) << "\n";
    } catch (const fleetmint::Error& error) {
      std::cout << "unreadable: " << error.what() << "\t\n";
    }
  }
}
