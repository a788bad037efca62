// FaultLine: one endpoint of a test fleet with something wrong, as a line of faults.jsonl, labelled
// with what a verifier should say. It holds a password: of tests alone. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace fleetmint {

struct FaultLine {
  std::string_view endpoint, fqdn;
  std::string_view fault;   // its word
  std::string_view say;     // what a verifier should say
  std::string_view bundle;  // path of the file with the key, relative to the test fleet's directory
  ByteView password;
  ByteView certificate;  // DER; of bundle-damaged the one that was packed
};

// MakeFaultLine gives the JSON object, without a newline.
std::string MakeFaultLine(const FaultLine& line);

}  // namespace fleetmint
