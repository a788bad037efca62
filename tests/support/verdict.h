// VerdictOf: what a decryption says of a file, in the words of ErrorCause.
#pragma once

#include <set>
#include <string>

#include "engine/base/error.h"

namespace fleetmint {

// VerdictOf gives "opened" if `call` returns, the cause of its Error(kInput), and for anything else
// that leaves it a text that is no verdict.
template <typename Call>
std::string VerdictOf(Call call) {
  try {
    call();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) return std::string("not kInput: ") + error.what();
    switch (error.cause()) {
      case ErrorCause::kWrongPassword:
        return "wrong password";
      case ErrorCause::kDamaged:
        return "damaged";
      case ErrorCause::kUnsupported:
        return "unsupported";
      default:
        return std::string("no cause: ") + error.what();
    }
  } catch (const std::exception& error) {
    return std::string("not an Error: ") + error.what();
  }
  return "opened";
}

// IsVerdict tells whether a file of which a byte was changed may be judged so.
inline bool IsVerdict(const std::string& text) {
  static const std::set<std::string> kVerdicts{"opened", "wrong password", "damaged",
                                               "unsupported"};
  return kVerdicts.contains(text);
}

}  // namespace fleetmint
