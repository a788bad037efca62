#include "profiles/words.h"

namespace fleetmint::profile_words {
namespace {

constexpr std::array<Word<bool BundleSpec::*>, 2> kFormats{
    {{"pem", &BundleSpec::pem}, {"pfx", &BundleSpec::pfx}}};

}  // namespace

std::vector<std::string> FormatWords(const BundleSpec& bundle) {
  std::vector<std::string> words;
  for (const auto& [word, member] : kFormats) {
    if (bundle.*member) words.emplace_back(word);
  }
  return words;
}

bool SetFormat(std::string_view word, BundleSpec& bundle) {
  const auto member = ParseWord(kFormats, word);
  if (member) bundle.** member = true;
  return member.has_value();
}

}  // namespace fleetmint::profile_words
