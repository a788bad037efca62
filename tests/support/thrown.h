// ThrownBy: the Error that a call throws, for tests that look at its kind, message and hint.
#pragma once

#include <optional>
#include <string>

#include "engine/base/error.h"

namespace fleetmint {

// ThrownBy gives the Error of `call`, or nothing if it returns. Other exceptions pass.
template <typename Call>
std::optional<Error> ThrownBy(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

// MessageOf gives the whole text of the Error of `call` (messages and hints), or "".
template <typename Call>
std::string MessageOf(Call call) {
  const auto error = ThrownBy(call);
  return error ? error->what() : "";
}

}  // namespace fleetmint
