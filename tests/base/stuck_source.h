// StuckSource: a random source that always gives the same byte, as a broken generator would.
#pragma once

#include <algorithm>

#include "engine/base/random.h"

namespace fleetmint {

class StuckSource final : public RandomSource {
 public:
  void Fill(std::span<std::uint8_t> out) override {
    std::fill(out.begin(), out.end(), std::uint8_t{0x55});
  }
};

}  // namespace fleetmint
