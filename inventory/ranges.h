// Host patterns: "ws-[0001-5000]", "srv-[a,b,07-12]"; several brackets multiply.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmint {

// HostPattern is a parsed pattern; it costs its text, not its names. A value; any thread.
class HostPattern {
 public:
  static constexpr std::uint64_t kMostNames = 5'000'000;

  // Parse throws Error(kInput) with a hint: an open, empty or nested bracket, a descending range,
  // ends of different widths where one is zero-padded, more than kMostNames names.
  static HostPattern Parse(std::string_view text);

  std::uint64_t size() const { return size_; }
  // Name gives name i in [0, size()); the last bracket runs fastest.
  std::string Name(std::uint64_t i) const;

 private:
  // One alternative of a bracket: the word itself, or the numbers first..last, padded to `width`.
  struct Alternative {
    std::string word;
    std::uint64_t first = 0, last = 0;
    std::size_t width = 0;
    bool range = false;
    std::uint64_t size() const { return range ? last - first + 1 : 1; }
  };
  struct Part {
    std::string before;                     // text in front of the bracket
    std::vector<Alternative> alternatives;  // empty: the text alone
    std::uint64_t size = 1;
  };

  static Alternative ParseAlternative(std::string_view pattern, std::string_view item);

  std::vector<Part> parts_;
  std::uint64_t size_ = 1;
};

}  // namespace fleetmint
