#include "profiles/target.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "engine/base/text.h"

namespace fleetmint {
namespace {

struct Os {
  std::string_view name;
  Target target;
};

constexpr auto kLegacy = Target::kLegacyWindows;
constexpr auto kModern = Target::kModernWindows;

// AES in a PFX is read by Windows 10 1709, Server 2019 and later; older ones say "the network
// password is not correct".
constexpr std::array<Os, 33> kSystems{{
    {"windows-7", kLegacy},
    {"windows-8", kLegacy},
    {"windows-8.1", kLegacy},
    {"windows-10", kModern},
    {"windows-10-1507", kLegacy},
    {"windows-10-1511", kLegacy},
    {"windows-10-1607", kLegacy},
    {"windows-10-1703", kLegacy},
    {"windows-10-ltsb-2015", kLegacy},
    {"windows-10-ltsb-2016", kLegacy},
    {"windows-10-ltsc-2019", kModern},
    {"windows-11", kModern},
    {"windows-2008", kLegacy},
    {"windows-2008r2", kLegacy},
    {"windows-2012", kLegacy},
    {"windows-2012r2", kLegacy},
    {"windows-2016", kLegacy},
    {"windows-2019", kModern},
    {"windows-2022", kModern},
    {"windows-2025", kModern},
    {"linux", Target::kOther},
    {"debian", Target::kOther},
    {"ubuntu", Target::kOther},
    {"rhel", Target::kOther},
    {"centos", Target::kOther},
    {"rocky", Target::kOther},
    {"almalinux", Target::kOther},
    {"sles", Target::kOther},
    {"macos", Target::kOther},
    {"aix", Target::kOther},
    {"solaris", Target::kOther},
    {"freebsd", Target::kOther},
    {"other", Target::kOther},
}};

constexpr std::string_view kWindows = "windows-";

std::vector<std::string> WordsOf(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c != ' ' && c != '-' && c != '_') {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  return words;
}

// A name as the table has it: lower case, hyphens between words, no maker and no edition.
std::string Canonical(std::string_view os) {
  static constexpr std::array<std::string_view, 12> kWithoutMeaning{
      "microsoft", "server",   "pro",      "professional", "enterprise", "education",
      "home",      "ultimate", "standard", "datacenter",   "essentials", "version"};
  std::string name;
  for (std::string& word : WordsOf(AsciiLower(os))) {
    const auto& none = kWithoutMeaning;
    if (word.empty() || std::find(none.begin(), none.end(), word) != none.end()) continue;
    if (word == "r2" && !name.empty()) {  // "2012 R2"
      name += word;
      continue;
    }
    for (const std::string_view start : {"windows", "win"}) {  // windows10, win11
      const bool version = word.size() > start.size() && word[start.size()] >= '0' &&
                           word[start.size()] <= '9' && word.starts_with(start);
      if (version) word = std::string(kWindows) + word.substr(start.size());
    }
    if (word == "win") word = "windows";
    name += (name.empty() ? "" : "-") + word;
  }
  return name;
}

bool AreDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

unsigned NumberOf(std::string_view digits) {
  unsigned number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// A release of Windows 10 or 11 ("1809", "22h2"), a build ("19045"), or an LTSC ("ltsc-2021").
std::optional<Target> TargetOfRelease(std::string_view release, bool eleven) {
  constexpr unsigned kFirstModern = 1709, kFirstModernBuild = 16299, kLastBuild = 29999;
  if (release.starts_with("ltsc-")) {
    const std::string_view year = release.substr(5);
    return year == "2019" || year == "2021" || year == "2024" ? std::optional(kModern)
                                                              : std::nullopt;
  }
  if (release.size() == 4 && release[2] == 'h' && (release[3] == '1' || release[3] == '2')) {
    const std::string_view year = release.substr(0, 2);
    const bool known = AreDigits(year) && NumberOf(year) >= (eleven ? 21U : 18U);
    return known ? std::optional(kModern) : std::nullopt;
  }
  if (!AreDigits(release)) return std::nullopt;
  const unsigned number = NumberOf(release);
  if (release.size() == 4 && !eleven && number % 100 >= 1 && number % 100 <= 12) {
    const bool known = number >= 1803 && number <= 2009;
    if (number == kFirstModern || known) return kModern;
  }
  if (release.size() == 5 && number >= 10240 && number <= kLastBuild) {
    return number >= kFirstModernBuild ? kModern : kLegacy;
  }
  return std::nullopt;
}

const Os* FindSystem(std::string_view name) {
  const auto* const place = std::find_if(kSystems.begin(), kSystems.end(),
                                         [&](const Os& system) { return system.name == name; });
  return place == kSystems.end() ? nullptr : place;
}

}  // namespace

std::optional<Target> TargetOf(std::string_view os) {
  const std::string name = Canonical(os);
  if (const Os* const system = FindSystem(name)) return system->target;
  for (const std::string_view start : {"windows-10-", "windows-11-"}) {
    if (name.starts_with(start)) {
      return TargetOfRelease(std::string_view(name).substr(start.size()), start == "windows-11-");
    }
  }
  // Another system's version changes nothing.
  const std::size_t dash = name.rfind('-');
  if (dash == std::string::npos) return std::nullopt;
  const std::string version = name.substr(dash + 1);
  const bool number = version.find_first_not_of("0123456789.") == std::string::npos;
  const Os* const system = FindSystem(name.substr(0, dash));
  const bool other = system != nullptr && system->target == Target::kOther;
  return number && !version.empty() && other ? std::optional(Target::kOther) : std::nullopt;
}

std::string OsHint(std::string_view os) {
  const std::string name = Canonical(os);
  if (name == "windows" || name.starts_with(kWindows)) {
    return "write its version: windows-10, windows-11, windows-2019, windows-2022 or windows-2025; "
           "older ones, which read other PFX: windows-7, windows-8.1, windows-10-1703, "
           "windows-2012r2, windows-2016";
  }
  return DidYouMean(os, OsNames());
}

std::span<const std::string> OsNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Os& system : kSystems) list.emplace_back(system.name);
    return list;
  }();
  return names;
}

}  // namespace fleetmint
