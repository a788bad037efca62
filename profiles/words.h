// Words: the names of enumerated values, as profile files, settings and messages write them.
//
// Each word is stated in one table here. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/bundle_spec.h"
#include "profiles/profile.h"

namespace fleetmint::profile_words {

template <typename Value>
struct Word {
  std::string_view word;
  Value value;
};

inline constexpr std::array<Word<PfxEncryption>, 2> kPfxEncryptions{
    {{"modern", PfxEncryption::kModern}, {"legacy", PfxEncryption::kLegacy}}};

inline constexpr std::array<Word<EncryptionChoice>, 3> kEncryptionChoices{
    {{"auto", EncryptionChoice::kAuto},
     {kPfxEncryptions[0].word, EncryptionChoice::kModern},
     {kPfxEncryptions[1].word, EncryptionChoice::kLegacy}}};

inline constexpr std::array<Word<WindowsKeySpec>, 3> kWindowsKeySpecs{
    {{"none", WindowsKeySpec::kNone},
     {"signature", WindowsKeySpec::kSignature},
     {"exchange", WindowsKeySpec::kExchange}}};

inline constexpr std::array<Word<BundleChain>, 3> kBundleChains{{{"none", BundleChain::kNone},
                                                                 {"issuing", BundleChain::kIssuing},
                                                                 {"full", BundleChain::kFull}}};

inline constexpr std::array<Word<SidForm>, 3> kSidForms{
    {{"extension", SidForm::kExtension}, {"uri", SidForm::kUri}, {"both", SidForm::kBoth}}};

inline constexpr std::array<Word<bool>, 2> kBooleans{{{"true", true}, {"false", false}}};

// WordOf gives the word for a value, "" if it has none (a key size that KeySpecFault refuses).
template <typename Table, typename Value>
std::string WordOf(const Table& table, const Value& value) {
  const auto place = std::find_if(table.begin(), table.end(),
                                  [&](const auto& entry) { return entry.value == value; });
  return place == table.end() ? "" : std::string(place->word);
}

// ParseWord is its inverse; nothing for an unknown word.
template <typename Value, std::size_t size>
std::optional<Value> ParseWord(const std::array<Word<Value>, size>& table, std::string_view word) {
  const auto place = std::find_if(table.begin(), table.end(),
                                  [&](const auto& entry) { return entry.word == word; });
  return place == table.end() ? std::nullopt : std::optional(place->value);
}

// WordsOf lists the words of a table (for suggestions).
template <typename Table>
std::vector<std::string> WordsOf(const Table& table) {
  std::vector<std::string> words;
  for (const auto& entry : table) words.emplace_back(entry.word);
  return words;
}

// FormatWords gives the bundle formats of `bundle`, sorted: "pem", "pfx".
std::vector<std::string> FormatWords(const BundleSpec& bundle);

// SetFormat adds the format that `word` names to `bundle`; false if there is none.
bool SetFormat(std::string_view word, BundleSpec& bundle);

}  // namespace fleetmint::profile_words
