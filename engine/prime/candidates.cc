#include "engine/prime/candidates.h"

#include <algorithm>
#include <numeric>

#include "engine/base/bytes.h"
#include "engine/prime/public_exponent.h"
#include "engine/prime/sieve.h"

namespace fleetmint::prime {
namespace {

using u64 = std::uint64_t;

constexpr std::size_t kPage = 4096;
static_assert(kWindowPositions == kPage);
constexpr std::size_t kDrawnAtOnce = 64;  // of kFresh

void DrawOddNumbers(RandomStream& stream, u64* out, std::size_t limbs, std::size_t count) {
  stream.Fill({reinterpret_cast<std::uint8_t*>(out), count * limbs * 8});
  for (std::size_t i = 0; i < count; ++i, out += limbs) {
    out[0] |= 1U;
    out[limbs - 1] |= u64{3} << 62U;
  }
}

// Uniform below `bound` <= 2^16 (Lemire 2019, "Fast random integer generation in an interval").
class IndexDraw {
 public:
  explicit IndexDraw(RandomStream& stream) : stream_(stream) {}
  ~IndexDraw() { Wipe(words_, sizeof words_); }

  std::uint32_t Below(std::uint32_t bound) {
    for (;;) {
      const u64 product = u64{Next()} * bound;
      const auto low = static_cast<std::uint32_t>(product);
      if (low >= bound || low >= (0U - bound) % bound) {
        return static_cast<std::uint32_t>(product >> 32U);
      }
    }
  }

 private:
  std::uint32_t Next() {
    if (used_ == std::size(words_)) {
      stream_.Fill({reinterpret_cast<std::uint8_t*>(words_), sizeof words_});
      used_ = 0;
    }
    return words_[used_++];
  }

  RandomStream& stream_;
  std::uint32_t words_[128];
  std::size_t used_ = std::size(words_);
};

// Whether start + 2 (kWindowPositions - 1) still has no more bits than start.
bool StaysInRange(const u64* start, std::size_t limbs) {
  u64 all_ones = ~u64{0};
  for (std::size_t j = 1; j < limbs; ++j) all_ones &= start[j];
  return all_ones != ~u64{0} || start[0] <= ~u64{0} - 2 * (kWindowPositions - 1);
}

}  // namespace

void CandidateList::Copy(std::size_t i, u64* out) const {
  if (offsets_.empty()) {
    std::copy_n(numbers_.begin() + static_cast<std::ptrdiff_t>(i * limbs_), limbs_, out);
    return;
  }
  u64 carry = u64{2} * offsets_[i];
  for (std::size_t j = 0; j < limbs_; ++j) {
    out[j] = numbers_[j] + carry;
    carry = static_cast<u64>(out[j] < carry);
  }
}

CandidateMaker::CandidateMaker(CandidateKind kind, const Kernel& kernel, std::size_t limbs)
    : kind_(kind), kernel_(kernel), limbs_(limbs), map_memory_((kMostLanes + 1) * kPage) {
  const auto address = reinterpret_cast<std::uintptr_t>(map_memory_.data());
  std::uint8_t* const page = map_memory_.data() + (kPage - address % kPage) % kPage;
  for (std::size_t i = 0; i < kMostLanes; ++i) maps_[i] = page + i * kPage;
}

CandidateMaker::~CandidateMaker() { Wipe(map_memory_.data(), map_memory_.capacity()); }

void CandidateMaker::Refill(std::span<RandomStream* const> streams,
                            std::span<CandidateList* const> lists) {
  if (kind_ == CandidateKind::kWindowed) {
    RefillWindows(streams, lists);
    return;
  }
  for (std::size_t i = 0; i < streams.size(); ++i) RefillFresh(*streams[i], *lists[i]);
}

void CandidateMaker::RefillWindows(std::span<RandomStream* const> streams,
                                   std::span<CandidateList* const> lists) {
  const u64* starts[kMostLanes];
  for (std::size_t i = 0; i < streams.size(); ++i) {
    CandidateList& list = *lists[i];
    list.limbs_ = limbs_;
    list.numbers_.resize(limbs_);
    do {
      DrawOddNumbers(*streams[i], list.numbers_.data(), limbs_, 1);
    } while (!StaysInRange(list.numbers_.data(), limbs_));
    starts[i] = list.numbers_.data();
    std::fill_n(maps_[i], kPage, std::uint8_t{0});
  }
  kernel_.first_hits(limbs_, {starts, streams.size()}, maps_);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    auto& offsets = lists[i]->offsets_;
    offsets.clear();
    offsets.reserve(kWindowPositions);  // never moved: what is left behind would not be wiped
    // p = 1 (mod e) where the offset k is (1 - start) / 2 (mod e).
    const std::uint32_t start = ModPublicExponent(starts[i], limbs_);
    for (std::uint32_t k = 0; k < kWindowPositions; ++k) {
      const bool one_mod_e = (start + 2 * k) % kRsaPublicExponent == 1;
      if (maps_[i][k] == 0 && !one_mod_e) offsets.push_back(static_cast<std::uint16_t>(k));
    }
    IndexDraw draw(*streams[i]);  // Fisher-Yates
    for (std::size_t left = offsets.size(); left > 1; --left) {
      std::swap(offsets[left - 1], offsets[draw.Below(static_cast<std::uint32_t>(left))]);
    }
  }
}

void CandidateMaker::RefillFresh(RandomStream& stream, CandidateList& list) {
  list.limbs_ = limbs_;
  list.numbers_.resize(kDrawnAtOnce * limbs_);
  u64* const numbers = list.numbers_.data();
  DrawOddNumbers(stream, numbers, limbs_, kDrawnAtOnce);
  std::vector<std::size_t> left(kDrawnAtOnce);
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (std::size_t stage = 0; stage < kTrialBounds.size(); ++stage) {
    std::vector<std::size_t> kept;
    for (std::size_t first = 0; first < left.size(); first += kernel_.lanes) {
      const std::size_t count = std::min(kernel_.lanes, left.size() - first);
      const u64* batch[kMostLanes];
      for (std::size_t i = 0; i < count; ++i) batch[i] = numbers + left[first + i] * limbs_;
      const unsigned divisible = kernel_.has_divisor(limbs_, stage, {batch, count});
      for (std::size_t i = 0; i < count; ++i) {
        if ((divisible >> i & 1U) == 0) kept.push_back(left[first + i]);
      }
    }
    left = std::move(kept);
  }
  list.fresh_ = 0;
  for (const std::size_t i : left) {
    if (ModPublicExponent(numbers + i * limbs_, limbs_) == 1) continue;
    std::copy_n(numbers + i * limbs_, limbs_, numbers + list.fresh_ * limbs_);
    ++list.fresh_;
  }
}

}  // namespace fleetmint::prime
