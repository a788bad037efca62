// Counted: numbers beside nouns, for people. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fleetmint {

// Counted gives a number and what it counts, as people read it: "1 endpoint", "2 endpoints". `many`
// is for what an s at the end does not make: Counted(1, "entry is", "entries are").
std::string Counted(std::uint64_t count, std::string_view one, std::string_view many = {});

}  // namespace fleetmint
