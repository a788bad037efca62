#include "engine/cli/revocation_reason.h"

#include <array>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace fleetmint::cli {
namespace {

struct ReasonName {
  const char* name;
  CrlReason reason;
};
constexpr std::array<ReasonName, 8> kReasons{{
    {"unspecified", CrlReason::kUnspecified},
    {"key-compromise", CrlReason::kKeyCompromise},
    {"ca-compromise", CrlReason::kCaCompromise},
    {"affiliation-changed", CrlReason::kAffiliationChanged},
    {"superseded", CrlReason::kSuperseded},
    {"cessation-of-operation", CrlReason::kCessationOfOperation},
    {"privilege-withdrawn", CrlReason::kPrivilegeWithdrawn},
    {"aa-compromise", CrlReason::kAaCompromise},
}};

}  // namespace

CrlReason ParseReason(const std::string& name) {
  std::vector<std::string> names;
  for (const ReasonName& reason : kReasons) {
    if (name == reason.name) return reason.reason;
    names.emplace_back(reason.name);
  }
  if (name == "certificate-hold") {
    throw Error::WithHint(ErrorKind::kUsage,
                          "--reason certificate-hold can be taken back, and a revocation is final",
                          "give another reason");
  }
  throw Error::WithHint(ErrorKind::kUsage, "unknown reason '" + name + "'",
                        DidYouMean(name, names));
}

}  // namespace fleetmint::cli
