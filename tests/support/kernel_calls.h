// KernelCalls: a call of each function of a kernel, with operands drawn at random that fill all
// lanes and one more.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/base/random.h"
#include "engine/prime/kernel.h"
#include "engine/prime/sieve.h"

namespace fleetmint::prime {

// KernelAndLimbs is the parameter of tests of each kernel at each size, and EachKernelAndSize gives
// all of them; KernelAndBits is how they are named.
using KernelAndLimbs = std::tuple<std::string_view, std::size_t>;
inline auto EachKernelAndSize() {
  return testing::Combine(testing::ValuesIn(kKernelNames), testing::Values(16U, 24U, 32U));
}
inline std::string KernelAndBits(const testing::TestParamInfo<KernelAndLimbs>& info) {
  return std::string(std::get<0>(info.param)) + std::to_string(64 * std::get<1>(info.param));
}

class KernelCalls {
 public:
  static constexpr std::array<const char*, 5> kNames{"power", "screen", "miller_rabin",
                                                     "first_hits", "has_divisor"};

  KernelCalls(const Kernel& kernel, std::size_t limbs)
      : kernel_(kernel), limbs_(limbs), numbers_(3 * Tasks()), passes_(Tasks()) {
    RandomStream stream(Sha256(AsBytes("kernel calls")));
    for (Number& number : numbers_) {
      stream.Fill({reinterpret_cast<std::uint8_t*>(number.data()), 8 * limbs});
    }
    for (std::size_t i = 0; i < Tasks(); ++i) {
      Number &modulus = numbers_[3 * i], &base = numbers_[3 * i + 1];
      modulus[0] |= 1U;
      modulus[limbs - 1] |= std::uint64_t{3} << 62U;
      base[limbs - 1] &= ~(std::uint64_t{1} << 63U);
      candidates_.push_back(modulus.data());
      witnesses_.push_back({modulus.data(), base.data()});
      powers_.push_back({modulus.data(), base.data(), numbers_[3 * i + 2].data(), base.data()});
    }
    map_memory_.resize(kernel.lanes * kWindowPositions);
    for (std::size_t i = 0; i < kernel.lanes; ++i) {
      maps_.push_back(map_memory_.data() + i * kWindowPositions);
    }
    SieveTableFor(limbs, SieveDigits::k64);  // tables are made at their first use
    SieveTableFor(limbs, SieveDigits::k52);
  }

  // The call of kNames[i].
  std::function<void()> Call(std::size_t i) {
    const std::span lanes(candidates_.data(), kernel_.lanes);
    switch (i) {
      case 0:
        return [this] { kernel_.power(powers_, limbs_); };
      case 1:
        return [this] { kernel_.screen(candidates_, limbs_, passes_.data()); };
      case 2:
        return [this] { kernel_.miller_rabin(witnesses_, limbs_, passes_.data()); };
      case 3:
        return [this, lanes] { kernel_.first_hits(limbs_, lanes, maps_.data()); };
      default:
        return [this, lanes] { kernel_.has_divisor(limbs_, 2, lanes); };
    }
  }

 private:
  using Number = std::array<std::uint64_t, kMostLimbs>;

  std::size_t Tasks() const { return kernel_.lanes + 1; }

  const Kernel& kernel_;
  std::size_t limbs_;
  std::vector<Number> numbers_;
  std::vector<std::uint8_t> passes_, map_memory_;
  std::vector<Power> powers_;
  std::vector<Witness> witnesses_;
  std::vector<const std::uint64_t*> candidates_;
  std::vector<std::uint8_t*> maps_;
};

}  // namespace fleetmint::prime
