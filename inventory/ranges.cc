#include "inventory/ranges.h"

#include <algorithm>
#include <charconv>

#include "engine/base/error.h"
#include "engine/x509/san.h"

namespace fleetmint {
namespace {

[[noreturn]] void Bad(std::string_view pattern, const std::string& reason,
                      const std::string& hint) {
  throw Error::WithHint(ErrorKind::kInput,
                        "bad host pattern '" + std::string(pattern) + "': " + reason, hint);
}

bool IsNumber(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

constexpr std::size_t kMostDigits = 18;  // fits in 64 bits

std::size_t Items(std::string_view list) {
  return 1 + static_cast<std::size_t>(std::count(list.begin(), list.end(), ','));
}

std::uint64_t ToNumber(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

HostPattern::Alternative HostPattern::ParseAlternative(std::string_view pattern,
                                                       std::string_view item) {
  if (item.empty()) Bad(pattern, "an empty item between brackets", "e.g. [01-20] or [a,b,c]");
  if (item.find(' ') != std::string_view::npos) {
    Bad(pattern, "a space between brackets", "write it without spaces, e.g. [a,b,c]");
  }
  if (ParseIp(item) && !IsIpv4(item)) {
    Bad(pattern, "an address is no range",
        "give the host a name, and the address under ip: {name: NAME, ip: ['" + std::string(item) +
            "']}");
  }
  // As other tools write ranges: [1:20] and [1..20].
  for (const std::string_view mark : {":", ".."}) {
    const std::size_t at = item.find(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view low = item.substr(0, at), high = item.substr(at + mark.size());
    const bool numbers = IsNumber(low) && IsNumber(high);
    std::string right(pattern);
    right.replace(static_cast<std::size_t>(item.data() - pattern.data()) + at, mark.size(), "-");
    Bad(pattern, "'" + std::string(item) + "' is not a range",
        numbers ? "write '" + right + "'" : "ranges are of numbers, e.g. [01-20]; or [a,b,c]");
  }
  Alternative alternative;
  alternative.word = item;
  const std::size_t dash = item.find('-');
  if (dash == std::string_view::npos) return alternative;
  const std::string_view low = item.substr(0, dash), high = item.substr(dash + 1);
  if (!IsNumber(low) || !IsNumber(high)) {
    Bad(pattern, "'" + std::string(item) + "' is not a range of numbers", "e.g. [01-20]");
  }
  if (low.size() > kMostDigits || high.size() > kMostDigits) {
    Bad(pattern, "'" + std::string(item) + "' has a number of more than 18 digits", "e.g. [01-20]");
  }
  alternative.range = true;
  alternative.first = ToNumber(low);
  alternative.last = ToNumber(high);
  if (alternative.first > alternative.last) {
    Bad(pattern, "the range '" + std::string(item) + "' runs backwards",
        "write [" + std::string(high) + "-" + std::string(low) + "]");
  }
  const bool padded = (low.size() > 1 && low[0] == '0') || (high.size() > 1 && high[0] == '0');
  if (padded && low.size() != high.size()) {
    Bad(pattern, "the ends of '" + std::string(item) + "' have different widths",
        "pad both with zeros, e.g. [001-100]");
  }
  alternative.width = padded ? low.size() : 0;
  return alternative;
}

HostPattern HostPattern::Parse(std::string_view text) {
  HostPattern pattern;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = std::min(text.find('[', at), text.size());
    const std::size_t stray = text.find(']', at);
    if (stray < open) Bad(text, "']' without '['", "e.g. ws-[0001-5000]");
    Part part;
    part.before = text.substr(at, open - at);
    if (open == text.size()) {
      pattern.parts_.push_back(std::move(part));
      break;
    }
    const std::size_t close = text.find(']', open);
    if (close == std::string_view::npos) Bad(text, "'[' without ']'", "e.g. ws-[0001-5000]");
    const std::string_view list = text.substr(open + 1, close - open - 1);
    if (list.find('[') != std::string_view::npos)
      Bad(text, "a bracket within a bracket", "brackets side by side multiply");
    part.size = 0;
    // The sum stops growing past the limit: it cannot wrap around.
    for (std::size_t begin = 0; begin <= list.size() && part.size <= kMostNames;) {
      const std::size_t end = std::min(list.find(',', begin), list.size());
      part.alternatives.push_back(ParseAlternative(text, list.substr(begin, end - begin)));
      part.size += part.alternatives.back().size();
      begin = end + 1;
    }
    if (part.size > kMostNames || pattern.size_ * part.size > kMostNames) {
      Bad(text,
          "it stands for more than " + std::to_string(kMostNames) + " names (" + std::string(list) +
              " alone for " + std::to_string(part.size) +
              (part.alternatives.size() < Items(list) ? " or more)" : ")"),
          "split it, or check the digits of its ends");
    }
    pattern.size_ *= part.size;
    pattern.parts_.push_back(std::move(part));
    at = close + 1;
  }
  return pattern;
}

std::string HostPattern::Name(std::uint64_t i) const {
  std::uint64_t divisor = size_;
  std::string name;
  for (const Part& part : parts_) {
    name += part.before;
    if (part.alternatives.empty()) continue;
    divisor /= part.size;
    std::uint64_t index = i / divisor % part.size;
    for (const Alternative& alternative : part.alternatives) {
      if (index >= alternative.size()) {
        index -= alternative.size();
        continue;
      }
      if (!alternative.range) {
        name += alternative.word;
      } else {
        const std::string digits = std::to_string(alternative.first + index);
        if (digits.size() < alternative.width) name.append(alternative.width - digits.size(), '0');
        name += digits;
      }
      break;
    }
  }
  return name;
}

}  // namespace fleetmint
