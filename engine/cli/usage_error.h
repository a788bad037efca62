// What is wrong with a command line, said without repeating what may be a secret.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>

#include "engine/base/error.h"

namespace fleetmint::cli {

// UsageErrorOf gives the error of a command line that CLI11 has refused for `reason`. An unknown
// command or option comes first, by its name alone: what stands behind an option that nobody knows
// may be a passphrase.
Error UsageErrorOf(const CLI::App& app, const std::string& reason,
                   std::span<char* const> arguments);

}  // namespace fleetmint::cli
