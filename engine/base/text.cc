#include "engine/base/text.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "engine/base/error.h"

namespace fleetmint {
namespace {

// One well-formed UTF-8 sequence at the start of `text`: its length, or 0. Unicode table 3-7.
std::size_t SequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

void AppendUtf8(std::string& out, char32_t code) {
  const auto tail = [&](unsigned shift) {
    out += static_cast<char>(0x80U | (code >> shift & 0x3FU));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | code >> 6U);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | code >> 12U);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | code >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

// Edits (insert, delete, replace, swap two neighbours) between two words: optimal string alignment.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> at(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        at[i][j] = i + j;
        continue;
      }
      at[i][j] = std::min(
          {at[i - 1][j] + 1, at[i][j - 1] + 1, at[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) at[i][j] = std::min(at[i][j], at[i - 2][j - 2] + 1);
    }
  }
  return at[a.size()][b.size()];
}

}  // namespace

std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool IsValidUtf8(std::string_view text, std::size_t* bad_offset) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = SequenceLength(text.substr(i));
    if (length == 0) {
      if (bad_offset != nullptr) *bad_offset = i;
      return false;
    }
    i += length;
  }
  return true;
}

template <typename Buffer>
void AppendUtf16(Buffer& out, std::string_view utf8, ByteOrder order) {
  const auto append = [&](char32_t unit) {
    const auto high = static_cast<std::uint8_t>(unit >> 8U), low = static_cast<std::uint8_t>(unit);
    out.push_back(order == ByteOrder::kBig ? high : low);
    out.push_back(order == ByteOrder::kBig ? low : high);
  };
  for (std::size_t i = 0; i < utf8.size();) {
    const std::size_t length = SequenceLength(utf8.substr(i));
    if (length == 0) throw Error(ErrorKind::kInput, "text is not valid UTF-8");
    static constexpr std::array<unsigned, 5> kLeadMask{0, 0x7F, 0x1F, 0x0F, 0x07};
    char32_t code = static_cast<unsigned char>(utf8[i]) & kLeadMask[length];
    for (std::size_t k = 1; k < length; ++k) {
      code = (code << 6U) | (static_cast<unsigned char>(utf8[i + k]) & 0x3FU);
    }
    if (code < 0x10000) {
      append(code);
    } else {
      append(0xD800 + ((code - 0x10000) >> 10U));
      append(0xDC00 + ((code - 0x10000) & 0x3FFU));
    }
    i += length;
  }
}

template void AppendUtf16<Bytes>(Bytes&, std::string_view, ByteOrder);
template void AppendUtf16<SecretBytes>(SecretBytes&, std::string_view, ByteOrder);

std::string Utf8FromUtf16(ByteView utf16, ByteOrder order) {
  std::string out;
  const auto unit_at = [&](std::size_t i) {
    const unsigned first = utf16[i], second = utf16[i + 1];
    return char32_t{order == ByteOrder::kBig ? first << 8U | second : second << 8U | first};
  };
  for (std::size_t i = 0; i + 1 < utf16.size(); i += 2) {
    char32_t code = unit_at(i);
    if (code >= 0xD800 && code < 0xDC00 && i + 3 < utf16.size()) {
      const char32_t low = unit_at(i + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
        i += 2;
      }
    }
    AppendUtf8(out, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
  }
  return out;
}

std::optional<std::string> Closest(std::string_view word, std::span<const std::string> candidates) {
  const std::string lower = AsciiLower(word);
  const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  std::optional<std::string> best;
  std::size_t best_distance = limit + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = EditDistance(lower, AsciiLower(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string DidYouMean(std::string_view word, std::span<const std::string> candidates) {
  if (const auto closest = Closest(word, candidates)) return "did you mean '" + *closest + "'?";
  std::string text = "expected one of:";
  for (const std::string& candidate : candidates) text += ' ' + candidate;
  return text;
}

std::string ShellWord(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,@%+=-";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(text);
  }
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::optional<std::string> UnsafeFileNameReason(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > 200) return "it is longer than 200 bytes";
  if (name.front() == '.') return "it starts with a dot";
  if (name.front() == '-') return "it starts with a dash";
  if (name.back() == '.') return "it ends with a dot";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "it has a control character";
    if (static_cast<unsigned char>(c) > 0x7F) return "it has a character beyond ASCII";
    if (c == ' ') return "it has a space";
    if (std::string_view("<>:\"/\\|?*").find(c) != std::string_view::npos) {
      return std::string("it has the character '") + c + "'";
    }
  }
  static const std::array<std::string_view, 6> kDevices{"con", "prn",    "aux",
                                                        "nul", "conin$", "conout$"};
  const std::string stem = AsciiLower(name.substr(0, name.find('.')));
  const bool numbered = stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) &&
                        stem[3] >= '0' && stem[3] <= '9';
  if (numbered || std::find(kDevices.begin(), kDevices.end(), stem) != kDevices.end()) {
    return "it is a reserved device name on Windows";
  }
  return std::nullopt;
}

}  // namespace fleetmint
