// VerdictOf: what a decryption says of a file, in the words of ErrorCause.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "engine/base/bytes.h"
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

// VerdictsOfFlippedBytes changes each byte of `file` in several ways, expects a verdict of each,
// and gives those that it met.
template <typename VerdictFunction>
std::set<std::string> VerdictsOfFlippedBytes(const Bytes& file, VerdictFunction verdict_of) {
  std::set<std::string> met;
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const std::uint8_t mask : {0x01, 0x20, 0x80, 0xFF}) {
      Bytes changed = file;
      changed[at] ^= mask;
      const std::string verdict = verdict_of(changed);
      EXPECT_TRUE(IsVerdict(verdict)) << "byte " << at << ": " << verdict;
      met.insert(verdict);
    }
  }
  return met;
}

}  // namespace fleetmint
